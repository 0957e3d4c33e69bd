using System.Text.Json;

namespace IRFunctions.Record;

/// <summary>Chains with a meaning of their own.</summary>
public static class RecordChains
{
    /// <summary>What is about the pipeline itself rather than about one incident.</summary>
    public const string Pipeline = "pipeline";

    /// <summary>Which chain an entry of kind "shredded" speaks of, and how many entries it had; null where it does not say both.</summary>
    public static (string Chain, long Entries)? ShreddedBy(AuditEntry entry)
    {
        try
        {
            using var json = JsonDocument.Parse(entry.Data ?? "{}");
            return
                json.RootElement is { ValueKind: JsonValueKind.Object } said
                && said.TryGetProperty("chain", out var chain)
                && chain.ValueKind == JsonValueKind.String
                && said.TryGetProperty("entries", out var entries)
                && entries.ValueKind == JsonValueKind.Number
                && entries.TryGetInt64(out var count)
                ? (chain.GetString()!, count)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

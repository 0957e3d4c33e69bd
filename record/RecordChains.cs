using System.Text.Json;

namespace IRFunctions.Record;

/// <summary>Chains with a meaning of their own.</summary>
public static class RecordChains
{
    /// <summary>What is about the pipeline itself rather than about one incident.</summary>
    public const string Pipeline = "pipeline";

    /// <summary>Which chain an entry of kind "shredded" speaks of; null where it names none.</summary>
    public static string? ShreddedBy(AuditEntry entry)
    {
        try
        {
            using var json = JsonDocument.Parse(entry.Data ?? "{}");
            return json.RootElement.TryGetProperty("chain", out var chain) ? chain.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

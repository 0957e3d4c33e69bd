using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Records of the Defender XDR streaming API (Event Hubs, storage): {time, tenantId, category: "AdvancedHunting-AlertInfo", properties}.
/// One alert is one AlertInfo and any number of AlertEvidence with its AlertId; a message may hold them together. Source:
/// learn.microsoft.com/defender-xdr/streaming-api-event-hub.
/// </summary>
internal static class StreamShape
{
    private const string Prefix = "AdvancedHunting-";
    private static readonly string[] AlertTables = [Prefix + "AlertInfo", Prefix + "AlertEvidence"];

    public static bool Matches(Fields root) => Records(root) is { } records && IsOneAlert(records);

    /// <summary>Whether all are records about one and the same alert.</summary>
    public static bool IsOneAlert(IReadOnlyList<JsonElement> records) =>
        records.Count > 0 && records.All(IsAlertRecord) && records.Select(IdOf).Distinct(StringComparer.Ordinal).Count() == 1;

    /// <summary>Whether it is a record of another table: an event, no alert.</summary>
    public static bool IsEvent(Fields root) =>
        root.Peek("category") is { ValueKind: JsonValueKind.String } category
        && category.GetString()!.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    private static List<JsonElement>? Records(Fields root) =>
        root.HasList("records") && root.List("records") is { } list ? [.. list.EnumerateArray()]
        : root.HasObject("properties") && IsEvent(root) ? [root.Whole]
        : null;

    private static bool IsAlertRecord(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object
        && record.TryGetProperty("category", out var category)
        && category.ValueKind == JsonValueKind.String
        && AlertTables.Contains(category.GetString(), StringComparer.OrdinalIgnoreCase)
        && record.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object;

    private static string? IdOf(JsonElement record) => References.Text(record.GetProperty("properties"), "AlertId");

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var records = Records(root)!;
        Fields? head = null;
        string? tenant = null;
        var reader = new EntityReader(session, References.None);
        var parts = new List<Fields>();
        foreach (var (record, index) in records.Select((record, index) => (record, index)))
        {
            tenant ??= References.Own(record, "tenantId");
            var fields = Fields.Of(record.GetProperty("properties"), session, $"$.records[{index}].properties");
            parts.Add(fields);
            if (head is null && fields.HasScalar("Title"))
                head = fields;
        }
        if (head is null)
            return AlertReading.Rejected(
                AlertReasons.UnknownShape,
                new AlertFault(
                    root.Place,
                    "This is evidence of the Defender XDR streaming API (AlertEvidence) without its alert (AlertInfo).",
                    "Send both of one AlertId in one message, or the alert itself (GET /security/alerts_v2/{id})."
                )
            );
        var alert = DefenderApiShape.Draft(head, tenant);
        foreach (var part in parts.Where(part => !ReferenceEquals(part, head)))
            DefenderApiShape.ReadEntities(part, reader);
        root.Skip("properties", "category", "time", "operationName", "tenantId");
        return Drafts.Finish(alert, session, head, root);
    }
}

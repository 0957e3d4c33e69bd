using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// A row of the SecurityAlert table, as a query, a playbook's alert trigger or Defender for Cloud's export hands it over: PascalCase
/// columns, Entities and ExtendedProperties as JSON text inside the JSON, "$id"/"$ref" between entities, times without an offset. TenantId
/// is the workspace, not the Entra tenant; a row of Defender XDR names tenant and incident of its own
/// (<see cref="XdrIncident"/>). Source: learn.microsoft.com/azure/sentinel/security-alert-schema.
/// </summary>
internal static class SecurityAlertRowShape
{
    public static bool Matches(Fields root) =>
        (root.Has("SystemAlertId") && !root.HasObject("properties"))
        || (root.Has("Entities") && (root.Has("AlertName") || root.Has("AlertDisplayName") || root.Has("AlertType")));

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var (severity, severityText) = Drafts.SeverityOf(root, "AlertSeverity", "Severity", "ReportedSeverity");
        var entra = ReadEntities(root);
        var workspace =
            root.Line("TenantId", "WorkspaceId") ?? entra ?? root.Line("WorkspaceSubscriptionId", "AzureResourceSubscriptionId");
        var link = root.LongLine("AlertLink", "AlertUri");
        var properties = root.Open("ExtendedProperties");
        var (tenant, incident) = XdrIncident.Of(properties, link, root.Peek("ExtendedLinks"));
        return Drafts.Finish(
            new Alert
            {
                Shape = AlertShape.SecurityAlertRow,
                Id = Drafts.Id(root, "SystemAlertId", "VendorOriginalId", "ProviderAlertId"),
                TenantId = Drafts.Tenant(tenant ?? workspace, session),
                IncidentId = incident,
                Title = Drafts.Title(root, "AlertDisplayName", "DisplayName", "AlertName", "AlertType"),
                Description = root.Block("Description") ?? "",
                Severity = severity,
                SeverityText = severityText,
                Product = root.Line("ProductName", "ProviderName", "VendorName") ?? "",
                Category = root.Line("AlertType") ?? "",
                Tactics = root.Words(root.HasScalar("Tactics") || root.HasList("Tactics") ? "Tactics" : "Intent"),
                Techniques = Drafts.TechniqueIds(root.Words("Techniques")),
                FirstActivity = root.Time("StartTime", "StartTimeUtc"),
                LastActivity = root.Time("EndTime", "EndTimeUtc"),
                Created = root.Time("TimeGenerated", "ProcessingEndTime"),
                Link = link,
                Source = SourceStates.OfRow(root, properties, "TimeGenerated", "ProcessingEndTime"),
            },
            session,
            root
        );
    }

    /// <summary>Reads the entities and what stands beside them; returns the Entra tenant that the row names, if it does.</summary>
    private static string? ReadEntities(Fields root)
    {
        if (root.List("Entities") is { } entities)
            new EntityReader(root.Session, References.In(entities)).ReadList(entities, "$.Entities");
        else if (root.Peek("Entities") is { } other && !IsBlank(other))
            root.Session.Notes.Add("$.Entities is not a list of entities; it was left out.");
        var (_, tenant) = Besides.Resources(root);
        Besides.CompromisedEntity(root);
        Besides.JoinMachines(root.Session);
        root.Session.EntraTenant ??= tenant;
        return tenant;
    }

    private static bool IsBlank(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(value.GetString());
}

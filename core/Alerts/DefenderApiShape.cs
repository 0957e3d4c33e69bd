namespace IRFunctions.Alerts;

/// <summary>
/// The older Defender APIs that many connectors still forward: XDR incidents (api.security.microsoft.com/api/incidents) and Defender for
/// Endpoint alerts (api/alerts). Evidence is flat, its type is entityType. Neither says which tenant an incident belongs to, except in a
/// link.
/// </summary>
internal static class DefenderApiShape
{
    public static bool MatchesAlert(Fields root) =>
        root.Has("title") && (root.Has("alertCreationTime") || root.Has("aadTenantId") || (root.Has("alertId") && root.Has("severity")));

    public static bool MatchesIncident(Fields root) =>
        root.Has("incidentId") && (root.Has("incidentName") || (root.HasList("alerts") && !root.Has("id")));

    public static AlertReading ReadAlert(Fields root) => Drafts.Finish(Draft(root), root.Session, root);

    public static AlertReading ReadIncident(Fields root)
    {
        var session = root.Session;
        var link = root.LongLine("incidentUri");
        var (severity, severityText) = Drafts.SeverityOf(root, "severity");
        var id = Drafts.Id(root, "incidentId");
        var tenant = Drafts.Tenant(root.Line("tenantId", "aadTenantId") ?? Canonical.TenantOfLink(link), session);
        var incident = new Alert
        {
            Shape = AlertShape.DefenderApiIncident,
            Id = id,
            TenantId = tenant,
            IncidentId = Drafts.Survivor(root, id) ?? (id.Length > 0 ? id : null),
            Title = Drafts.Title(root, "incidentName"),
            Description = root.Block("description", "summary") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Created = root.Time("createdTime"),
            Link = link,
            Source = SourceStates.Of(root, "lastUpdateTime"),
        };
        return Drafts.Finish(Drafts.Combine(incident, Drafts.Members(root, "alerts", Draft)), session, root);
    }

    private static Alert Draft(Fields fields) => Draft(fields, null);

    /// <param name="tenant">The tenant where the message names it elsewhere.</param>
    public static Alert Draft(Fields fields, string? tenant)
    {
        var session = fields.Session;
        var (severity, severityText) = Drafts.SeverityOf(fields, "severity");
        ReadEntities(fields, new EntityReader(session, References.None));
        return new Alert
        {
            Shape = AlertShape.DefenderApiAlert,
            Id = Drafts.Id(fields, "alertId", "id"),
            TenantId = Drafts.Tenant(fields.Line("aadTenantId", "tenantId") ?? tenant, session),
            IncidentId = Drafts.OptionalId(fields, "incidentId"),
            Title = Drafts.Title(fields, "title"),
            Description = fields.Block("description") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Product = fields.Line("serviceSource", "detectionSource") ?? "",
            Category = fields.Line("category") ?? string.Join(", ", fields.Words("categories")),
            Techniques = Drafts.TechniqueIds(fields.Words("mitreTechniques", "attackTechniques")),
            FirstActivity = fields.Time("firstActivity", "firstEventTime", "timestamp"),
            LastActivity = fields.Time("lastActivity", "lastEventTime"),
            Created = fields.Time("creationTime", "alertCreationTime"),
            Source = SourceStates.Of(fields, "lastUpdateTime", "lastUpdatedTime"),
        };
    }

    public static void ReadEntities(Fields fields, EntityReader reader)
    {
        if (FlatEvidence.Matches(fields))
            FlatEvidence.Read(fields, reader);
        // The machine stands in the alert itself.
        foreach (var host in Devices.Host(fields, References.None))
            fields.Session.Entities.Add(host);
        reader.ReadNested(fields);
        foreach (var name in (ReadOnlySpan<string>)["entities", "evidence"])
        {
            if (fields.List(name) is { } list)
                reader.ReadList(list, $"{fields.Place}.{name}");
        }
    }
}

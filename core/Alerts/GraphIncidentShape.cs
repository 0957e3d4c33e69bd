namespace IRFunctions.Alerts;

/// <summary>
/// Microsoft Graph security incident (GET /security/incidents/{id}, with or without $expand=alerts). Its enums are written in both cases,
/// its tags under two names. Source of the fields: Graph v1.0 resource microsoft.graph.security.incident.
/// </summary>
internal static class GraphIncidentShape
{
    public static bool Matches(Fields root) =>
        EntityReader.KindOf(root.Peek("@odata.type")?.ToString()) == "incident"
        || (root.Has("id") && root.Has("displayName") && (root.Has("incidentWebUrl") || root.HasList("alerts")));

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var link = root.LongLine("incidentWebUrl");
        var (severity, severityText) = Drafts.SeverityOf(root, "severity");
        var id = Drafts.Id(root, "id");
        var incident = new Alert
        {
            Shape = AlertShape.GraphIncident,
            Id = id,
            TenantId = Drafts.Tenant(root.Line("tenantId") ?? Canonical.TenantOfLink(link), session),
            IncidentId = Drafts.Survivor(root, id) ?? (id.Length > 0 ? id : null),
            Title = Drafts.Title(root, "displayName"),
            Description = root.Block("description", "summary") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Created = root.Time("createdDateTime"),
            Link = link,
            Source = SourceStates.Of(root, "lastUpdateDateTime"),
        };
        root.Skip("@odata.type", "@odata.context");
        var members = Drafts.Members(root, "alerts", GraphAlertShape.Draft);
        return Drafts.Finish(Drafts.Combine(incident, members), session, root);
    }
}

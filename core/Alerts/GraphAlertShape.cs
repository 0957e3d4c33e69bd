namespace IRFunctions.Alerts;

/// <summary>
/// Microsoft Graph security alert (GET /security/alerts_v2/{id}). Source of the fields: Graph v1.0 resource microsoft.graph.security.alert.
/// </summary>
internal static class GraphAlertShape
{
    public static bool Matches(Fields root) =>
        EntityReader.KindOf(root.Peek("@odata.type")?.ToString()) == "alert"
        || (root.Has("title") && (root.HasList("evidence") || root.Has("alertWebUrl") || root.Has("serviceSource")) && root.Has("id"));

    public static AlertReading Read(Fields root) => Drafts.Finish(Draft(root), root.Session, root);

    public static Alert Draft(Fields fields)
    {
        var session = fields.Session;
        var link = fields.LongLine("alertWebUrl");
        var (severity, severityText) = Drafts.SeverityOf(fields, "severity");
        fields.Skip("@odata.type", "@odata.context");
        if (fields.List("evidence") is { } evidence)
            new EntityReader(session, References.None).ReadList(evidence, $"{fields.Place}.evidence");
        return new Alert
        {
            Shape = AlertShape.GraphAlert,
            Id = Drafts.Id(fields, "id"),
            TenantId = Drafts.Tenant(fields.Line("tenantId") ?? Canonical.TenantOfLink(link), session),
            IncidentId = Drafts.OptionalId(fields, "incidentId"),
            Title = Drafts.Title(fields, "title"),
            Description = fields.Block("description") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Product = fields.Line("serviceSource", "productName") ?? "",
            Category = fields.Line("category") ?? "",
            Techniques = Drafts.TechniqueIds(fields.Words("mitreTechniques")),
            FirstActivity = fields.Time("firstActivityDateTime"),
            LastActivity = fields.Time("lastActivityDateTime"),
            Created = fields.Time("createdDateTime"),
            Link = link,
            Source = SourceStates.Of(fields, "lastUpdateDateTime", "lastModifiedDateTime"),
        };
    }
}

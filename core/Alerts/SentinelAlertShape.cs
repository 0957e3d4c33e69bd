namespace IRFunctions.Alerts;

/// <summary>
/// A Sentinel alert as the ARM API writes it (kind SecurityAlert, facts under properties), with its entities beside it
/// ({alert, entities}), inside it (properties.entities), or not at all. Source: Microsoft.SecurityInsights SecurityAlertEntity.
/// </summary>
internal static class SentinelAlertShape
{
    public static bool Matches(Fields root) =>
        root.HasObject("properties") && !root.Has("object") && (IsKind(root) || root.Open("properties")!.Has("systemAlertId"));

    public static bool MatchesPair(Fields root) => root.Open("alert")?.HasObject("properties") == true;

    private static bool IsKind(Fields root) => root.Peek("kind") is { } kind && EntityReader.KindOf(kind.ToString()) == "securityalert";

    public static AlertReading Read(Fields root)
    {
        var draft = Draft(root);
        return Drafts.Finish(draft, root.Session, root.Open("properties"), root);
    }

    public static AlertReading ReadPair(Fields root)
    {
        var alert = root.Open("alert")!;
        var entities = root.List("entities");
        var draft = Draft(alert);
        if (entities is { } list)
            new EntityReader(root.Session, References.In(list)).ReadList(list, "$.entities");
        return Drafts.Finish(draft, root.Session, alert.Open("properties"), alert, root);
    }

    public static Alert Draft(Fields outer)
    {
        var session = outer.Session;
        var armId = outer.Raw("id");
        var fields = outer.Open("properties") ?? outer;
        var (severity, severityText) = Drafts.SeverityOf(fields, "severity");
        outer.Skip("id", "type", "kind", "etag");
        var (workspace, _) = Besides.Resources(fields);
        if (fields.List("entities") is { } entities)
            new EntityReader(session, References.In(entities)).ReadList(entities, $"{fields.Place}.entities");
        session.AtEnd.Add(() => Besides.CompromisedEntity(fields));
        var id = Drafts.Id(fields, "systemAlertId");
        var link = fields.LongLine("alertLink");
        var (tenant, incident) = XdrIncident.Of(fields.Open("extendedProperties") ?? fields.Open("additionalData"), link, null);
        return new Alert
        {
            Shape = AlertShape.SentinelAlert,
            Id = id.Length > 0 ? id : Drafts.Id(outer, "name"),
            TenantId = Drafts.Tenant(tenant ?? workspace ?? Canonical.Subscription(armId), session),
            IncidentId = incident,
            Title = Drafts.Title(fields, "alertDisplayName", "friendlyName", "alertType"),
            Description = fields.Block("description") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Product = fields.Line("productName", "vendorName") ?? "",
            Category = fields.Line("alertType") ?? "",
            Tactics = fields.Words("tactics"),
            Techniques = Drafts.TechniqueIds(fields.Words("techniques")),
            FirstActivity = fields.Time("startTimeUtc"),
            LastActivity = fields.Time("endTimeUtc"),
            Created = fields.Time("timeGenerated", "processingEndTime"),
            Link = link,
            Source = SourceStates.Of(fields, "timeGenerated", "processingEndTime"),
        };
    }
}

using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// A Sentinel incident: the envelope a playbook receives from the incident trigger ({object: {properties: {alerts, relatedEntities}}}), the
/// ARM incident itself, or {incident, alerts, entities} as connectors put it together. Source: Microsoft.SecurityInsights Incidents.
/// An incident that Defender XDR synchronised keeps its XDR incident id, so that both shapes of it lead to one response.
/// </summary>
internal static class SentinelIncidentShape
{
    public static bool MatchesEnvelope(Fields root) => root.Open("object")?.HasObject("properties") == true;

    public static bool MatchesBundle(Fields root) => root.Open("incident")?.HasObject("properties") == true;

    public static bool Matches(Fields root) =>
        root.HasObject("properties") && (IsIncidentType(root.Peek("type")) || HasIncidentFields(root.Open("properties")!));

    private static bool IsIncidentType(JsonElement? type) =>
        type?.ToString().EndsWith("/Incidents", StringComparison.OrdinalIgnoreCase) == true;

    private static bool HasIncidentFields(Fields properties) => properties.Has("incidentNumber") || properties.Has("incidentUrl");

    public static AlertReading ReadEnvelope(Fields root)
    {
        var workspace = root.Open("workspaceInfo")?.Line("SubscriptionId") ?? root.Line("workspaceId");
        return Read(root.Open("object")!, root, workspace);
    }

    public static AlertReading ReadBundle(Fields root) => Read(root.Open("incident")!, root, null);

    public static AlertReading Read(Fields outer) => Read(outer, outer, null);

    private static AlertReading Read(Fields outer, Fields around, string? workspace)
    {
        var fields = outer.Open("properties")!;
        var incident = Draft(outer, fields, workspace);
        outer.Skip("type", "etag", "kind");
        // Alerts inside may list resources; the incident's own entities come first, as people see them in the portal.
        ReadEntities(fields, "relatedEntities");
        if (!ReferenceEquals(around, outer))
            ReadEntities(around, "entities");
        var members = Drafts.Members(fields, "alerts", SentinelAlertShape.Draft);
        if (!ReferenceEquals(around, outer))
            members.AddRange(Drafts.Members(around, "alerts", SentinelAlertShape.Draft));
        return Drafts.Finish(Drafts.Combine(incident, members), fields.Session, fields, outer, around);
    }

    private static Alert Draft(Fields outer, Fields fields, string? workspace)
    {
        var armId = outer.Raw("id");
        var name = Drafts.OptionalId(outer, "name");
        var id =
            name
            ?? (armId is null ? "" : Canonical.Identifier(SafeText.Line(Canonical.LastSegment(armId) ?? "", AlertLimits.MaxName, out _)));
        var link = fields.LongLine("incidentUrl");
        var facts = fields.Open("additionalData");
        var (tenant, xdrId) = XdrIdentity(fields, facts, link);
        tenant ??= Canonical.Subscription(armId) ?? workspace;
        return FactsOf(fields, facts, id, xdrId, tenant, link);
    }

    /// <summary>What the incident itself and its row in the table SecurityIncident say alike, in fields whose case differs.</summary>
    public static Alert FactsOf(Fields fields, Fields? facts, string id, string? xdrId, string? tenant, string? link)
    {
        var (severity, severityText) = Drafts.SeverityOf(fields, "severity");
        return new Alert
        {
            Shape = AlertShape.SentinelIncident,
            Id = id,
            TenantId = Drafts.Tenant(tenant, fields.Session),
            IncidentId = xdrId ?? (id.Length > 0 ? id : null),
            Title = Drafts.Title(fields, "title"),
            Description = fields.Block("description") ?? "",
            Severity = severity,
            SeverityText = severityText,
            Product = facts?.Words("alertProductNames") is { Count: > 0 } products
                ? SafeText.Line(string.Join(", ", products), AlertLimits.MaxName, out _)
                : fields.Line("providerName") ?? "",
            Tactics = facts?.Words("tactics") ?? [],
            Techniques = Drafts.TechniqueIds(facts?.Words("techniques") ?? []),
            FirstActivity = fields.Time("firstActivityTimeUtc", "firstActivityTime"),
            LastActivity = fields.Time("lastActivityTimeUtc", "lastActivityTime"),
            Created = fields.Time("createdTimeUtc", "createdTime"),
            Link = link,
            Source = SourceStates.Of(fields, "lastModifiedTimeUtc", "lastModifiedTime", "timeGenerated"),
        };
    }

    /// <summary>Tenant and incident id in Defender XDR; both or none, since an XDR number means nothing without its tenant.</summary>
    public static (string? Tenant, string? IncidentId) XdrIdentity(Fields fields, Fields? facts, string? link)
    {
        if (!XdrIncident.IsXdr(fields.Peek("providerName")?.ToString()))
            return (null, null);
        var tenant = Canonical.TenantOfLink(facts?.Line("providerIncidentUrl")) ?? Canonical.TenantOfLink(link) ?? TenantOfMembers(fields);
        return tenant is not null && Drafts.OptionalId(fields, "providerIncidentId") is { } id ? (tenant, id) : (null, null);
    }

    /// <summary>Where the incident itself has no link, its alerts may.</summary>
    private static string? TenantOfMembers(Fields fields) =>
        fields.List("alerts") is { } alerts
            ? alerts
                .EnumerateArray()
                .Where(alert => alert.ValueKind == JsonValueKind.Object)
                .Select(alert => Canonical.TenantOfLink(References.Text(alert, "alertLink")))
                .FirstOrDefault(tenant => tenant is not null)
            : null;

    private static void ReadEntities(Fields fields, string name)
    {
        if (fields.List(name) is { } list)
            new EntityReader(fields.Session, References.In(list)).ReadList(list, $"{fields.Place}.{name}");
    }
}

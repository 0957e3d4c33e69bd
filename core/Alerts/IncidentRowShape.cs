namespace IRFunctions.Alerts;

/// <summary>
/// A row of the SecurityIncident table. It has the incident's facts and the ids of its alerts, never entities. Source:
/// learn.microsoft.com/azure/azure-monitor/reference/tables/securityincident.
/// </summary>
internal static class IncidentRowShape
{
    public static bool Matches(Fields root) => root.Has("IncidentName") && (root.Has("IncidentNumber") || root.Has("AlertIds"));

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var (severity, severityText) = Drafts.SeverityOf(root, "Severity");
        var link = root.LongLine("IncidentUrl");
        var facts = root.Open("AdditionalData");
        var (tenant, xdrId) = SentinelIncidentShape.XdrIdentity(root, facts, link);
        var id = Drafts.Id(root, "IncidentName");
        session.Notes.Add(
            "A row of the SecurityIncident table names no entities, so nothing can be contained on its word: send the incident from an "
                + "automation rule (bicep/playbooks/sentinel-incident.json)."
        );
        return Drafts.Finish(
            new Alert
            {
                Shape = AlertShape.SentinelIncident,
                Id = id,
                // The incident itself names its subscription: both must lead to one response.
                TenantId = Drafts.Tenant(tenant ?? SubscriptionIn(link) ?? root.Line("TenantId"), session),
                IncidentId = xdrId ?? (id.Length > 0 ? id : null),
                Title = Drafts.Title(root, "Title"),
                Description = root.Block("Description") ?? "",
                Severity = severity,
                SeverityText = severityText,
                Product = facts?.Words("alertProductNames") is { Count: > 0 } products
                    ? SafeText.Line(string.Join(", ", products), AlertLimits.MaxName, out _)
                    : root.Line("ProviderName") ?? "",
                Tactics = facts?.Words("tactics") ?? [],
                Techniques = Drafts.TechniqueIds(facts?.Words("techniques") ?? []),
                FirstActivity = root.Time("FirstActivityTime"),
                LastActivity = root.Time("LastActivityTime"),
                Created = root.Time("CreatedTime"),
                MemberAlertIds = [.. root.Words("AlertIds").Select(Canonical.Identifier)],
                Link = link,
                Source = SourceStates.Of(root, "LastModifiedTime", "TimeGenerated"),
            },
            session,
            root
        );
    }

    private static string? SubscriptionIn(string? link)
    {
        var at = link?.IndexOf("/subscriptions/", StringComparison.OrdinalIgnoreCase) ?? -1;
        return at < 0 ? null : Canonical.Subscription(link![at..]);
    }
}

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
        var link = root.LongLine("IncidentUrl");
        var facts = root.Open("AdditionalData");
        var (tenant, xdrId) = SentinelIncidentShape.XdrIdentity(root, facts, link);
        // The incident itself names its subscription: both must lead to one response.
        tenant ??= SubscriptionIn(link) ?? root.Line("TenantId");
        var id = Drafts.Id(root, "IncidentName");
        session.Notes.Add(
            "A row of the SecurityIncident table names no entities, so nothing can be contained on its word: send the incident from an "
                + "automation rule (bicep/playbooks/sentinel-incident.json)."
        );
        return Drafts.Finish(
            SentinelIncidentShape.FactsOf(root, facts, id, xdrId, tenant, link) with
            {
                MemberAlertIds = [.. root.Words("AlertIds").Select(Canonical.Identifier)],
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

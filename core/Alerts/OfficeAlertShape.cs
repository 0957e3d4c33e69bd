namespace IRFunctions.Alerts;

/// <summary>
/// An alert of the Office 365 Management Activity API (content type Audit.General, RecordType 40, "SecurityComplianceAlerts"):
/// AlertTriggered, AlertEntityGenerated, AlertUpdated. Source: learn.microsoft.com/office/office-365-management-api, schema "Security and
/// compliance alerts". Every other record of that API is an audit event, no alert.
/// </summary>
internal static class OfficeAlertShape
{
    public static bool Matches(Fields root) =>
        root.HasScalar("AlertId") && root.Has("Name") && (root.Has("RecordType") || root.Has("Operation") || root.Has("OrganizationId"));

    public static AlertReading Read(Fields root)
    {
        var session = root.Session;
        var (severity, severityText) = Drafts.SeverityOf(root, "Severity");
        var data = root.Open("Data");
        var reader = new EntityReader(session, References.None);
        Subject(root, reader);
        if (data is not null)
            Details(data, reader);
        return Drafts.Finish(
            new Alert
            {
                Shape = AlertShape.GraphAlert,
                Id = Drafts.Id(root, "AlertId"),
                TenantId = Drafts.Tenant(root.Line("OrganizationId", "TenantId"), session),
                Title = Drafts.Title(root, "Name"),
                Description = data?.Block("ad") ?? root.Block("Comments") ?? "",
                Severity = severity,
                SeverityText = severityText,
                Product = root.Line("Source", "Workload") ?? "",
                Category = root.Line("Category") ?? "",
                FirstActivity = data?.Time("ts"),
                LastActivity = data?.Time("te"),
                Created = root.Time("CreationTime"),
                Source = SourceStates.Of(root, "CreationTime"),
            },
            session,
            root
        );
    }

    /// <summary>The entity an AlertEntityGenerated record is about: a user, recipients, the sender, a malware family.</summary>
    private static void Subject(Fields root, EntityReader reader)
    {
        var type = root.Line("EntityType");
        foreach (var name in root.Words("AlertEntityId"))
            reader.Add(Named(type, name), null, []);
    }

    private static List<Entity> Named(string? type, string name) =>
        (type?.ToLowerInvariant(), PrincipalNames.IsPrincipalName(name)) switch
        {
            ("user", true) => [Account(name)],
            ("recipients" or "recipient" or "mailbox", true) => [Mailbox(name)],
            ("url" or "maliciousurl" or "maliciousurlclick", false) => [Mail.Link(name)],
            _ =>
            [
                new OtherEntity
                {
                    Id = "",
                    Type = EntityCaptions.Kind(type),
                    Display = name,
                },
            ],
        };

    /// <summary>
    /// Short keys of the data blob: f3u who did it, trc who got it. The sender (tsd) is written by the sender and stays text.
    /// </summary>
    private static void Details(Fields data, EntityReader reader)
    {
        foreach (var user in data.Words("f3u").Where(PrincipalNames.IsPrincipalName))
            reader.Add([Account(user)], null, []);
        foreach (var recipient in data.Words("trc").Where(PrincipalNames.IsPrincipalName))
            reader.Add([Mailbox(recipient)], null, []);
    }

    private static AccountEntity Account(string principal) =>
        new()
        {
            Id = "",
            UserPrincipalName = principal,
            Name = PrincipalNames.Read(principal).Name,
            Display = principal,
        };

    private static MailboxEntity Mailbox(string address) =>
        new()
        {
            Id = "",
            PrimaryAddress = address,
            Display = address,
        };
}

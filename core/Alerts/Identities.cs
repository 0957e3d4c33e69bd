namespace IRFunctions.Alerts;

/// <summary>
/// Accounts, mailboxes and applications: what an identity action may aim at. Each maker returns nothing where nothing identifies.
/// </summary>
internal static class Identities
{
    public static List<Entity> Account(Fields outer, References references)
    {
        // Graph's userEvidence wraps the account; every other source writes it flat.
        var fields = outer.Open("userAccount") ?? outer;
        var name = fields.Line("accountName", "name", "userName");
        var account = new AccountEntity
        {
            Id = "",
            ObjectId = fields.ObjectId("aadUserId", "azureAdUserId", "entraUserId", "userObjectId", "aadObjectId", "objectId"),
            UserPrincipalName = fields.Line("userPrincipalName", "upn") ?? PrincipalName(name, fields.Line("upnSuffix")),
            Sid = fields.Line("userSid", "sid"),
            Name = name,
            Domain = fields.Line("domainName", "ntDomain", "dnsDomain"),
        };
        var host = references.Follow(fields, "Host", "hostEntityId") is { } machine ? References.Text(machine, "HostName") : null;
        var handle = account.UserPrincipalName ?? Qualified(account, host);
        var display = Shown(fields.Line("displayName", "friendlyName"), handle) ?? account.ObjectId ?? account.Sid;
        return display is null ? [] : [account with { Display = display }];
    }

    private static string? Shown(string? name, string? handle) =>
        name is null || handle is null || handle.Contains(name, StringComparison.OrdinalIgnoreCase) ? handle ?? name : $"{name} ({handle})";

    private static string? PrincipalName(string? name, string? suffix) =>
        name is null ? null
        : name.Contains('@', StringComparison.Ordinal) ? name
        : suffix is null ? null
        : $"{name}@{suffix.TrimStart('@')}";

    private static string? Qualified(AccountEntity account, string? host) =>
        account.Name is null ? null
        : (account.Domain ?? host) is { } domain ? $"{domain}\\{account.Name}"
        : account.Name;

    public static List<Entity> Mailbox(Fields fields, References references)
    {
        var address = fields.Line("primaryAddress", "mailboxPrimaryAddress", "mailboxAddress");
        var id = fields.ObjectId("externalDirectoryObjectId", "objectId");
        var principal = fields.Line("userPrincipalName", "upn");
        var name = fields.Line("displayName", "mailboxDisplayName", "friendlyName");
        if (address is null && id is null && principal is null)
            return [];
        var display = address ?? name ?? principal ?? id!;
        List<Entity> made =
        [
            new MailboxEntity
            {
                Id = "",
                Display = display,
                PrimaryAddress = address ?? principal,
                ObjectId = id,
            },
        ];
        if (principal is not null && !fields.HasObject("userAccount"))
        {
            made.Add(
                new AccountEntity
                {
                    Id = "",
                    Display = name is null || name == principal ? principal : $"{name} ({principal})",
                    UserPrincipalName = principal,
                    ObjectId = fields.ObjectId("aadUserId", "azureAdUserId"),
                }
            );
        }
        return made;
    }

    public static List<Entity> Application(Fields fields, References references)
    {
        var application = new ApplicationEntity
        {
            Id = "",
            // Defender for Cloud Apps numbers its applications (11161); only an Entra application id is a GUID.
            AppId = fields.Valid(Canonical.Guid, "appId", "applicationId", "servicePrincipalAppId"),
            ObjectId = fields.ObjectId("servicePrincipalObjectId", "objectId", "servicePrincipalId"),
            Name = fields.Line("displayName", "servicePrincipalName", "appName", "applicationName", "name", "friendlyName"),
        };
        var display = application.Name ?? application.AppId ?? application.ObjectId;
        return display is null ? [] : [application with { Display = display }];
    }
}

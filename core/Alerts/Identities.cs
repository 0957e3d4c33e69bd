using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Accounts, mailboxes and applications: what an identity action may aim at. Each maker returns nothing where nothing identifies.
/// </summary>
internal static class Identities
{
    private static readonly string[] ObjectIds =
    [
        "aadUserId",
        "azureAdUserId",
        "entraUserId",
        "accountObjectId",
        "accountAadId",
        "userObjectId",
        "userAadId",
        "aadObjectId",
        "aadId",
        "azureAdObjectId",
        "entraObjectId",
        "externalDirectoryObjectId",
        "objectId",
    ];

    public static List<Entity> Account(Fields outer, References references)
    {
        // Graph's userEvidence wraps the account; every other source writes it flat.
        var fields = outer.Open("userAccount") ?? outer;
        if (!ReferenceEquals(fields, outer))
            fields.Include("additionalData");
        var written = fields.Line("accountName", "name", "userName", "samAccountName", "logonName");
        var name = PrincipalNames.Read(written);
        var principal = fields.Valid(PrincipalName, "userPrincipalName", "upn", "accountUpn", "userUpn", "upnName") ?? name.PrincipalName;
        if (principal is null && PrincipalNames.Join(name, Suffix(fields)) is { } joined)
        {
            principal = joined;
            fields.Skip("upnSuffix", "accountUpnSuffix");
        }
        var account = new AccountEntity
        {
            Id = "",
            // "userId" is an object id in some sources, a number or an address in others.
            ObjectId = fields.ObjectId(ObjectIds) ?? fields.Valid(Canonical.Guid, "userId", "accountId"),
            UserPrincipalName = principal,
            Sid = fields.Line("userSid", "accountSid", "sid", "onPremisesSecurityIdentifier", "onPremSid", "securityIdentifier"),
            Name = name.Name,
            Domain = fields.Line("accountDomain", "domainName", "ntDomain", "dnsDomain", "accountNtDomain") ?? name.Domain,
            TenantId = fields.Valid(Canonical.Guid, "tenantId", "aadTenantId", "azureAdTenantId", "accountTenantId", "userTenantId"),
        };
        var host = references.Follow(fields, "Host", "hostEntityId") is { } machine ? References.Text(machine, "HostName") : null;
        var handle = account.UserPrincipalName ?? Qualified(account, host);
        var shown = fields.Line("displayName", "accountDisplayName", "userDisplayName", "friendlyName");
        var display = Shown(shown, handle) ?? account.ObjectId ?? account.Sid;
        return display is null ? [] : [account with { Display = display }];
    }

    private static string? Suffix(Fields fields) =>
        fields.Peek("upnSuffix") is { ValueKind: JsonValueKind.String } value ? value.GetString()!.Trim()
        : fields.Peek("accountUpnSuffix") is { ValueKind: JsonValueKind.String } other ? other.GetString()!.Trim()
        : null;

    /// <summary>A principal name, out of whatever is written around it; null for what is none.</summary>
    private static string? PrincipalName(string? text) =>
        text is null ? null : PrincipalNames.Read(SafeText.Line(text, AlertLimits.MaxName, out _)).PrincipalName;

    private static string? Shown(string? name, string? handle) =>
        name is null || handle is null || handle.Contains(name, StringComparison.OrdinalIgnoreCase) ? handle ?? name : $"{name} ({handle})";

    private static string? Qualified(AccountEntity account, string? host) =>
        account.Name is null ? null
        : (account.Domain ?? host) is { } domain ? $"{domain}\\{account.Name}"
        : account.Name;

    public static List<Entity> Mailbox(Fields fields, References references)
    {
        var address = fields.Line("mailboxPrimaryAddress", "primaryAddress", "mailboxAddress", "primarySmtpAddress", "emailAddress");
        var inner = fields.Peek("userAccount") is { ValueKind: JsonValueKind.Object } user ? user : (JsonElement?)null;
        var id = fields.ObjectId(ObjectIds) ?? (inner is { } owner ? Canonical.Guid(References.Text(owner, "azureAdUserId")) : null);
        var principal = fields.Valid(PrincipalName, "userPrincipalName", "upn", "accountUpn");
        var name = fields.Line("mailboxDisplayName", "displayName", "friendlyName");
        var tenant = fields.Valid(Canonical.Guid, "tenantId", "aadTenantId");
        if (address is null && id is null && principal is null)
            return [];
        var display = address ?? name ?? principal ?? id!;
        var mailbox = new MailboxEntity
        {
            Id = "",
            Display = display,
            PrimaryAddress = address ?? principal,
            ObjectId = id,
            TenantId = tenant,
        };
        // The nested account, where there is one, is read on its own.
        return inner is not null || (principal is null && id is null)
            ? [mailbox]
            :
            [
                mailbox,
                new AccountEntity
                {
                    Id = "",
                    Display = Shown(name, principal) ?? address ?? id!,
                    UserPrincipalName = principal,
                    Name = PrincipalNames.Read(principal).Name,
                    ObjectId = id,
                    TenantId = tenant,
                },
            ];
    }

    public static List<Entity> Application(Fields fields, References references)
    {
        var application = new ApplicationEntity
        {
            Id = "",
            // Defender for Cloud Apps numbers its applications (11161); only an Entra application id is a GUID.
            AppId = fields.Valid(
                Canonical.Guid,
                "oauthAppId",
                "oauthApplicationId",
                "appId",
                "applicationId",
                "servicePrincipalAppId",
                "clientId",
                "entraAppId"
            ),
            ObjectId = fields.ObjectId(
                "servicePrincipalObjectId",
                "oauthObjectId",
                "objectId",
                "aadObjectId",
                "entraObjectId",
                "servicePrincipalId",
                "enterpriseApplicationId"
            ),
            Name = fields.Line(
                "displayName",
                "servicePrincipalName",
                "oauthAppName",
                "appName",
                "applicationName",
                "appDisplayName",
                "application",
                "name",
                "friendlyName"
            ),
            // Whose the application is at its maker's (appOwnerTenantId) says nothing: most come from another tenant.
            TenantId = fields.Valid(Canonical.Guid, "tenantId", "aadTenantId"),
        };
        var display = application.Name ?? application.AppId ?? application.ObjectId;
        return display is null ? [] : [application with { Display = display }];
    }
}

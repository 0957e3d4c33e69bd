namespace IRFunctions.Local.Tenant;

/// <summary>A Graph entity type as far as the tenant knows it.</summary>
/// <param name="Name">Qualified name, for error messages.</param>
/// <param name="Default">Properties in an answer without $select.</param>
/// <param name="More">Properties in an answer only when selected.</param>
internal sealed record EntityType(string Name, IReadOnlyList<string> Default, IReadOnlyList<string> More)
{
    /// <summary>Default properties are those that Graph documents for GET /users/{id}.</summary>
    public static EntityType User { get; } =
        new(
            "microsoft.graph.user",
            [
                "businessPhones",
                "displayName",
                "givenName",
                "jobTitle",
                "mail",
                "mobilePhone",
                "officeLocation",
                "preferredLanguage",
                "surname",
                "userPrincipalName",
                "id",
            ],
            [
                "accountEnabled",
                "city",
                "companyName",
                "country",
                "createdDateTime",
                "department",
                "employeeId",
                "employeeType",
                "lastPasswordChangeDateTime",
                "mailNickname",
                "onPremisesDomainName",
                "onPremisesSamAccountName",
                "onPremisesSecurityIdentifier",
                "onPremisesSyncEnabled",
                "onPremisesUserPrincipalName",
                "passwordProfile",
                "postalCode",
                "proxyAddresses",
                "securityIdentifier",
                "signInSessionsValidFromDateTime",
                "state",
                "streetAddress",
                "usageLocation",
                "userType",
            ]
        );

    public static EntityType Group { get; } =
        new(
            "microsoft.graph.group",
            ["id", "createdDateTime", "description", "displayName", "groupTypes", "isAssignableToRole", "mailEnabled", "securityEnabled"],
            []
        );

    public static EntityType DirectoryRole { get; } =
        new("microsoft.graph.directoryRole", ["id", "description", "displayName", "roleTemplateId"], []);

    public static EntityType DirectoryObject { get; } =
        new(
            "microsoft.graph.directoryObject",
            ["id", "displayName"],
            ["description", "isAssignableToRole", "securityEnabled", "roleTemplateId", "userPrincipalName", "mail", "accountEnabled"]
        );

    public static EntityType Application { get; } =
        new("microsoft.graph.application", ["id", "appId", "displayName", "createdDateTime", "passwordCredentials", "keyCredentials"], []);

    public static EntityType ServicePrincipal { get; } =
        new("microsoft.graph.servicePrincipal", ["id", "appId", "displayName", "accountEnabled", "servicePrincipalType"], []);

    public static EntityType DirectoryAudit { get; } =
        new(
            "microsoft.graph.directoryAudit",
            [
                "id",
                "category",
                "correlationId",
                "result",
                "resultReason",
                "activityDisplayName",
                "activityDateTime",
                "loggedByService",
                "operationType",
                "initiatedBy",
                "targetResources",
                "additionalDetails",
            ],
            []
        );

    public static EntityType Device { get; } =
        new("microsoft.graph.device", ["id", "deviceId", "displayName", "accountEnabled", "operatingSystem", "trustType"], []);

    public static EntityType NamedLocation { get; } =
        new(
            "microsoft.graph.namedLocation",
            ["id", "displayName", "modifiedDateTime", "createdDateTime"],
            ["isTrusted", "ipRanges", "countriesAndRegions", "includeUnknownCountriesAndRegions"]
        );

    public static EntityType IpNamedLocation { get; } =
        new("microsoft.graph.ipNamedLocation", ["id", "displayName", "modifiedDateTime", "createdDateTime", "isTrusted", "ipRanges"], []);

    public static EntityType CountryNamedLocation { get; } =
        new(
            "microsoft.graph.countryNamedLocation",
            ["id", "displayName", "modifiedDateTime", "createdDateTime", "countriesAndRegions", "includeUnknownCountriesAndRegions"],
            []
        );

    public static EntityType MailFolder { get; } =
        new(
            "microsoft.graph.mailFolder",
            ["id", "displayName", "parentFolderId", "childFolderCount", "unreadItemCount", "totalItemCount", "isHidden"],
            []
        );

    public static EntityType Message { get; } =
        new(
            "microsoft.graph.message",
            [
                "id",
                "createdDateTime",
                "lastModifiedDateTime",
                "changeKey",
                "categories",
                "receivedDateTime",
                "sentDateTime",
                "hasAttachments",
                "internetMessageId",
                "subject",
                "bodyPreview",
                "importance",
                "parentFolderId",
                "conversationId",
                "isRead",
                "isDraft",
                "body",
                "sender",
                "from",
                "toRecipients",
            ],
            ["internetMessageHeaders"]
        );

    /// <summary>The property's own spelling, or null where the type has no such property.</summary>
    public string? Find(string name) => Default.Concat(More).FirstOrDefault(p => p.Equals(name, StringComparison.OrdinalIgnoreCase));
}

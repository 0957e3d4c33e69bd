using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>Makes the entities of one kind out of its fields; nothing where they identify nothing.</summary>
internal delegate List<Entity> EntityMaker(Fields fields, References references);

/// <summary>Which maker reads which kind, by the source's word, by the name it stands under, or by what fields it has.</summary>
internal static class EntityKinds
{
    /// <summary>
    /// By the bare word of <see cref="EntityReader.KindOf"/>; null for kinds that no action takes and that keep their name only.
    /// </summary>
    public static EntityMaker? MakerOf(string kind) =>
        kind switch
        {
            "account" or "user" or "useraccount" or "aaduser" or "entrauser" or "identity" or "upn" => Identities.Account,
            "mailbox" => Identities.Mailbox,
            "mailboxconfiguration" => MailboxSettings,
            "cloudapplication" or "oauthapplication" or "serviceprincipal" or "application" or "cloudapp" or "app" =>
                Identities.Application,
            "host" or "device" or "machine" or "computer" or "endpoint" => Devices.Host,
            "ip" or "ipaddress" => Devices.Ip,
            "azureresource" => Devices.AzureResource,
            "process" => Traces.Process,
            "file" or "filehash" => Traces.File,
            "registrykey" or "registryvalue" or "registry" => Traces.Registry,
            "mailmessage" or "analyzedmessage" or "mailcluster" or "submissionmail" or "email" or "emailmessage" or "mail" => Mail.Messages,
            "url" => Mail.Url,
            _ => null,
        };

    /// <summary>A setting of a mailbox is shown as such; what can be acted on is the mailbox and its owner.</summary>
    private static List<Entity> MailboxSettings(Fields fields, References references)
    {
        var shown = EntityCaptions.Other("mailboxConfiguration", fields, references);
        return [shown, .. Identities.Mailbox(fields, references)];
    }

    /// <summary>Objects that are entities by the name they stand under, where they say no type.</summary>
    public static string? ByName(string name) =>
        name.ToLowerInvariant() switch
        {
            "imagefile" => "file",
            "account" or "useraccount" or "relateduser" or "loggedonusers" => "account",
            "host" or "devices" => "host",
            "parentprocess" => "process",
            _ => null,
        };

    /// <summary>Whether every field of an object holds entities of the kind it is called after, and there is nothing else.</summary>
    public static bool IsMapOfKinds(JsonElement item) =>
        item.GetPropertyCount() > 0
        && item.EnumerateObject()
            .All(group =>
                OfGroup(group.Name) is not null
                && (
                    group.Value.ValueKind == JsonValueKind.Object
                    || (
                        group.Value.ValueKind == JsonValueKind.Array
                        && group.Value.EnumerateArray().All(entity => entity.ValueKind == JsonValueKind.Object)
                    )
                )
            )
        && !item.TryGetProperty("userAccount", out _);

    /// <summary>The kind that a group is called after ("Accounts", "IPs", "userEvidence"); null where that is none.</summary>
    public static string? OfGroup(string name)
    {
        var kind = EntityReader.KindOf(name);
        return MakerOf(kind) is not null ? kind
            : kind.EndsWith("es", StringComparison.Ordinal) && MakerOf(kind[..^2]) is not null ? kind[..^2]
            : kind.EndsWith('s') && MakerOf(kind[..^1]) is not null ? kind[..^1]
            : null;
    }

    /// <summary>What something is that says no type anywhere, or one nobody knows: by a field that only this kind has.</summary>
    /// <param name="onlySure">Whether only the ids of one kind count, since a type is written that we do not know.</param>
    public static string? ByFields(Fields fields, bool onlySure)
    {
        foreach (var (name, kind) in onlySure ? Marks.Take(SureMarks) : Marks)
        {
            if (fields.HasScalar(name) || fields.HasObject(name))
                return kind;
        }
        return null;
    }

    /// <summary>The first of the marks, which no other kind has.</summary>
    private const int SureMarks = 5;

    private static readonly (string Name, string Kind)[] Marks =
    [
        ("userAccount", "account"),
        ("aadUserId", "account"),
        ("azureAdUserId", "account"),
        ("mdeDeviceId", "device"),
        ("mdatpDeviceId", "device"),
        ("fileDetails", "file"),
        ("networkMessageId", "mailmessage"),
        ("networkMessageIds", "mailcluster"),
        ("internetMessageId", "mailmessage"),
        ("mailboxPrimaryAddress", "mailbox"),
        ("azureAdDeviceId", "device"),
        ("deviceDnsName", "device"),
        ("hostName", "host"),
        ("registryKey", "registrykey"),
        ("processId", "process"),
        ("processCommandLine", "process"),
        ("commandLine", "process"),
        ("sha256", "file"),
        ("sha1", "file"),
        ("fileName", "file"),
        ("oauthAppId", "oauthapplication"),
        ("servicePrincipalObjectId", "serviceprincipal"),
        ("userPrincipalName", "account"),
        ("accountName", "account"),
        ("upnSuffix", "account"),
        ("azureResourceId", "azureresource"),
        ("resourceId", "azureresource"),
        ("ipAddress", "ip"),
        ("address", "ip"),
        ("url", "url"),
    ];

    /// <summary>
    /// Whether an object is an entity of its own. A thing's own addresses are none: an entity can be blocked, and that would be us.
    /// </summary>
    public static bool IsEntity(string name, JsonElement value) =>
        !value.TryGetProperty("$ref", out _) && !IsOwnAddress(name) && (ByName(name) is not null || SaysType(value));

    private static bool IsOwnAddress(string name) =>
        name.ToLowerInvariant()
            is "ipinterfaces"
                or "ipinterface"
                or "lastipaddress"
                or "lastexternalipaddress"
                or "podip"
                or "clusterip"
                or "externalips"
                or "hostipaddress"
                or "dnsserverip"
                or "ipaddress";

    private static bool SaysType(JsonElement value) =>
        value.TryGetProperty("Type", out _)
        || (
            value.TryGetProperty("@odata.type", out var type)
            && type.ValueKind == JsonValueKind.String
            && type.GetString()!.EndsWith("Evidence", StringComparison.OrdinalIgnoreCase)
        );
}

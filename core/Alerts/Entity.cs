using System.Text.Json.Serialization;

namespace IRFunctions.Alerts;

/// <summary>
/// Something an alert is about. Only these typed values may become a target of an action (S4).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(AccountEntity), "account")]
[JsonDerivedType(typeof(HostEntity), "host")]
[JsonDerivedType(typeof(IpEntity), "ip")]
[JsonDerivedType(typeof(MailMessageEntity), "mailMessage")]
[JsonDerivedType(typeof(MailboxEntity), "mailbox")]
[JsonDerivedType(typeof(ApplicationEntity), "application")]
[JsonDerivedType(typeof(AzureResourceEntity), "azureResource")]
[JsonDerivedType(typeof(FileEntity), "file")]
[JsonDerivedType(typeof(ProcessEntity), "process")]
[JsonDerivedType(typeof(UrlEntity), "url")]
[JsonDerivedType(typeof(RegistryEntity), "registry")]
[JsonDerivedType(typeof(WorkloadEntity), "workload")]
[JsonDerivedType(typeof(OtherEntity), "other")]
public abstract record Entity
{
    /// <summary>
    /// Unique within the alert: "e1", "e2", ... in the order of the source. The model refers to entities by this id only.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Words for a person; may contain attacker-written text.</summary>
    public string Display { get; init; } = "";

    /// <summary>The source's verdict on this evidence ("malicious", "suspicious", ...), as written; null where it gave none.</summary>
    public string? SourceVerdict { get; init; }

    /// <summary>The source's roles of this evidence ("attacker", "compromised", ...), as written.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The Entra tenant that the source says it belongs to, a GUID in lower case; null where it says none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TenantId { get; init; }

    /// <summary>Whether that is another tenant than the alert's. Such a thing is never a target: its id means nothing in ours.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsForeign { get; init; }

    /// <summary>Fields without a place in the typed entity, as one compact JSON object; null where there are none.</summary>
    public string? Extra { get; init; }
}

/// <summary>A person's or service's sign-in account. <see cref="ObjectId"/> is what actions need; the rest helps people.</summary>
public sealed record AccountEntity : Entity
{
    /// <summary>Entra object id, a GUID in lower case; null where the source did not know it.</summary>
    public string? ObjectId { get; init; }
    public string? UserPrincipalName { get; init; }
    public string? Sid { get; init; }
    public string? Name { get; init; }
    public string? Domain { get; init; }
}

public sealed record HostEntity : Entity
{
    public string? HostName { get; init; }
    public string? DnsDomain { get; init; }

    /// <summary>Defender for Endpoint machine id (40 hex digits).</summary>
    public string? DefenderDeviceId { get; init; }
    public string? EntraDeviceId { get; init; }
    public string? AzureResourceId { get; init; }
    public string? OsPlatform { get; init; }
}

/// <summary>An address, valid and in canonical form; text that is no address becomes an <see cref="OtherEntity"/>.</summary>
public sealed record IpEntity : Entity
{
    public required string Address { get; init; }
}

public sealed record MailMessageEntity : Entity
{
    public string? NetworkMessageId { get; init; }
    public string? InternetMessageId { get; init; }
    public string? Recipient { get; init; }
    public string? Sender { get; init; }
    public string? Subject { get; init; }
}

public sealed record MailboxEntity : Entity
{
    public string? PrimaryAddress { get; init; }
    public string? ObjectId { get; init; }
}

/// <summary>A cloud application or service principal.</summary>
public sealed record ApplicationEntity : Entity
{
    public string? AppId { get; init; }
    public string? ObjectId { get; init; }
    public string? Name { get; init; }
}

/// <summary>
/// An AI agent or workload whose circuit breaker opened. No parser makes one, so that no message from outside can start a quarantine: only
/// our own breaker does.
/// </summary>
public sealed record WorkloadEntity : Entity
{
    /// <summary>Lower case, at most 128 of letters, digits and . _ : -</summary>
    public required string IdentityId { get; init; }

    /// <summary>Word of the policy: "ai_agent", "service_principal", "managed_identity" or "unknown".</summary>
    public required string IdentityType { get; init; }
}

public sealed record AzureResourceEntity : Entity
{
    public required string ResourceId { get; init; }
}

public sealed record FileEntity : Entity
{
    public string? Name { get; init; }
    public string? Path { get; init; }
    public string? Sha256 { get; init; }
    public string? Sha1 { get; init; }
}

public sealed record ProcessEntity : Entity
{
    public string? CommandLine { get; init; }
    public string? ProcessId { get; init; }
    public string? ImageName { get; init; }
}

public sealed record UrlEntity : Entity
{
    public required string Url { get; init; }
}

public sealed record RegistryEntity : Entity
{
    public string? Key { get; init; }
    public string? Value { get; init; }
}

/// <summary>
/// Any entity type we have no room for; <see cref="Type"/> is the source's word in plain words ("kubernetes pod"), for people.
/// </summary>
public sealed record OtherEntity : Entity
{
    public required string Type { get; init; }
}

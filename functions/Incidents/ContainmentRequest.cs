using System.Net;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Incidents;

/// <summary>From what a person writes to the typed entity that may become a target (S4); the directory is asked about it later.</summary>
internal static class ContainmentRequest
{
    public const string Kinds = "account, application, host, ip, mailbox or mailMessage";

    private const int DefenderIdLength = 40;

    /// <summary>The entity; null where the words name none, and then what is missing.</summary>
    public static Entity? EntityOf(RequestedTarget? target, out string problem)
    {
        problem = $"A target has a kind, {Kinds}, and an id.";
        if (target is not { Kind: { } kind, Id: { Length: > 0 } id })
            return null;
        (Entity? entity, problem) = kind switch
        {
            "account" => (
                Guid.TryParse(id, out var account) ? New(new AccountEntity { Id = "", ObjectId = account.ToString() }, id) : null,
                "An account's id is its object id in Entra, a GUID."
            ),
            "application" => (
                Guid.TryParse(id, out var application)
                    ? New(new ApplicationEntity { Id = "", ObjectId = application.ToString() }, id)
                    : null,
                "An application's id is its object id in Entra, a GUID."
            ),
            "host" => (HostOf(id), "A host's id is its id in Defender (40 hex digits) or in Entra (a GUID)."),
            "ip" => (
                IPAddress.TryParse(id, out var address)
                    ? New(new IpEntity { Id = "", Address = address.ToString() }, address.ToString())
                    : null,
                "An ip's id is one address."
            ),
            "mailbox" => (
                Targets.IsMailAddress(id) ? New(new MailboxEntity { Id = "", PrimaryAddress = id }, id) : null,
                "A mailbox's id is its mail address."
            ),
            "mailMessage" => (
                MessageOf(target, id),
                "A mailMessage has its network message id as id (a GUID), its internetMessageId, and the recipient whose copy is meant."
            ),
            _ => ((Entity?)null, $"There is no target of kind {TextBounds.OneLine(kind, 60)}; there is {Kinds}."),
        };
        return entity;
    }

    private static Entity? HostOf(string id) =>
        Guid.TryParse(id, out var device) ? New(new HostEntity { Id = "", EntraDeviceId = device.ToString() }, id)
        : id.Length == DefenderIdLength && id.All(char.IsAsciiHexDigit)
            ? New(new HostEntity { Id = "", DefenderDeviceId = id.ToLowerInvariant() }, id)
        : null;

    private static Entity? MessageOf(RequestedTarget target, string id) =>
        Guid.TryParse(id, out var message)
        && target.InternetMessageId is { Length: > 0 and <= AlertLimits.MaxName } internet
        && Targets.IsMailAddress(target.Recipient)
            ? New(
                new MailMessageEntity
                {
                    Id = "",
                    NetworkMessageId = message.ToString(),
                    InternetMessageId = internet,
                    Recipient = target.Recipient,
                },
                id
            )
            : null;

    private static Entity New(Entity entity, string display) => entity with { Id = PersonRequest.EntityId, Display = display };

    private static string Verb(bool proposed) => proposed ? "proposes, through an assistant," : "asks for";

    /// <summary>The alert that the wish becomes; the same key of the same person is the same alert.</summary>
    /// <param name="proposed">Through an assistant.</param>
    public static Alert AlertOf(
        (string Id, string Name) by,
        string key,
        string action,
        Entity entity,
        string reason,
        bool proposed,
        DateTimeOffset at
    ) =>
        new()
        {
            Id = $"person-{Fingerprint.Of(by.Id, key)}",
            TenantId = Alert.UnknownTenant,
            Shape = AlertShape.Person,
            Title = $"{TextBounds.OneLine(by.Name, 100)} {Verb(proposed)} {action} on {entity.Display}",
            Description = reason,
            Severity = Severity.High,
            SeverityText = "high",
            Product = "IRFunctions",
            Created = at,
            RequestedBy = by.Id,
            Extra = PersonRequest.ExtraOf(action, proposed),
            Entities = [entity],
        };
}

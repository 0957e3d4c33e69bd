using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>From an alert's typed entity to what an action may touch (S4).</summary>
public static class Targets
{
    /// <summary>What a recommendation's entity id means the alert itself.</summary>
    public const string AlertEntityId = "alert";

    /// <summary>The alert as a target, for tickets and notifications.</summary>
    public static Target OfAlert(Alert alert) => new("alert", alert.Id, alert.Title);

    /// <summary>
    /// The target an entity offers by itself; null where it has no id an action could use (a file, a process, an account without object
    /// id).
    /// </summary>
    public static Target? Of(Entity entity) =>
        IdOf(entity) is (var kind, { Length: > 0 } id) ? new Target(kind, Lower(id), Shown(entity)) : null;

    /// <summary>The target an entity offers as the directory knows it; by itself where it was not resolved.</summary>
    public static Target? Of(Entity entity, Facts facts) => facts.Resolved.GetValueOrDefault(entity.Id) ?? Of(entity);

    /// <summary>Whether the directory has to be asked what an entity is before anything is decided about it.</summary>
    public static bool NeedsDirectory(Entity entity) =>
        entity is AccountEntity or HostEntity or MailboxEntity or ApplicationEntity or MailMessageEntity { Recipient.Length: > 0 };

    /// <summary>Whether the directory can be asked for an account: by object id, sign-in name, or the SID of an account.</summary>
    public static bool CanBeLookedUp(AccountEntity account) =>
        !account.IsForeign
        && (account.ObjectId is not null || IsMailAddress(account.UserPrincipalName) || account.Sid is { } sid && IsSidOfAnAccount(sid));

    /// <summary>
    /// A SID that belongs to one account: of the cloud, or of a domain and no well-known one, which every machine has (S-1-5-18 and the
    /// like).
    /// </summary>
    public static bool IsSidOfAnAccount(string sid) =>
        (sid.StartsWith("S-1-12-1-", StringComparison.OrdinalIgnoreCase) || sid.StartsWith("S-1-5-21-", StringComparison.OrdinalIgnoreCase))
        && sid.Length <= 184
        && !sid.AsSpan(1).ContainsAnyExcept(DigitsAndHyphen);

    private static readonly System.Buffers.SearchValues<char> DigitsAndHyphen = System.Buffers.SearchValues.Create("0123456789-");

    /// <summary>
    /// Whether an entity is the thing a target means: one thing may stand in an alert more than once, under different names.
    /// </summary>
    public static bool IsOf(Entity entity, Target target) =>
        IdOf(entity) is var (kind, id) && kind == target.Kind && target.Id.Equals(id, StringComparison.OrdinalIgnoreCase);

    /// <summary>The same with what the directory makes of the entity.</summary>
    public static bool IsOf(Entity entity, Target target, Facts facts) =>
        facts.Resolved.TryGetValue(entity.Id, out var known) ? known.Key == target.Key : IsOf(entity, target);

    /// <summary>
    /// Whether it is said in whose mailbox a message is and under which id: members of a cluster and many reported mails say neither, and
    /// no action finds them.
    /// </summary>
    public static bool CanBeFound(MailMessageEntity mail) => mail.InternetMessageId is { Length: > 0 } && IsMailAddress(mail.Recipient);

    /// <summary>One copy of a message: several mailboxes are several things, and each is put back by itself (S6).</summary>
    /// <param name="whose">Object id of the mailbox's owner, or the address where that is not known.</param>
    public static string CopyId(string networkMessageId, string? whose) =>
        Lower(whose is { Length: > 0 } ? $"{networkMessageId}@{whose}" : networkMessageId);

    private static (string Kind, string? Id) IdOf(Entity entity) =>
        entity switch
        {
            { IsForeign: true } => ("", null),
            AccountEntity account => ("account", account.ObjectId),
            IpEntity ip => ("ip", ip.Address),
            HostEntity host => ("host", host.DefenderDeviceId ?? host.EntraDeviceId),
            MailMessageEntity { NetworkMessageId: { } message } mail when CanBeFound(mail) => (
                "mailMessage",
                CopyId(message, MailAddress(mail.Recipient))
            ),
            MailboxEntity mailbox => ("mailbox", mailbox.ObjectId ?? MailAddress(mailbox.PrimaryAddress)),
            ApplicationEntity application => ("application", application.ObjectId ?? application.AppId),
            WorkloadEntity workload => ("workload", workload.IdentityId),
            _ => ("", null),
        };

    /// <summary>Every target of an alert, one for each thing however often it is named, in the order of the alert.</summary>
    public static IReadOnlyList<Target> OfAll(Alert alert) =>
        [.. alert.Entities.Select(Of).OfType<Target>().DistinctBy(target => target.Key)];

    // The only id here that a source does not check for us: a sentence in its place is no target (S4).
    private static string? MailAddress(string? text) => IsMailAddress(text) ? text : null;

    /// <summary>Whether a text is one mail address and nothing else.</summary>
    public static bool IsMailAddress(string? text) =>
        text is { Length: <= 254 }
        && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
        && at == text.LastIndexOf('@')
        && at < text.Length - 1
        && !text.AsSpan().ContainsAnyExcept(AddressCharacters);

    private static readonly System.Buffers.SearchValues<char> AddressCharacters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@.!#$%&'*+-/=?^_`{|}~"
    );

    private static string Shown(Entity entity) => entity.Display.Length > 0 ? entity.Display : entity.Id;

    // Ids come in either case from different sources; one thing must have one key.
    private static string Lower(string id) => id.ToLowerInvariant();
}

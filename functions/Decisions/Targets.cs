using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>From an alert's typed entity to what an action may touch (S4).</summary>
public static class Targets
{
    /// <summary>What a recommendation's entity id means the alert itself.</summary>
    public const string AlertEntityId = "alert";

    /// <summary>The alert as a target, for tickets and notifications.</summary>
    public static Target OfAlert(Alert alert) => new("alert", alert.Id, alert.Title);

    /// <summary>The target an entity offers; null where it has no id an action could use (a file, a process, an account without object id).</summary>
    public static Target? Of(Entity entity) => entity switch
    {
        AccountEntity { ObjectId: { Length: > 0 } id } => new Target("account", Lower(id), Shown(entity)),
        IpEntity ip => new Target("ip", ip.Address, Shown(entity)),
        HostEntity host when (host.DefenderDeviceId ?? host.EntraDeviceId) is { Length: > 0 } id => new Target("host", Lower(id), Shown(entity)),
        MailMessageEntity { NetworkMessageId: { Length: > 0 } id } => new Target("mailMessage", Lower(id), Shown(entity)),
        MailboxEntity mailbox when (mailbox.ObjectId ?? mailbox.PrimaryAddress) is { Length: > 0 } id => new Target("mailbox", Lower(id), Shown(entity)),
        ApplicationEntity application when (application.ObjectId ?? application.AppId) is { Length: > 0 } id => new Target("application", Lower(id), Shown(entity)),
        _ => null,
    };

    /// <summary>Every target of an alert, one for each thing however often it is named, in the order of the alert.</summary>
    public static IReadOnlyList<Target> OfAll(Alert alert) =>
        [.. alert.Entities.Select(Of).OfType<Target>().DistinctBy(target => target.Key)];

    private static string Shown(Entity entity) => entity.Display.Length > 0 ? entity.Display : entity.Id;

    // Ids come in either case from different sources; one thing must have one key.
    private static string Lower(string id) => id.ToLowerInvariant();
}

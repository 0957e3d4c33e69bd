using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;

namespace IRFunctions.Directory;

/// <summary>
/// Resolves an alert's entities to what the directory knows, before anything is decided about them (S9): one identity under two names is
/// one target, and a target is known under all its names. What cannot be resolved keeps the alert's id and says why (S12).
/// </summary>
public sealed class DirectoryResolver(DirectoryAccounts accounts, DirectoryHosts hosts, DirectoryApplications applications)
{
    /// <summary>Things looked up for one alert; the others stay unresolved, and a person decides about them.</summary>
    public const int MaxThings = 40;

    /// <summary>
    /// Asks once for each thing of one alert. Never fails but by cancellation: what could not be learned stands in <see
    /// cref="DirectoryIdentity.Failed"/>.
    /// </summary>
    public async Task<ResolvedEntities> ResolveAsync(IEnumerable<Entity> entities, CancellationToken cancellation)
    {
        var asked = new Dictionary<string, Task<DirectoryIdentity>>(StringComparer.OrdinalIgnoreCase);
        var wanted = new List<(Entity Entity, Task<DirectoryIdentity> Identity)>();
        foreach (var entity in entities)
        {
            if (LookupOf(entity, cancellation) is not { } lookup)
                continue;
            if (!asked.TryGetValue(lookup.Key, out var answer))
                asked[lookup.Key] = answer =
                    asked.Count < MaxThings
                        ? SafelyAsync(lookup, cancellation)
                        : Task.FromResult(
                            DirectoryIdentity.Unresolved(
                                lookup.Id,
                                $"the alert names more than {MaxThings} things; this one was not looked up"
                            )
                        );
            wanted.Add((entity, answer));
        }
        await Task.WhenAll(asked.Values);
        var (targets, identities) = (new Dictionary<string, Target>(), new Dictionary<string, DirectoryIdentity>());
        var unresolved = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (entity, answer) in wanted)
        {
            var identity = await answer;
            if (TargetOf(entity, identity) is not { } target)
            {
                unresolved[entity.Id] = identity.Failed ?? "it has no id";
                continue;
            }
            targets[entity.Id] = target;
            identities[target.Key] = identity;
        }
        return new ResolvedEntities(WithEveryName(targets), identities) { Unresolved = unresolved };
    }

    /// <summary>The strongest id that the alert gives, and how to look it up; null where it gives none.</summary>
    private Lookup? LookupOf(Entity entity, CancellationToken cancellation) =>
        entity switch
        {
            { IsForeign: true } => null,
            AccountEntity { ObjectId: { } id } => ById(id, cancellation),
            AccountEntity { UserPrincipalName: { } upn } when Targets.IsMailAddress(upn) => ByAddress(upn, cancellation),
            AccountEntity { Sid: { } sid } when Targets.IsSidOfAnAccount(sid) => new Lookup(
                "sid:" + sid,
                null,
                () => accounts.BySidAsync(sid, cancellation)
            ),
            MailboxEntity { ObjectId: { } id } => ById(id, cancellation),
            MailboxEntity { PrimaryAddress: { } address } when Targets.IsMailAddress(address) => ByAddress(address, cancellation),
            MailMessageEntity { NetworkMessageId: not null, InternetMessageId: not null, Recipient: { Length: > 0 } address } =>
                Targets.IsMailAddress(address) ? ByAddress(address, cancellation) : Not(address, "the recipient is no mail address"),
            ApplicationEntity { AppId: { } id } => new Lookup("app:" + id, id, () => applications.FindAsync(id, cancellation)),
            ApplicationEntity { ObjectId: { } id } => new Lookup("app:" + id, id, () => applications.FindAsync(id, cancellation)),
            HostEntity host => new Lookup("host:" + host.Id, null, () => hosts.FindAsync(host, cancellation)),
            _ => null,
        };

    private Lookup ById(string id, CancellationToken cancellation) =>
        new("user:" + id, id, () => accounts.ByObjectIdAsync(id, cancellation));

    private Lookup ByAddress(string address, CancellationToken cancellation) =>
        new("user:" + address, address, () => accounts.ByAddressAsync(address, cancellation));

    private static Lookup Not(string id, string why) => new("not:" + id, id, () => Task.FromResult(DirectoryIdentity.Unresolved(id, why)));

    private static async Task<DirectoryIdentity> SafelyAsync(Lookup lookup, CancellationToken cancellation)
    {
        try
        {
            return await lookup.AskAsync();
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return DirectoryIdentity.Unresolved(lookup.Id, e.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return DirectoryIdentity.Unresolved(lookup.Id, "the directory did not answer in time");
        }
    }

    /// <summary>
    /// The target under the directory's id and name; where it was not resolved what the entity offers by itself, if anything.
    /// </summary>
    private static Target? TargetOf(Entity entity, DirectoryIdentity identity)
    {
        if (identity.Failed is not null)
            return Targets.Of(entity);
        var people = identity.People.Count == 0 ? null : identity.People;
        return entity switch
        {
            AccountEntity account => new Target("account", Lower(identity.Id), identity.Name)
            {
                People = people,
                Called = DirectoryNames.CalledOtherwise(account, identity),
            },
            MailboxEntity => new Target("mailbox", Lower(identity.Id), identity.Name) { People = people },
            MailMessageEntity mail => new Target(
                "mailMessage",
                Targets.CopyId(mail.NetworkMessageId!, identity.Id),
                $"{mail.Subject ?? "message " + mail.NetworkMessageId} (to {identity.Name})"
            )
            {
                People = people,
            },
            ApplicationEntity application => new Target("application", Lower(identity.Id), identity.Name)
            {
                People = people,
                Called = DirectoryNames.CalledOtherwise(application, identity),
            },
            HostEntity host => new Target("host", Lower(identity.Id), identity.Name)
            {
                People = people,
                Called = DirectoryNames.CalledOtherwise(host, identity),
            },
            _ => null,
        };
    }

    /// <summary>Where an alert names one thing twice, a wrong name beside a right one is shown all the same (S14).</summary>
    private static Dictionary<string, Target> WithEveryName(Dictionary<string, Target> targets)
    {
        var called = targets
            .Values.Where(t => t.Called is not null)
            .GroupBy(t => t.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => string.Join(", ", g.Select(t => t.Called).Distinct()), StringComparer.Ordinal);
        return targets.ToDictionary(t => t.Key, t => t.Value with { Called = called.GetValueOrDefault(t.Value.Key) });
    }

    private static string Lower(string id) => id.ToLowerInvariant();

    /// <param name="Key">The same for every entity that is looked up the same way.</param>
    /// <param name="Id">What the alert calls it.</param>
    private sealed record Lookup(string Key, string? Id, Func<Task<DirectoryIdentity>> AskAsync);
}

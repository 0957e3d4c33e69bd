using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Directory.Signals;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;
using Alert = IRFunctions.Alerts.Alert;

namespace IRFunctions.Incidents;

/// <summary>
/// Describes the identities that a decision is about: type, roles, owners' registrations, criticality, signals. Accounts, applications and
/// mailboxes alike. What could not be learned stands in the facts, and asks a person (S12).
/// </summary>
public sealed class IdentityGatherer(Criticality criticality, SignalReader signals, TimeProvider time)
{
    private const int MaxAccounts = 20;

    /// <summary>By target key; what the directory was not asked about is not in it.</summary>
    public async Task<Dictionary<string, IdentityFacts>> OfAsync(
        Alert alert,
        IReadOnlyList<Target> needed,
        ResolvedEntities resolved,
        IReadOnlyDictionary<string, OwnAction?> own,
        Policy policy,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var now = time.GetUtcNow();
        var known = needed
            .Where(t => resolved.Identities.ContainsKey(t.Key))
            .ToDictionary(t => t, t => Describe(t, resolved.Identities[t.Key], policy, now));
        var levels = CriticalityAsync(known.Keys, resolved, cancellation);
        var asked = signals.ReadAsync(
            new SignalQuestion(
                alert,
                [.. known.Select(k => SubjectOf(k.Key, k.Value, resolved.Identities[k.Key.Key], policy, now)).OfType<SignalSubject>()],
                policy.Threshold,
                now,
                client
            ),
            cancellation
        );
        await Task.WhenAll(levels, asked);
        var identities = new Dictionary<string, IdentityFacts>(StringComparer.Ordinal);
        foreach (var (target, facts) in known)
        {
            var level = (await levels).GetValueOrDefault(target.Key);
            var seen = (await asked).GetValueOrDefault(target.Key) ?? SignalFacts.None;
            var last = own.GetValueOrDefault(target.Key);
            identities[target.Key] = facts with
            {
                Shared = facts.Shared || seen.Seen.Any(s => s.Name == SignalNames.SharedUse),
                Criticality = level?.Word,
                CriticalityFailed = level?.Failed,
                LastOwnAction = last?.At,
                OwnAction = last?.Text,
                Signals = seen.Seen,
                UnknownSignals = seen.Unknown,
            };
        }
        return identities;
    }

    /// <summary>A mailbox is as critical as the account it belongs to.</summary>
    private async Task<IReadOnlyDictionary<string, CriticalityFact>> CriticalityAsync(
        IEnumerable<Target> targets,
        ResolvedEntities resolved,
        CancellationToken cancellation
    )
    {
        var asked = targets
            .Where(t => t.Kind is "account" or "host" or "mailbox")
            .Select(t => (t.Key, Of: t.Kind == "mailbox" ? new Target("account", resolved.Identities[t.Key].Id, t.Display) : t))
            .GroupBy(t => t.Of.Kind)
            .SelectMany(kind => kind.Take(MaxAccounts))
            .ToList();
        var levels = await criticality.OfAsync(asked.Select(t => t.Of).DistinctBy(t => t.Key), cancellation);
        return asked.Where(t => levels.ContainsKey(t.Of.Key)).ToDictionary(t => t.Key, t => levels[t.Of.Key]);
    }

    private static IdentityFacts Describe(Target target, DirectoryIdentity known, Policy policy, DateTimeOffset now)
    {
        string[] names = [known.Id, .. known.Names];
        var (workload, shared) = (policy.WorkloadOf(names, now), policy.SharedAccountOf(names, now));
        var isIdentity = target.Kind is "account" or "application";
        return new IdentityFacts
        {
            Type = TypeOf(target, known, policy, names, workload),
            Shared = isIdentity && (shared is not null || known.SharedSign is not null),
            Registered = isIdentity ? Registration(workload, shared, known) : null,
            Aliases = known.Names,
            Roles = known.Roles,
            OnPremisesSynced = known.OnPremisesSynced && target.Kind == "account",
            Failed = known.Failed,
            NotFound = known.NotFound,
        };
    }

    /// <summary>
    /// Break-glass as registered; then what the directory says, and a registration where the directory says no more than that it is an
    /// account or an application.
    /// </summary>
    private static IdentityType TypeOf(
        Target target,
        DirectoryIdentity known,
        Policy policy,
        IReadOnlyList<string> names,
        RegisteredWorkload? workload
    )
    {
        if (known.Failed is not null || target.Kind is not ("account" or "application" or "mailbox" or "mailMessage"))
            return IdentityType.Unknown;
        if (target.Kind is "account" or "application" && policy.IsBreakGlass(names))
            return IdentityType.BreakGlass;
        return
            known.Type is IdentityType.Person or IdentityType.ServicePrincipal && workload is not null && target.Kind is not "mailMessage"
            ? workload.Type
            : known.Type;
    }

    private static string? Registration(RegisteredWorkload? workload, SharedAccount? shared, DirectoryIdentity known)
    {
        string?[] words =
        [
            workload is null
                ? null
                : $"Registered as a workload by {workload.Owner} ({workload.Ticket}) until {workload.Until:yyyy-MM-dd}.",
            shared is null ? null : $"Registered as a shared account by {shared.Owner} ({shared.Ticket}): {shared.Why}.",
            known.SharedSign is null ? null : $"Taken for shared: {known.SharedSign}.",
        ];
        var all = string.Join(" ", words.OfType<string>());
        return all.Length > 0 ? all : null;
    }

    /// <summary>Null for what has no sign-ins: hosts, copies of mail, and what could not be resolved.</summary>
    private static SignalSubject? SubjectOf(
        Target target,
        IdentityFacts facts,
        DirectoryIdentity known,
        Policy policy,
        DateTimeOffset now
    ) =>
        facts.Failed is not null || target.Kind is not ("account" or "application" or "mailbox")
            ? null
            : new SignalSubject(target.Key, facts.Type)
            {
                AccountId = target.Kind == "application" ? null : known.Id,
                PrincipalId = known.PrincipalId,
                ClientId = known.ClientId,
                Names = [known.Id, .. known.Names],
                Registered = policy.WorkloadOf([known.Id, .. known.Names], now),
            };
}

using System.Globalization;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using IRFunctions.Limits;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Alert = IRFunctions.Alerts.Alert;

namespace IRFunctions.Incidents;

/// <summary>The pipeline's own object and application ids, which it must never contain (S9).</summary>
public sealed record OwnIdentities(IReadOnlyList<string> Ids)
{
    /// <summary>
    /// Our Entra tenant, workspaces and subscriptions, as alerts name them; empty: an alert of any tenant counts as ours.
    /// </summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];
}

/// <summary>
/// Learns what the decision needs to know: the global stop, and the things the recommendations are about. What could not be learned is a
/// fact too, and makes the decision ask (S12); only the stop must be readable.
/// </summary>
public sealed class FactsGatherer(
    DirectoryResolver directory,
    OwnIdentities own,
    OwnActions ownActions,
    Criticality criticality,
    DrillCertificates certificates,
    Hunting hunting,
    TimeProvider time
)
{
    private const int MaxAccounts = 20;
    private const string OwnActionCheck = "not_touched_by_us";
    private const string TrafficCheck = "no_legitimate_traffic";

    /// <exception cref="Exception">The global stop cannot be read; the orchestration tries again, and nothing is decided
    /// meanwhile.</exception>
    public async Task<Facts> GatherAsync(
        Alert alert,
        AlertAssessment assessment,
        Policy policy,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var resolved = await directory.ResolveAsync(FactsNeeded.Entities(alert, assessment, policy), cancellation);
        var needed = FactsNeeded.For(alert, assessment, policy, resolved.Targets);
        var stop = await GlobalStop.ReadAsync(client, cancellation);
        var last = await OwnAsync([.. needed.Identities, .. needed.Checks.Select(c => c.Target)], policy, client, cancellation);
        var identities = await IdentitiesAsync(needed.Identities, resolved, last, cancellation);
        var checks = new Dictionary<string, ContextFact>(StringComparer.Ordinal);
        foreach (var check in needed.Checks.Where(c => c.Check.Name == OwnActionCheck))
            checks[check.Key] = new ContextFact(
                last[check.Target.Key]?.At.ToString("O", CultureInfo.InvariantCulture) ?? "never",
                Detail: last[check.Target.Key]?.Text
            );
        var traffic = needed.Checks.Where(c => c.Check.Name == TrafficCheck && c.Target.Kind == "ip").ToArray();
        if (traffic.Length > 0)
            await LearnTrafficAsync(traffic, checks, cancellation);
        foreach (var check in needed.Checks.Where(c => c.Check.Name == ApprovedJobs.Check))
            checks[check.Key] = ApprovedJobs.Answer(policy, check.Target, identities.GetValueOrDefault(check.Target.Key), time.GetUtcNow());
        return new Facts
        {
            Now = time.GetUtcNow(),
            Stop = stop.Engaged ? new GlobalStopFact(stop.By, stop.Reason) : null,
            OwnIdentities = own.Ids,
            Resolved = resolved.Targets,
            Unresolved = resolved.Unresolved,
            OwnTenants = own.Tenants,
            Identities = identities,
            Checks = checks,
            Drills = await DrillsAsync(assessment, policy, cancellation),
            Budgets = new BudgetFacts { Spent = await SpentAsync(needed.BudgetKeys, client, cancellation) },
        };
    }

    /// <summary>
    /// What the budgets have given out, so that the decision can say so; the budget itself still decides when the effect is due (S8).
    /// </summary>
    private async Task<Dictionary<string, BudgetSpent>> SpentAsync(
        IReadOnlyList<string> keys,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var spent = new Dictionary<string, BudgetSpent>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            var id =
                key == BudgetFacts.Tenant ? RateLimit.For(BudgetFacts.Tenant, OwnTenant.Key) : new EntityInstanceId(nameof(RateLimit), key);
            var budget = await client.Entities.GetEntityAsync<RateLimitState>(id, cancellation: cancellation);
            if (budget is { IncludesState: true })
                spent[key] = budget.State.Spent(time.GetUtcNow());
        }
        return spent;
    }

    private async Task<Dictionary<string, IdentityFacts>> IdentitiesAsync(
        IReadOnlyList<Target> needed,
        ResolvedEntities resolved,
        IReadOnlyDictionary<string, OwnAction?> own,
        CancellationToken cancellation
    )
    {
        var levels = await criticality.OfAsync(
            needed.Where(t => t.Kind == "account").Take(MaxAccounts).Concat(needed.Where(t => t.Kind == "host").Take(MaxAccounts)),
            cancellation
        );
        var identities = new Dictionary<string, IdentityFacts>(StringComparer.Ordinal);
        foreach (var target in needed)
        {
            if (!resolved.Identities.TryGetValue(target.Key, out var known))
                continue; // It was not looked up, and stays unknown: that asks a person.
            var level = levels.GetValueOrDefault(target.Key);
            var last = own.GetValueOrDefault(target.Key);
            identities[target.Key] = Describe(target, known) with
            {
                Criticality = level?.Word,
                CriticalityFailed = level?.Failed,
                LastOwnAction = last?.At,
                OwnAction = last?.Text,
            };
        }
        return identities;
    }

    private static IdentityFacts Describe(Target target, DirectoryIdentity known) =>
        new()
        {
            Type =
                target.Kind is not ("account" or "mailbox" or "mailMessage") || known.Failed is not null ? IdentityType.Unknown
                : known.Privilege is null ? IdentityType.Person
                : IdentityType.PrivilegedPerson,
            Aliases = known.Names,
            Roles = known.Roles,
            OnPremisesSynced = known.OnPremisesSynced && target.Kind == "account",
            Failed = known.Failed,
            NotFound = known.NotFound,
        };

    /// <summary>
    /// The last drill of each recommended action; what cannot be read is absent, and absent means ask where the policy wants a drill.
    /// </summary>
    private async Task<IReadOnlyDictionary<string, DrillFact>> DrillsAsync(
        AlertAssessment assessment,
        Policy policy,
        CancellationToken cancellation
    )
    {
        var drills = new Dictionary<string, DrillFact>(StringComparer.Ordinal);
        foreach (
            var action in assessment
                .Recommendations.Select(r => r.Action)
                .Distinct()
                .Where(a => policy.Actions.TryGetValue(a, out var rule) && rule is { Reversible: Reversibility.Automatic, Tier: < 3 })
        )
        {
            try
            {
                if (await certificates.LatestAsync(action, cancellation) is { } latest)
                    drills[action] = new DrillFact(latest.At, latest.UndoneIn ?? 0);
            }
            catch (Azure.RequestFailedException)
            {
                // Absent is unknown.
            }
        }
        return drills;
    }

    /// <summary>
    /// Successful sign-ins from the addresses in the last 24 hours. Whether a connection of a device was an approved transfer no log says,
    /// so any connection counts.
    /// </summary>
    private async Task LearnTrafficAsync(CheckNeeded[] needed, Dictionary<string, ContextFact> checks, CancellationToken cancellation)
    {
        try
        {
            var signIns = await hunting.SignInsFromAsync(needed.Select(c => c.Target.Id), cancellation);
            var connections = await hunting.ConnectionsAsync(needed.Select(c => c.Target.Id), cancellation);
            foreach (var check in needed)
            {
                // What is not in the answer was not asked about, and stays unknown: that asks a person.
                if (signIns.TryGetValue(check.Target.Id, out var seen) && connections.TryGetValue(check.Target.Id, out var count))
                    checks[check.Key] = new ContextFact(((long)seen.Succeeded + count).ToString(CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            foreach (var check in needed)
                checks[check.Key] = new ContextFact(null, e.Message);
        }
    }

    /// <summary>What we did last to each target: an answer, or null for nothing.</summary>
    private async Task<Dictionary<string, OwnAction?>> OwnAsync(
        IEnumerable<Target> targets,
        Policy policy,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var last = new Dictionary<string, OwnAction?>(StringComparer.Ordinal);
        foreach (var target in targets.DistinctBy(t => t.Key))
            last[target.Key] = await ownActions.LastOnAsync(target, policy, client, cancellation);
        return last;
    }
}

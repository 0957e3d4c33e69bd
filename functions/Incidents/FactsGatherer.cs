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
    IdentityGatherer identity,
    ContextAnswers context,
    Cascades cascades,
    DrillCertificates certificates,
    TimeProvider time
)
{
    /// <exception cref="Exception">The global stop cannot be read; the orchestration tries again, and nothing is decided
    /// meanwhile.</exception>
    public async Task<Facts> GatherAsync(
        Alert alert,
        AlertAssessment assessment,
        Policy policy,
        DurableTaskClient client,
        CancellationToken cancellation,
        string incident = ""
    )
    {
        var resolved = await directory.ResolveAsync(FactsNeeded.Entities(alert, assessment, policy), cancellation);
        var needed = FactsNeeded.For(alert, assessment, policy, resolved.Targets);
        var stop = await GlobalStop.ReadAsync(client, cancellation);
        var last = await OwnAsync([.. needed.Identities, .. needed.Checks.Select(c => c.Target)], policy, client, cancellation);
        var identities = await identity.OfAsync(alert, needed.Identities, resolved, last, policy, client, cancellation);
        var checks = await context.AnswerAsync(needed.Checks, new ContextKnown(policy, identities, last, time.GetUtcNow()), cancellation);
        var echoes = await cascades.OfAsync(new CascadeQuestion(incident, alert, resolved, policy, time.GetUtcNow()), client, cancellation);
        return new Facts
        {
            Now = time.GetUtcNow(),
            Cascades = echoes.Found,
            CascadesFailed = echoes.Failed,
            Stop = stop.Engaged ? new GlobalStopFact(stop.By, stop.Reason) : null,
            OwnIdentities = own.Ids,
            Resolved = resolved.Targets,
            OwnTenants = own.Tenants,
            Identities = identities,
            Checks = checks,
            Drills = await DrillsAsync(assessment, policy, cancellation),
            Budgets = await BudgetsAsync(needed.BudgetKeys, client, cancellation),
        };
    }

    /// <summary>
    /// What the budgets have given out, so that the decision can say so; the budget itself still decides when the effect is due (S8).
    /// </summary>
    private async Task<BudgetFacts> BudgetsAsync(IReadOnlyList<string> keys, DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            return new BudgetFacts { Spent = await SpentAsync(keys, client, cancellation) };
        }
#pragma warning disable CA1031 // Whatever the engine's client throws: then the counters are not known, and nothing runs alone (S12).
        catch (Exception e) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new BudgetFacts { Failed = $"the counters could not be read ({e.GetType().Name})" };
        }
    }

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

using IRFunctions.Connections;
using IRFunctions.Http;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>One agent on the way back.</summary>
/// <param name="Restored">The state it went back to; null where it could not.</param>
/// <param name="Problem">Why not; null where it did.</param>
public sealed record RecoveryStep(string Identity, RestoredState? Restored, string? Problem);

/// <summary>
/// Brings agents back to a verified state: on the record first, then the breaker to half-open, where only the policy's safe requests pass.
/// </summary>
public sealed class AgentRecovery(RequestGuard guard, AgentSnapshots snapshots)
{
    /// <summary>Agents of one recovery; more are for people.</summary>
    private const int MaxAgents = 20;

    /// <summary>What the agent depends on, each to its latest verified state, and then the agent. Ends where one fails.</summary>
    public async Task<IReadOnlyList<RecoveryStep>> RecoverAsync(
        string identity,
        Caller caller,
        string reason,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var steps = new List<RecoveryStep>();
        var (order, problem) = await OrderAsync(identity, cancellation);
        if (problem is not null)
            return [new RecoveryStep(identity, null, problem)];
        foreach (var (agent, version) in order)
        {
            var (restored, failed) = await RestoreAsync(agent, version, caller, reason, client, cancellation);
            steps.Add(new RecoveryStep(agent, restored, failed));
            if (restored is null)
                break;
        }
        return steps;
    }

    /// <summary>One agent to one version, verified before anything changes.</summary>
    /// <returns>The state, or why it cannot be used; that stands on the record, too.</returns>
    public async Task<(RestoredState? Restored, string? Problem)> RestoreAsync(
        string identity,
        long version,
        Caller caller,
        string reason,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        RestoredState restored;
        try
        {
            restored = await snapshots.OpenAsync(identity, version, cancellation);
        }
        catch (PermanentFaultException e)
        {
            await guard.RecordAsync(
                BreakerKinds.ChainOf(identity),
                BreakerKinds.NotRestored,
                $"{caller.Name} wanted to go back to snapshot {version}: {e.Message}",
                caller.ObjectId,
                cancellation
            );
            return (null, e.Message);
        }
        var warned = restored.Warnings.Count == 0 ? "nothing it depends on has moved on" : string.Join("; ", restored.Warnings);
        await guard.RecordAsync(
            BreakerKinds.ChainOf(identity),
            BreakerKinds.Restored,
            $"{caller.Name} went back to snapshot {version} of {restored.Snapshot.TakenAt:yyyy-MM-dd HH:mm:ss} UTC (sha256 "
                + $"{restored.Snapshot.Sha256}, verified); {warned}. {reason}",
            caller.ObjectId,
            cancellation
        );
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(identity),
            nameof(CircuitBreaker.HalfOpen),
            new BreakerOrder(caller.ObjectId, $"restored from snapshot {version}. {reason}", "restored"),
            cancellation: cancellation
        );
        return (restored, null);
    }

    /// <summary>Depth first: what something depends on comes before it, and each once, however they hang together.</summary>
    private async Task<(IReadOnlyList<(string Identity, long Version)> Order, string? Problem)> OrderAsync(
        string identity,
        CancellationToken cancellation
    )
    {
        var (order, seen) = (new List<(string, long)>(), new HashSet<string>(StringComparer.Ordinal));
        return (order, await VisitAsync(identity));

        async Task<string?> VisitAsync(string agent)
        {
            if (!seen.Add(agent))
                return null;
            if (seen.Count > MaxAgents)
                return $"more than {MaxAgents} agents hang together";
            var points = await snapshots.RecoveryPointsAsync(agent, cancellation);
            if (points.FirstOrDefault(p => p.Verified) is not { } latest)
                return $"{agent} has no recovery point that can be verified";
            foreach (var dependency in latest.Snapshot.Dependencies.Where(d => d.Version > 0))
                if (await VisitAsync(dependency.Identity) is { } problem)
                    return problem;
            order.Add((agent, latest.Snapshot.Version));
            return null;
        }
    }
}

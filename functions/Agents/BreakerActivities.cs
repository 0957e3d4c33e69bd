using IRFunctions.Limits;
using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>What became of showing a change to the gate.</summary>
/// <param name="Halted">Reason of the global stop where it is engaged; null otherwise.</param>
/// <param name="PolicyHash">Policy in force, archived.</param>
/// <param name="Ends">Actions whose containment the change ends.</param>
public sealed record PublishReport(string? Halted, string PolicyHash, IReadOnlyList<string> Ends);

/// <summary>The activities of a breaker's changes.</summary>
public sealed class BreakerActivities(GateTable board, PolicyStore policies, PolicyArchive archive)
{
    /// <summary>Shows a change to every instance of the gate. Null where a later change is shown already.</summary>
    [Function(nameof(ShowGate))]
    public async Task<PublishReport?> ShowGate(
        [ActivityTrigger] BreakerChange change,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var policy = policies.Current;
        if (change.To == BreakerStatus.Open)
        {
            // Denying is an effect as any other: the stop halts it (S13). What lets requests through again is not halted.
            var stop = await GlobalStop.ReadAsync(client, cancellation);
            if (await board.IsSupersededAsync(change.Identity, change.Number, cancellation))
                return null;
            if (stop.Engaged)
                return new PublishReport(stop.Reason, policy.Hash, []);
        }
        await archive.KeepAsync(policy, cancellation);
        var shown = await board.PublishAsync(
            new GateTableEntry(change.Identity, change.To, change.Number, change.Until, change.LimitedUntil, change.Reason),
            cancellation
        );
        return shown ? new PublishReport(null, policy.Hash, Quarantine.EndsWith(change, policy)) : null;
    }
}

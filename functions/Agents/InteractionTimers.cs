using IRFunctions.People;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>Moves evidence of interactions by its age, and pages where some is gone or was changed.</summary>
public sealed class InteractionTimers(InteractionMover mover, Pager pager)
{
    /// <summary>Every hour: out of the table, into the archive, and out.</summary>
    [Function("MoveInteractions")]
    public async Task MoveAsync(
        [TimerTrigger("0 10 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => await TellAsync(await mover.MoveAsync((identity, stop) => RiskAsync(client, identity, stop), cancellation), cancellation);

    /// <summary>Every night: the parts are compared with the record and with their hashes.</summary>
    [Function("CheckInteractions")]
    public async Task CheckAsync([TimerTrigger("0 40 2 * * *")] TimerInfo timer, CancellationToken cancellation) =>
        await TellAsync(await mover.CheckAsync(cancellation), cancellation);

    /// <summary>When an identity was risky, as its breaker remembers; null where it never reported anything.</summary>
    internal static async Task<RiskyHours?> RiskAsync(DurableTaskClient client, string identity, CancellationToken cancellation) =>
        await client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(identity), cancellation: cancellation)
            is { IncludesState: true, State: { } state }
            ? state.RiskyHours
            : null;

    private async Task TellAsync(IReadOnlyList<string> problems, CancellationToken cancellation)
    {
        foreach (var problem in problems)
            await pager.PageAsync(
                $"evidence-{RecordIndex.Digest(problem)}",
                $"EVIDENCE OF INTERACTIONS WAS CHANGED: {problem}",
                PageSeverity.Critical,
                cancellation
            );
    }
}

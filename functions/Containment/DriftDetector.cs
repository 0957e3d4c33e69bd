using IRFunctions.Alerts;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>Reads back what is in effect, and tells where somebody changed behind us what we contained.</summary>
public sealed class DriftDetector(ActionCatalog catalogue, AuditChain audit, Pager pager, TimeProvider time)
{
    /// <summary>After this long every copy of a directory answers what we wrote to one of them.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Looks at one containment. What somebody changed behind us is told once, never fought over, and remembered, so that the undo leaves
    /// what they make of it.
    /// </summary>
    public async Task LookAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        if (state.Status is not (ContainmentStatus.Live or ContainmentStatus.Confirmed) || state.Target is null || state.Prior is null)
            return;
        var (action, looked) = (catalogue.Find(state.Action), time.GetUtcNow());
        if (await DoneAtAsync(client, state, cancellation) is not { } done)
            return;
        var there = await action.VerifyAsync(state.Target, state.Prior, cancellation);
        var what = $"{state.Action} on {TextBounds.OneLine(state.Target.Display, 120)}";
        if (there == true && state.DriftedAt is not null && !action.KnowsItsOwn)
            await TellDriftAsync(
                "drift-back",
                key,
                state,
                $"{what} was gone and is in effect again, and we did not do it: it is somebody else's now and stays until somebody "
                    + $"ends it by hand",
                cancellation
            );
        if (there != false || !await IsStillAsync(client, state, cancellation))
            return;
        await TellDriftAsync(
            "drift",
            key,
            state,
            $"{what} is not in effect any more, and we did not undo it: somebody changed it behind us. It is left as it is",
            cancellation
        );
        // So soon after we did it, the answer may be an older one from another copy of the directory. To believe it would leave the target
        // contained for good.
        if (done + Settled > looked)
            return;
        await client.Entities.SignalEntityAsync(
            ScheduledRollback.For(state.Action, state.Target),
            nameof(ScheduledRollback.NoticeDrift),
            new DriftSeen(state.Generation, looked),
            cancellation: cancellation
        );
    }

    /// <summary>When the last order on it ended; null while one is still at work: not there yet is no drift.</summary>
    private static async Task<DateTimeOffset?> DoneAtAsync(DurableTaskClient client, RollbackState state, CancellationToken cancellation)
    {
        var done = state.HeldAt ?? DateTimeOffset.MinValue;
        foreach (var hold in state.Holds)
        {
            var order = await client.GetInstanceAsync($"contain-{hold.OrderId}", cancellation);
            if (order is { RuntimeStatus: OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Pending })
                return null;
            if (order?.LastUpdatedAt > done)
                done = order.LastUpdatedAt;
        }
        return done;
    }

    /// <summary>Whether it stands as it did when it was listed: what is gone because we undid it meanwhile is no drift.</summary>
    private static async Task<bool> IsStillAsync(DurableTaskClient client, RollbackState state, CancellationToken cancellation) =>
        await client.Entities.GetEntityAsync<RollbackState>(ScheduledRollback.For(state.Action, state.Target!), cancellation: cancellation)
            is { IncludesState: true } now
        && now.State.Status == state.Status
        && now.State.Generation == state.Generation
        && now.State.HeldAt == state.HeldAt;

    /// <summary>On the record and to people, once for what was done once.</summary>
    private async Task TellDriftAsync(string kind, string key, RollbackState state, string text, CancellationToken cancellation)
    {
        var id = $"{kind}-{Fingerprint.Of(key)}-{state.Generation}-{state.HeldAt?.UtcTicks ?? 0}";
        var news = false;
        foreach (var incident in state.Incidents)
            news |=
                (
                    await audit.AppendAsync(
                        incident,
                        [new AuditFact(id, ContainmentKinds.Drifted, text, "watchdog", AboutOf(state))],
                        cancellation
                    )
                ).Count > 0;
        if (news)
            await pager.PageAsync(
                id,
                $"DRIFT: {text}. Ask who did it; contain again if it was the attacker.",
                PageSeverity.Error,
                cancellation
            );
    }

    private static string? AboutOf(RollbackState state) =>
        AuditJson.Of(new { state.Generation, state.Status }, Recorder.AboutOf(state.Action, state.Target!));
}

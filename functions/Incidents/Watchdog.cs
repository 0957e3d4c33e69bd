using IRFunctions.Approvals;
using IRFunctions.Audit;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Safeguards;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Incidents;

/// <summary>
/// Looks from the outside at what should be happening: a live containment without a live timer or undo is set going again, a request nobody moves is
/// ended, an effect that is gone is told (drift). Whatever it finds is on the record and paged before it is repaired (S7, S11).
/// </summary>
public sealed partial class Watchdog(Catalogue catalogue, AuditChain audit, Pager pager, TimeProvider time, ILogger<Watchdog> log)
{
    /// <summary>A timer this late is lost: durable timers are late by seconds, not minutes.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>After this long every copy of a directory answers what we wrote to one of them.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(5);

    /// <summary>A request this long past its deadline is ended for good.</summary>
    private static readonly TimeSpan LastGrace = TimeSpan.FromMinutes(10);

    /// <summary>Containments read back in one round; the next round goes on where this one ended.</summary>
    private const int ReadBackAtOnce = 200;

    private static readonly string Prefix = $"@{nameof(ScheduledRollback).ToLowerInvariant()}@";

    /// <summary>One round. What fails for one containment does not keep the others from being looked at.</summary>
    public async Task LookAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var live = new List<(string Key, RollbackState State)>();
        await foreach (var entity in client.Entities.GetAllEntitiesAsync<RollbackState>(new EntityQuery { InstanceIdStartsWith = Prefix, IncludeState = true }).WithCancellation(cancellation))
            if (entity.State is { Status: ContainmentStatus.Live or ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed or ContainmentStatus.Confirmed } state)
                live.Add((entity.Id.Key, state));
        foreach (var (key, state) in live) await GuardAsync(key, () => RepairAsync(client, key, state, cancellation));
        foreach (var (key, state) in Turn(live)) await GuardAsync(key, () => NoticeDriftAsync(client, key, state, cancellation));
        await WatchRequestsAsync(client, cancellation);
        await WatchFailuresAsync(client, cancellation);
    }

    private async Task RepairAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        if (await ProblemAsync(client, key, state, cancellation) is not { } problem) return;
        var id = $"watchdog-{Fingerprint.Of(key)}-{state.Generation}-{state.UndoAttempts}-{state.UndoAt?.UtcTicks ?? 0}";
        foreach (var incident in state.Incidents)
            await audit.AppendAsync(incident, [new AuditFact(id, ContainmentKinds.Repaired, $"the watchdog found that {problem}; it is set going again", "watchdog", AboutOf(state))], cancellation);
        await client.Entities.SignalEntityAsync(ScheduledRollback.For(state.Action, state.Target!), nameof(ScheduledRollback.Resume), state.Generation, cancellation: cancellation);
        await pager.PageAsync(id, $"WATCHDOG: {state.Action} on {Sentences.Short(state.Target!.Display, 120)}: {problem}. It is set going again; look whether it ends.", "critical", cancellation);
    }

    /// <summary>What is wrong with a containment that should be moving by itself; null where nothing is.</summary>
    private async Task<string?> ProblemAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        switch (state.Status)
        {
            case ContainmentStatus.Live when state.Holds.Count == 0:
                return "it is live but nobody holds it";
            case ContainmentStatus.Live when state.Holds.Any(h => h.Until + Grace < now):
                return $"its timer is {Sentences.Length(now - state.Holds.Min(h => h.Until))} late";
            case ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed when state.AskedAt + Grace < now:
                var undo = await client.GetInstanceAsync(ScheduledRollback.UndoInstance(key, state), cancellation);
                return undo is { RuntimeStatus: OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Pending } ? null
                    : $"its undo is not running ({undo?.RuntimeStatus.ToString() ?? "never started"})";
            default:
                return null;
        }
    }

    /// <summary>Somebody changed behind us what we contained: told once, never fought over, and remembered, so that the undo leaves what they make of it.</summary>
    private async Task NoticeDriftAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        if (state.Status is not (ContainmentStatus.Live or ContainmentStatus.Confirmed) || state.Target is null || state.Prior is null) return;
        var (action, looked) = (catalogue.Find(state.Action), time.GetUtcNow());
        if (await DoneAtAsync(client, state, cancellation) is not { } done) return;
        var there = await action.VerifyAsync(state.Target, state.Prior, cancellation);
        var what = $"{state.Action} on {Sentences.Short(state.Target.Display, 120)}";
        if (there == true && state.DriftedAt is not null && !action.KnowsItsOwn)
            await TellDriftAsync("drift-back", key, state, $"{what} was gone and is in effect again, and we did not do it: it is somebody else's now and stays until somebody ends it by hand", cancellation);
        if (there != false || !await IsStillAsync(client, state, cancellation)) return;
        await TellDriftAsync("drift", key, state, $"{what} is not in effect any more, and we did not undo it: somebody changed it behind us. It is left as it is", cancellation);
        // So soon after we did it, the answer may be an older one from another copy of the directory. To believe it would leave the target contained for good.
        if (done + Settled > looked) return;
        await client.Entities.SignalEntityAsync(ScheduledRollback.For(state.Action, state.Target), nameof(ScheduledRollback.NoticeDrift), new DriftSeen(state.Generation, looked), cancellation: cancellation);
    }

    /// <summary>When the last order on it ended; null while one is still at work: not there yet is no drift.</summary>
    private static async Task<DateTimeOffset?> DoneAtAsync(DurableTaskClient client, RollbackState state, CancellationToken cancellation)
    {
        var done = state.HeldAt ?? DateTimeOffset.MinValue;
        foreach (var hold in state.Holds)
        {
            var order = await client.GetInstanceAsync($"contain-{hold.OrderId}", cancellation);
            if (order is { RuntimeStatus: OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Pending }) return null;
            if (order?.LastUpdatedAt > done) done = order.LastUpdatedAt;
        }
        return done;
    }

    /// <summary>Whether it stands as it did when it was listed: what is gone because we undid it meanwhile is no drift.</summary>
    private static async Task<bool> IsStillAsync(DurableTaskClient client, RollbackState state, CancellationToken cancellation) =>
        await client.Entities.GetEntityAsync<RollbackState>(ScheduledRollback.For(state.Action, state.Target!), cancellation: cancellation) is { IncludesState: true } now
        && now.State.Status == state.Status && now.State.Generation == state.Generation && now.State.HeldAt == state.HeldAt;

    /// <summary>On the record and to people, once for what was done once.</summary>
    private async Task TellDriftAsync(string kind, string key, RollbackState state, string text, CancellationToken cancellation)
    {
        var id = $"{kind}-{Fingerprint.Of(key)}-{state.Generation}-{state.HeldAt?.UtcTicks ?? 0}";
        var news = false;
        foreach (var incident in state.Incidents)
            news |= (await audit.AppendAsync(incident, [new AuditFact(id, ContainmentKinds.Drifted, text, "watchdog", AboutOf(state))], cancellation)).Count > 0;
        if (news) await pager.PageAsync(id, $"DRIFT: {text}. Ask who did it; contain again if it was the attacker.", "error", cancellation);
    }

    /// <summary>A pending request must climb or end in time; one that does not is paged, and ended when it is hopeless, so that its incident goes on.</summary>
    private async Task WatchRequestsAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var query = new OrchestrationQuery { InstanceIdPrefix = "approval-", Statuses = [OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending], FetchInputsAndOutputs = true };
        await foreach (var request in client.GetAllInstancesAsync(query).WithCancellation(cancellation))
            await GuardAsync(request.InstanceId, () => WatchRequestAsync(client, request, cancellation));
    }

    private async Task WatchRequestAsync(DurableTaskClient client, OrchestrationMetadata request, CancellationToken cancellation)
    {
        var view = request.SerializedCustomStatus is null ? null : request.ReadCustomStatusAs<ApprovalView>();
        var due = view is null ? request.CreatedAt + Grace : view.Stage + 1 < view.Rungs.Count ? view.Rungs[view.Stage + 1].StartsAt : view.Deadline;
        var late = time.GetUtcNow() - due;
        if (late < Grace) return;
        await pager.PageAsync($"stuck-{request.InstanceId}-{view?.Stage}", $"WATCHDOG: request {request.InstanceId} should have moved {Sentences.Length(late)} ago" +
            $"{(view is null ? "" : $": {Sentences.Short(view.Request.Title, 200)}")}. Nothing runs without an answer; decide by hand.", "critical", cancellation);
        if (late < LastGrace) return;
        // Its incident then ends as failed and pages people; waiting for ever would lose the alert (S10).
        await client.TerminateInstanceAsync(request.InstanceId, "ended by the watchdog: it did not move in time", cancellation);
    }

    /// <summary>An orchestration that failed for good is a bug or a lost store; either way a person must know (S10, S12).</summary>
    private async Task WatchFailuresAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        foreach (var prefix in (string[])["incident-", "undo-"])
        {
            var query = new OrchestrationQuery { InstanceIdPrefix = prefix, Statuses = [OrchestrationRuntimeStatus.Failed] };
            await foreach (var failed in client.GetAllInstancesAsync(query).WithCancellation(cancellation))
                await GuardAsync(failed.InstanceId, () => pager.PageAsync($"failed-{failed.InstanceId}", $"WATCHDOG: {failed.InstanceId} failed for good: {failed.FailureDetails?.ErrorMessage}", "critical", cancellation));
        }
    }

    private IEnumerable<(string Key, RollbackState State)> Turn(List<(string Key, RollbackState State)> live)
    {
        if (live.Count <= ReadBackAtOnce) return live;
        var round = time.GetUtcNow().ToUnixTimeSeconds() / 60 / 5;
        var start = (int)(round * ReadBackAtOnce % live.Count);
        return live.Skip(start).Concat(live.Take(start)).Take(ReadBackAtOnce);
    }

    private static string? AboutOf(RollbackState state) => AuditJson.Of(new { state.Generation, state.Status }, Recorder.AboutOf(state.Action, state.Target!));

    private async Task GuardAsync(string what, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException or Azure.RequestFailedException)
        {
            LogSkipped(what, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watchdog could not look at {What}, next round tries again: {Problem}")]
    private partial void LogSkipped(string what, string problem);
}

using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Storage;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Incidents;

/// <summary>
/// Looks from the outside at what should be happening: a live containment without a live timer or undo is set going again, a request nobody
/// moves is ended, an effect that is gone is told (drift). Whatever it finds is on the record and paged before it is repaired (S7, S11).
/// </summary>
public sealed partial class Watchdog(
    AuditChain audit,
    DriftDetector drift,
    HoldKeeper keeper,
    ApprovalRegister register,
    IncidentTable incidents,
    Pager pager,
    RowTrouble trouble,
    TimeProvider time,
    ILogger<Watchdog> log,
    IoTime? io = null
)
{
    /// <summary>A timer this late is lost: durable timers are late by seconds, not minutes.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>A request this long past its deadline is ended for good.</summary>
    private static readonly TimeSpan LastGrace = TimeSpan.FromMinutes(10);

    /// <summary>By the pipeline's clock, which may run faster than the machine that sets the timers.</summary>
    private TimeSpan Late => io?.ByPipeline(Grace) ?? Grace;

    /// <summary>Containments read back in one round; the next round goes on where this one ended.</summary>
    private const int ReadBackAtOnce = 200;

    private const int PageSize = 200;

    /// <summary>One round. What fails for one containment, or cannot be read, does not keep the others from being looked at.</summary>
    public async Task LookAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var live = new List<(string Key, RollbackState State)>();
        var owners = new Dictionary<string, RollbackState>(StringComparer.Ordinal);
        await GuardAsync(
            "the list of containments",
            async () =>
            {
                await foreach (var (id, state) in Containments.AllAsync(client, trouble, cancellation))
                {
                    owners[id] = state;
                    if (
                        state is
                        {
                            Target: not null,
                            Prior: not null,
                            Status: ContainmentStatus.Live
                                or ContainmentStatus.Undoing
                                or ContainmentStatus.RollbackFailed
                                or ContainmentStatus.Confirmed
                        }
                    )
                        live.Add((id, state));
                }
                await GuardAsync("the table of holds", () => keeper.LookAsync(client, owners, cancellation));
            }
        );
        foreach (var (key, state) in live)
            await GuardAsync(key, () => RepairAsync(client, key, state, cancellation));
        foreach (var (key, state) in Turn(live))
            await GuardAsync(key, () => drift.LookAsync(client, key, state, cancellation));
        await GuardAsync("the list of requests", () => WatchRequestsAsync(client, cancellation));
        foreach (var prefix in (string[])["incident-", "undo-"])
            await GuardAsync($"the list of {prefix}", () => WatchFailuresAsync(client, prefix, cancellation));
    }

    private async Task RepairAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        if (await ProblemAsync(client, key, state, cancellation) is not { } problem)
            return;
        var id = $"watchdog-{Fingerprint.Of(key)}-{state.Generation}-{state.UndoAttempts}-{state.UndoAt?.UtcTicks ?? 0}";
        foreach (var incident in state.Incidents)
            await audit.AppendAsync(
                incident,
                [
                    new AuditFact(
                        id,
                        ContainmentKinds.Repaired,
                        $"the watchdog found that {problem}; it is set going again",
                        "watchdog",
                        AboutOf(state)
                    ),
                ],
                cancellation
            );
        await client.Entities.SignalEntityAsync(
            ScheduledRollback.For(state.Action, state.Target!),
            nameof(ScheduledRollback.Resume),
            state.Generation,
            cancellation: cancellation
        );
        await pager.PageAsync(
            id,
            $"WATCHDOG: {state.Action} on {TextBounds.OneLine(state.Target!.Display, 120)}: {problem}. It is set going again; look "
                + $"whether it ends.",
            PageSeverity.Critical,
            cancellation
        );
    }

    /// <summary>What is wrong with a containment that should be moving by itself; null where nothing is.</summary>
    private async Task<string?> ProblemAsync(DurableTaskClient client, string key, RollbackState state, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        switch (state.Status)
        {
            case ContainmentStatus.Live when state.Holds.Count == 0:
                return "it is live but nobody holds it";
            case ContainmentStatus.Live when state.Holds.Any(h => h.Until + Late < now):
                return $"its timer is {TimeText.Length(now - state.Holds.Min(h => h.Until))} late";
            case ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed when state.AskedAt + Late < now:
                var undo = await client.GetInstanceAsync(ScheduledRollback.UndoInstance(key, state), cancellation);
                return undo is { RuntimeStatus: OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Pending }
                    ? null
                    : $"its undo is not running ({undo?.RuntimeStatus.ToString() ?? "never started"})";
            default:
                return null;
        }
    }

    /// <summary>
    /// A pending request must climb or end in time; one that does not is paged, and ended when it is hopeless, so that its incident goes
    /// on.
    /// </summary>
    private async Task WatchRequestsAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        var running = await ListAsync(
            client,
            ApprovalView.InstancePrefix,
            [OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending],
            cancellation
        );
        foreach (var request in running)
            await GuardAsync(request.InstanceId, () => WatchRequestAsync(client, request, cancellation));
        var seen = running.Select(r => r.InstanceId).ToHashSet(StringComparer.Ordinal);
        string? continuation = null;
        do
        {
            (var waiting, continuation) = await register.PendingAsync(continuation, PageSize, cancellation);
            foreach (var id in waiting.Where(id => !seen.Contains(id)))
                await GuardAsync(id, () => WatchLeftAsync(client, id, cancellation));
        } while (continuation is not null);
    }

    private async Task WatchRequestAsync(DurableTaskClient client, OrchestrationMetadata request, CancellationToken cancellation)
    {
        var view = await register.ViewAsync(request.InstanceId, cancellation);
        var due =
            view is null ? request.CreatedAt + Late
            : view.Stage + 1 < view.Rungs.Count ? view.Rungs[view.Stage + 1].StartsAt
            : view.Deadline;
        var late = time.GetUtcNow() - due;
        if (late < Late)
            return;
        await pager.PageAsync(
            $"stuck-{request.InstanceId}-{view?.Stage}",
            $"WATCHDOG: request {request.InstanceId} should have moved {TimeText.Length(late)} ago"
                + $"{(view is null ? "" : $": {TextBounds.OneLine(view.Request.Title, 200)}")}. Nothing runs without an answer; "
                + $"decide by hand.",
            PageSeverity.Critical,
            cancellation
        );
        if (late < (io?.ByPipeline(LastGrace) ?? LastGrace))
            return;
        // Its incident then ends as failed and pages people; waiting for ever would lose the alert (S10).
        await client.TerminateInstanceAsync(request.InstanceId, "ended by the watchdog: it did not move in time", cancellation);
        await EndAsync(request.InstanceId, view, cancellation);
    }

    /// <summary>
    /// The register says that it waits, and no orchestration does: what is shown as waiting must be able to hear an answer (S14).
    /// </summary>
    private async Task WatchLeftAsync(DurableTaskClient client, string id, CancellationToken cancellation)
    {
        var instance = await InstanceAsync(
            client,
            id,
            "The request cannot be answered: decide by hand, then delete the instance's row in the task hub's table Instances.",
            cancellation
        );
        if (instance.Known && !ApprovalView.IsUnderWay(instance.Metadata))
            await EndAsync(id, await register.ViewAsync(id, cancellation), cancellation);
    }

    private async Task EndAsync(string id, ApprovalView? view, CancellationToken cancellation)
    {
        await register.CloseAsync(id, ApprovalState.Expired, cancellation);
        if (view is { State: ApprovalState.Pending })
            await register.KeepAsync(id, view with { State = ApprovalState.Expired, EndedAt = time.GetUtcNow() }, cancellation);
        await register.DropPendingAsync(id, cancellation);
    }

    /// <summary>
    /// An orchestration that failed for good is a bug, a limit or a lost store; either way a person must know (S10, S12).
    /// </summary>
    private async Task WatchFailuresAsync(DurableTaskClient client, string prefix, CancellationToken cancellation)
    {
        foreach (var failed in await ListAsync(client, prefix, [OrchestrationRuntimeStatus.Failed], cancellation))
            await GuardAsync(
                failed.InstanceId,
                async () =>
                    await pager.PageAsync(
                        $"failed-{failed.InstanceId}",
                        await FailureAsync(failed, cancellation),
                        PageSeverity.Critical,
                        cancellation
                    )
            );
    }

    /// <summary>
    /// Everything that is known about a failure. The host's own failures carry no details and take the custom status with them.
    /// </summary>
    private async Task<string> FailureAsync(OrchestrationMetadata failed, CancellationToken cancellation)
    {
        var shown = await ShownAsync(failed.InstanceId, cancellation);
        var stood = shown is null ? "" : $" It stood at {shown.Outcome}; alert: {TextBounds.OneLine(shown.Title, 200)}.";
        return $"WATCHDOG: {failed.InstanceId} ({failed.Name}) failed for good: {InstanceFailure.Of(failed)}. Begun "
            + $"{TimeText.Utc(failed.CreatedAt)}, failed {TimeText.Utc(failed.LastUpdatedAt)}.{stood}"
            + " Nothing more happens for it by itself; go on by hand.";
    }

    private async Task<IncidentView?> ShownAsync(string instance, CancellationToken cancellation)
    {
        if (!instance.StartsWith("incident-", StringComparison.Ordinal))
            return null;
        var number = instance.IndexOf('-', "incident-".Length);
        try
        {
            return number < 0 ? await incidents.FindAsync(instance, 1, cancellation)
                : int.TryParse(instance.AsSpan(number + 1), out var n) ? await incidents.FindAsync(instance[..number], n, cancellation)
                : null;
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, cancellation);
            return null;
        }
    }

    /// <summary>The engine's list, and pages about what it cannot read.</summary>
    private async Task<List<OrchestrationMetadata>> ListAsync(
        DurableTaskClient client,
        string prefix,
        OrchestrationRuntimeStatus[] statuses,
        CancellationToken cancellation
    )
    {
        var listing = await InstanceList.ReadAsync(client, prefix, statuses, cancellation);
        foreach (var (start, problem) in listing.Unreadable)
            await trouble.TellAsync(
                $"an orchestration whose id begins with {start}",
                problem,
                "Look in the task hub's table Instances for a row of that partition without a Name; if its orchestration is dead, go "
                    + "on by hand and delete the row.",
                cancellation
            );
        return listing.Found;
    }

    /// <summary>One instance; not known where the engine cannot read it, which is paged.</summary>
    private async Task<(bool Known, OrchestrationMetadata? Metadata)> InstanceAsync(
        DurableTaskClient client,
        string id,
        string remedy,
        CancellationToken cancellation
    )
    {
        try
        {
            return (true, await client.GetInstanceAsync(id, cancellation));
        }
#pragma warning disable CA1031 // Whatever an engine throws over a row that it cannot read.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            await trouble.TellAsync($"instance {id}", e.Message, remedy, cancellation);
            return (false, null);
        }
    }

    private IEnumerable<(string Key, RollbackState State)> Turn(List<(string Key, RollbackState State)> live)
    {
        if (live.Count <= ReadBackAtOnce)
            return live;
        var round = time.GetUtcNow().ToUnixTimeSeconds() / 60 / 5;
        var start = (int)(round * ReadBackAtOnce % live.Count);
        return live.Skip(start).Concat(live.Take(start)).Take(ReadBackAtOnce);
    }

    private static string? AboutOf(RollbackState state) =>
        AuditJson.Of(new { state.Generation, state.Status }, Recorder.AboutOf(state.Action, state.Target!));

    /// <summary>A watchdog that one row can stop watches nothing: whatever is thrown, the rest is looked at.</summary>
    private async Task GuardAsync(string what, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, CancellationToken.None);
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException or Azure.RequestFailedException)
        {
            LogSkipped(what, e.Message); // Something is away; the next round tries again.
        }
#pragma warning disable CA1031 // Nobody else looks; what is wrong here is told.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogSkipped(what, e.Message);
            await trouble.TellAsync(
                what,
                $"{e.GetType().Name}: {e.Message}",
                "The watchdog does not watch it until that is mended; look at it by hand.",
                CancellationToken.None
            );
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watchdog could not look at {What}, next round tries again: {Problem}")]
    private partial void LogSkipped(string what, string problem);
}

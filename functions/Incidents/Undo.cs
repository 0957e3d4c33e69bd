using System.Globalization;
using IRFunctions.Audit;
using IRFunctions.Containment;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>
/// Puts back what a containment changed, and keeps trying until it is back: a rollback that fails pages a person at once and again as the waits grow (S7).
/// The global stop never halts it (S13).
/// </summary>
public static class Undo
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    [Function(ScheduledRollback.UndoOrchestration)]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<UndoOrder>()!;
        var record = new Recorder(context, order.Incidents);
        var entity = ScheduledRollback.For(order.Action, order.Target);
        await record.WriteAsync(AuditKinds.Undoing, Sentences.Undoing(order), order.By, new { order.Containment, order.Generation, order.Cause, order.Reason });
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await EndAsync(context, record, order, await UndoEffectAsync(context, order));
                return;
            }
            catch (TaskFailedException e) when (e.TaskName == nameof(ContainmentSteps.UndoEffect))
            {
                await FailAsync(context, record, order, attempt, pause, e.FailureDetails.ErrorMessage);
            }
            await context.CreateTimer(pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (await context.Entities.CallEntityAsync<bool>(entity, nameof(ScheduledRollback.Wants), new UndoTurn(order.Generation, order.Attempt))) continue;
            await record.WriteAsync(ContainmentKinds.TakenOver, "a later release or the watchdog took this undo over");
            return;
        }
    }

    private static async Task<UndoReport> UndoEffectAsync(TaskOrchestrationContext context, UndoOrder order)
    {
        if (order.Prior.Shared is not { } shared) return await context.CallActivityAsync<UndoReport>(nameof(ContainmentSteps.UndoEffect), order, Patience.ForTheTenant);
        await using var turn = await context.Entities.LockEntitiesAsync(Turn.For(shared));
        return await context.CallActivityAsync<UndoReport>(nameof(ContainmentSteps.UndoEffect), order, Patience.ForTheTenant);
    }

    private static async Task EndAsync(TaskOrchestrationContext context, Recorder record, UndoOrder order, UndoReport report)
    {
        var took = report.VerifiedAt - order.AskedAt;
        var time = took is { } length ? string.Create(CultureInfo.InvariantCulture, $"; read back {length.TotalSeconds:0.0} s after it was asked for") : "";
        await context.Entities.SignalEntityAsync(ScheduledRollback.For(order.Action, order.Target), nameof(ScheduledRollback.Undone),
            new UndoResult(order.Generation, true, report.Text, order.Cause, took, order.Attempt));
        await record.WriteAsync(report.Restored ? AuditKinds.Undone : AuditKinds.NotUndone, report.Text + time,
            data: new { order.Containment, order.Generation, order.AskedAt, report.VerifiedAt, seconds = took?.TotalSeconds });
        if (report.Restored) return;
        // Somebody else's later change won: whoever runs the incident should know that it is not as they left it.
        await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"not-undone-{context.InstanceId}", Sentences.NotUndonePage(order, report.Text), "warning"), Patience.ForPeople);
    }

    private static async Task FailAsync(TaskOrchestrationContext context, Recorder record, UndoOrder order, int attempt, TimeSpan pause, string problem)
    {
        var next = context.CurrentUtcDateTime + pause;
        await record.WriteAsync(AuditKinds.RollbackFailed, $"attempt {attempt} to undo {order.Action} failed: {problem}; next attempt at {next:yyyy-MM-dd HH:mm:ss} UTC",
            data: new { order.Containment, order.Generation, attempt, next, since = order.AskedAt });
        await context.Entities.SignalEntityAsync(ScheduledRollback.For(order.Action, order.Target), nameof(ScheduledRollback.Undone),
            new UndoResult(order.Generation, false, problem, order.Cause, Attempt: order.Attempt));
        try
        {
            await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"rollback-failed-{context.InstanceId}-{attempt}",
                Sentences.RollbackFailedPage(order, attempt, next, problem), "critical"), Patience.ForPeople);
        }
        catch (TaskFailedException e)
        {
            // With the pager down the undo must still go on; the watchdog pages as well.
            await record.WriteAsync(AuditKinds.Failed, $"nobody could be paged: {e.FailureDetails.ErrorMessage}");
        }
    }
}

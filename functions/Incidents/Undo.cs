using IRFunctions.Audit;
using IRFunctions.Containment;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

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
        var record = new Recorder(context, order.Incidents) { About = Recorder.AboutOf(order.Action, order.Target) };
        var entity = ScheduledRollback.For(order.Action, order.Target);
        await record.WriteAsync(AuditKinds.Undoing, Sentences.Undoing(order), order.By, new { order.Containment, order.Generation, order.Cause, order.Reason });
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var report = await context.CallActivityAsync<UndoReport>(nameof(ContainmentSteps.UndoEffect), order, Patience.ForTheTenant);
                await record.WriteAsync(report.Restored ? AuditKinds.Undone : AuditKinds.NotUndone, report.Text);
                await context.Entities.SignalEntityAsync(entity, nameof(ScheduledRollback.Undone), new UndoResult(order.Generation, true, report.Text, order.Cause));
                return;
            }
            catch (TaskFailedException e)
            {
                var problem = e.FailureDetails.ErrorMessage;
                await record.WriteAsync(AuditKinds.RollbackFailed, $"attempt {attempt} to undo {order.Action} failed: {problem}");
                await context.Entities.SignalEntityAsync(entity, nameof(ScheduledRollback.Undone), new UndoResult(order.Generation, false, problem, order.Cause));
                await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"rollback-failed-{context.InstanceId}-{attempt}", Sentences.RollbackFailedPage(order, problem), "critical"), Patience.ForPeople);
            }
            await context.CreateTimer(pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}

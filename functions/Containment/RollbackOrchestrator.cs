using System.Globalization;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// Puts back what a containment changed, and keeps trying until it is back: a rollback that fails pages a person at once and again as the
/// waits grow (S7).
/// The global stop never halts it (S13), nor does a pager or a record that fails.
/// </summary>
public sealed class RollbackOrchestrator
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly TaskOrchestrationContext context;
    private readonly RollbackOrder order;
    private readonly Recorder record;

    private RollbackOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        order = context.GetInput<RollbackOrder>()!;
        record = new Recorder(context, order.Incidents) { About = Recorder.AboutOf(order.Action, order.Target) };
    }

    private EntityInstanceId Owner => ScheduledRollback.For(order.Action, order.Target);

    [Function(nameof(RollbackOrchestrator))]
    public static Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) => new RollbackOrchestrator(context).RunAsync();

    private async Task RunAsync()
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            var problem = await TryAsync(() => UndoAsync(attempt));
            if (problem is null)
                return;
            await ReportFailureAsync(attempt, pause, problem);
            await context.CreateTimer(pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            // Somebody may have released it, or another incident may hold it by now: what this undo would put back is then not its own any
            // more (S6).
            if (
                !await context.Entities.CallEntityAsync<bool>(
                    Owner,
                    nameof(ScheduledRollback.TryAgain),
                    new RollbackAttempt(order.Generation, order.Number)
                )
            )
            {
                await TryAsync(() => record.WriteAsync(ContainmentKinds.TakenOver, "another release or hold took this undo over"));
                return;
            }
        }
    }

    private async Task UndoAsync(int attempt)
    {
        await record.WriteAsync(
            AuditKinds.Undoing,
            ContainmentText.Undoing(order),
            order.By,
            new
            {
                order.Containment,
                order.Generation,
                Cause = order.Cause.ToString().ToLowerInvariant(),
                order.Reason,
                attempt,
            }
        );
        var report = await Durable.Mutex.CallActivityAsync<RollbackReport>(
            context,
            order.Prior.Shared,
            nameof(ContainmentActivities.UndoEffect),
            order
        );
        var took = report.VerifiedAt - order.AskedAt;
        var time = took is { } length
            ? string.Create(CultureInfo.InvariantCulture, $"; read back {length.TotalSeconds:0.0} s after it was asked for")
            : "";
        await record.WriteAsync(
            report.Restored ? AuditKinds.Undone : AuditKinds.NotUndone,
            report.Text + time,
            data: new
            {
                order.Containment,
                order.Generation,
                order.AskedAt,
                report.VerifiedAt,
                seconds = took?.TotalSeconds,
            }
        );
        await context.Entities.SignalEntityAsync(
            Owner,
            nameof(ScheduledRollback.Undone),
            new RollbackResult(order.Generation, true, report.Text, order.Cause, took, order.Number)
        );
        await ShowAsync(order.Cause == RollbackCause.Expired ? ResultState.Undone : ResultState.Released, report.Text);
        if (report.Restored || order.By == "pipeline")
            return; // An order that failed before it changed anything has nothing to put back.
        // Somebody else's later change won: whoever runs the incident should know that it is not as they left it.
        await TryAsync(() =>
            context.PageAsync($"not-undone-{context.InstanceId}", ContainmentText.NotUndonePage(order, report.Text), PageSeverity.Warning)
        );
    }

    private async Task ReportFailureAsync(int attempt, TimeSpan pause, string problem)
    {
        var next = context.CurrentUtcDateTime + pause;
        await context.Entities.SignalEntityAsync(
            Owner,
            nameof(ScheduledRollback.Undone),
            new RollbackResult(order.Generation, false, problem, order.Cause, Number: order.Number)
        );
        await TryAsync(() =>
            record.WriteAsync(
                AuditKinds.RollbackFailed,
                $"attempt {attempt} to undo {order.Action} failed: {problem}; next attempt at {next:yyyy-MM-dd HH:mm:ss} UTC",
                data: new
                {
                    order.Containment,
                    order.Generation,
                    attempt,
                    next,
                    since = order.AskedAt,
                }
            )
        );
        await TryAsync(() =>
            context.PageAsync(
                $"rollback-failed-{context.InstanceId}-{attempt}",
                ContainmentText.RollbackFailedPage(order, attempt, next, problem),
                PageSeverity.Critical
            )
        );
        if (attempt == 1)
            await ShowAsync(ResultState.UndoFailed, "It keeps being tried; undo it by hand if it hurts.");
    }

    /// <summary>Null where it worked, else why not.</summary>
    private static async Task<string?> TryAsync(Func<Task> step)
    {
        try
        {
            await step();
            return null;
        }
        catch (TaskFailedException e)
        {
            return StepFailure.Of(e);
        }
    }

    /// <summary>The cards of those who approved it say how it ended.</summary>
    private Task ShowAsync(ResultState state, string text) =>
        BestEffort.CallActivityAsync(context, HoldNews.ShowActivity, new HoldNews(order.Containment, state, text, null));
}

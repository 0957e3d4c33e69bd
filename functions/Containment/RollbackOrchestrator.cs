using System.Globalization;
using IRFunctions.Connections;
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
    /// <summary>Tries of one execution, so that no history grows without end.</summary>
    private const int TriesEach = 15;

    /// <summary>How long it is tried before people hear of it: most faults of a service pass sooner.</summary>
    private static readonly TimeSpan BeforePeopleHear = TimeSpan.FromMinutes(2);

    /// <summary>What was contained is free within five seconds of the service answering again (S7).</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    private readonly TaskOrchestrationContext context;
    private readonly RollbackOrder order;
    private RollbackProgress progress;
    private readonly Recorder record;

    private RollbackOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        order = context.GetInput<RollbackOrder>()!;
        progress = order.Progress ?? new RollbackProgress();
        record = new Recorder(context, order.Incidents) { About = Recorder.AboutOf(order.Action, order.Target), Count = progress.Facts };
    }

    private EntityInstanceId Owner => ScheduledRollback.For(order.Action, order.Target);

    [Function(nameof(RollbackOrchestrator))]
    public static Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) => new RollbackOrchestrator(context).RunAsync();

    private async Task RunAsync()
    {
        if (order.Progress is null)
            progress = progress with { NextReport = Now + BeforePeopleHear };
        for (var tries = 0; tries < TriesEach; tries++)
        {
            if (await TryAsync(UndoAsync) is not { } problem)
                return;
            await FailedAsync(problem);
            // Somebody may have released it, or another incident may hold it by now: what this undo would put back is then not its own any
            // more (S6).
            if (await IsStillWantedAsync())
                continue;
            await TryAsync(() => record.WriteAsync(ContainmentKinds.TakenOver, "another release or hold took this undo over"));
            return;
        }
        context.ContinueAsNew(order with { Progress = progress with { Facts = record.Count } });
    }

    /// <summary>
    /// The owner hears of every failure, so that releases and holds are possible meanwhile; people now and then. Then it waits.
    /// </summary>
    private async Task FailedAsync(StepProblem problem)
    {
        await context.Entities.SignalEntityAsync(
            Owner,
            nameof(ScheduledRollback.Undone),
            new RollbackResult(order.Generation, false, problem.Text, order.Cause, Number: order.Number)
        );
        if (problem.IsPermanent || Now >= progress.NextReport)
        {
            progress = progress.Reported(Now);
            await ReportFailureAsync(problem.Text);
        }
        // What trying again cannot help is tried again when people had time to mend it.
        var wait = problem.IsPermanent ? progress.NextReport - Now : Throttling.WaitIn(problem.Text) ?? Pause;
        await context.CreateTimer(wait, CancellationToken.None);
    }

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    private Task<bool> IsStillWantedAsync() =>
        context.Entities.CallEntityAsync<bool>(
            Owner,
            nameof(ScheduledRollback.TryAgain),
            new RollbackAttempt(order.Generation, order.Number)
        );

    private async Task UndoAsync()
    {
        if (!progress.IsRecorded) // S11; the intent stands on the record until its end is told.
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
                }
            );
            progress = progress with { IsRecorded = true };
        }
        var report = await Durable.Mutex.CallActivityAsync<RollbackReport>(
            context,
            order.Prior.Shared,
            nameof(ContainmentActivities.UndoEffect),
            order,
            null
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

    private async Task ReportFailureAsync(string problem)
    {
        var (attempt, next) = (progress.Reports, progress.NextReport);
        await TryAsync(() =>
            record.WriteAsync(
                AuditKinds.RollbackFailed,
                $"attempt {attempt} to undo {order.Action} failed: {problem}; it is tried every few seconds, and told again at "
                    + $"{next:yyyy-MM-dd HH:mm:ss} UTC",
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
    private static async Task<StepProblem?> TryAsync(Func<Task> step)
    {
        try
        {
            await step();
            return null;
        }
        catch (TaskFailedException e)
        {
            return new StepProblem(StepFailure.Of(e), e.FailureDetails.IsCausedBy<PermanentFaultException>());
        }
    }

    private sealed record StepProblem(string Text, bool IsPermanent);

    /// <summary>The cards of those who approved it say how it ended.</summary>
    private Task ShowAsync(ResultState state, string text) =>
        BestEffort.CallActivityAsync(context, HoldNews.ShowActivity, new HoldNews(order.Containment, state, text, null));
}

/// <summary>How far an undo is that keeps being tried: each execution of its orchestration is one window of tries.</summary>
public sealed record RollbackProgress
{
    /// <summary>How often people were told that it fails.</summary>
    public int Reports { get; init; }

    /// <summary>That it begins stands on the record.</summary>
    public bool IsRecorded { get; init; }

    /// <summary>People are not told again before this.</summary>
    public DateTimeOffset NextReport { get; init; }

    /// <summary>Facts on each chain so far: their ids go on from here.</summary>
    public int Facts { get; init; }

    /// <summary>Told now: again after 5, 10, 20, 40 and then every 60 minutes.</summary>
    public RollbackProgress Reported(DateTimeOffset now)
    {
        var minutes = Math.Min(5 * Math.Pow(2, Reports), 60);
        return this with { Reports = Reports + 1, NextReport = now + TimeSpan.FromMinutes(minutes) };
    }
}

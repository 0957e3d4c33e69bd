using Reject = Microsoft.DurableTask.Worker.DurableTaskWorkerOptions.VersionFailureStrategy;

namespace IRFunctions.Local.Engine;

/// <summary>One piece of work: a step or an activity.</summary>
public sealed partial class DurableEngine
{
    private readonly long[] moments = new long[3];
    private volatile Exception? crash;

    private async Task RunStepAsync(Slot slot)
    {
        var (messages, now) = (Board.Begin(slot), Now);
        StepResult result;
        try
        {
            result =
                slot.Id[0] == '@'
                    ? await new EntityStep(Context, slot, messages, now).RunAsync()
                    : new OrchestrationStep(Context, slot, messages, now).Run();
            if (!result.Commit.IsEmpty && !await CommitAsync(slot.Id, result.Commit))
            {
                // A client replaced or purged the instance meanwhile: look again.
                Again(slot, messages);
                return;
            }
        }
        catch (Exception e) when (crash is null)
        {
            // The store failed. Nothing is lost, but nothing goes on either until it works again.
            log.LogCritical(e, "A step of '{Id}' could not be stored; it is tried again.", slot.Id);
            if (alarm is not null)
                await Task.Delay(PauseAfterFailure, time, stopping.Token);
            Again(slot, messages);
            throw;
        }
        slot.Session = result.Session;
        if (result is { Session: null, Commit: { Record.IsEntity: false, History: not null } })
            Rest(result.Commit.Record);
        Board.Add(result.Commit.New, now);
        Rest(Board.Finish(slot, result.Deferred, result.Cancelled));
        if (result.Commit.Record is not null || result.Commit.Delete)
            Watchers.Changed(slot.Id);
    }

    /// <summary>Where sessions are kept, a run without one has nothing to do for a while.</summary>
    private void Rest(InstanceRecord? run)
    {
        if (run is { IsEntity: false } && options.KeptSessions > 0)
            Store.Rest(run);
    }

    private void Again(Slot slot, List<Message> messages)
    {
        slot.Session?.Close();
        slot.Session = null;
        Board.Finish(slot, messages, [], again: true);
    }

    private async ValueTask<bool> CommitAsync(string id, StepCommit commit)
    {
        MayCrash(CrashMoment.BeforeCommit, id);
        if (!await Store.CommitAsync(commit))
            return false;
        MayCrash(CrashMoment.AfterCommit, id);
        Interlocked.Increment(ref steps);
        return true;
    }

    private async Task RunActivityAsync(Message message)
    {
        var (task, tasks) = ((TaskScheduledEvent)message.Event, Context.Tasks);
        var wrong = tasks.WrongVersion(task.Version);
        if (wrong is not null && tasks.Options.Versioning!.FailureStrategy == Reject.Reject)
        {
            // Stays in the store for a worker of another version.
            log.LogWarning(
                "Activity '{Name}' of '{Id}' is left to another worker: {Reason}",
                task.Name,
                message.Target,
                wrong.ErrorMessage
            );
            return;
        }
        Interlocked.Increment(ref activities);
        HistoryEvent outcome;
        try
        {
            outcome = wrong is not null ? Failed(task, wrong) : new TaskCompletedEvent(-1, task.EventId, await ExecuteAsync(message, task));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Not an outcome: the task is still in the store, and the next start runs it again.
            return;
        }
#pragma warning disable CA1031 // Whatever an activity throws is the orchestrator's to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            outcome = Failed(task, tasks.Failure(e));
        }
        var now = Now;
        outcome.Timestamp = new DateTime(now, DateTimeKind.Utc);
        MayCrash(CrashMoment.AfterActivity, message.Target);
        // The result is stored by the step that takes it in; until then the task's row keeps it safe (it would run again).
        Board.Add([message with { Event = outcome }], now);
    }

    private async ValueTask<string?> ExecuteAsync(Message message, TaskScheduledEvent task)
    {
        var tasks = Context.Tasks;
        await using var scope = tasks.NewScope();
        var instance = new OrchestrationInstance
        {
            InstanceId = message.Target,
            ExecutionId = OrchestrationStep.ExecutionId(message.Execution),
        };
        var about = new TaskContext(instance, task.Name!, task.Version, task.EventId)
        {
            ExceptionPropertiesProvider = tasks.ExceptionProperties,
        };
        return await tasks.CreateActivity(task.Name!, task.Version, scope).RunAsync(about, task.Input);
    }

    private static TaskFailedEvent Failed(TaskScheduledEvent task, FailureDetails failure) =>
        new(-1, task.EventId, failure.ErrorMessage, null, failure);

    private void MayCrash(CrashMoment moment, string id)
    {
        ThrowIfCrashed();
        if (options.AtCrashPoint is not { } crashes)
            return;
        try
        {
            crashes(new CrashPoint(moment, Interlocked.Increment(ref moments[(int)moment]), id));
        }
        catch (Exception e)
        {
            crash = e;
            throw;
        }
    }

    private void ThrowIfCrashed()
    {
        if (crash is { } cause)
            throw new InvalidOperationException("This engine has crashed; start another one on its store.", cause);
    }
}

namespace IRFunctions.Local.Engine;

/// <summary>One piece of work: a step or an activity.</summary>
public sealed partial class DurableEngine
{
    private readonly long[] moments = new long[3];
    private volatile Exception? crash;

    private async ValueTask RunStepAsync(Slot slot)
    {
        var messages = board.Begin(slot);
        var now = Now;
        StepResult result;
        try
        {
            result = slot.Id[0] == '@'
                ? await new EntityStep(Context, slot, messages, now).RunAsync()
                : new OrchestrationStep(Context, slot, messages, now).Run();
            if (!result.Commit.IsEmpty && !await CommitAsync(slot.Id, result.Commit))
            {
                // A client replaced or purged the instance meanwhile: look again.
                Forget(slot);
                board.Finish(slot, messages, [], again: true);
                return;
            }
        }
        catch (Exception e) when (crash is null)
        {
            // The store failed. Nothing is lost, but nothing goes on either until it works again.
            log.LogCritical(e, "A step of '{Id}' could not be stored; it is tried again.", slot.Id);
            Forget(slot);
            if (background is not null) await Task.Delay(PauseAfterFailure, time, stopping.Token);
            board.Finish(slot, messages, [], again: true);
            throw;
        }
        slot.Session = result.Session;
        board.Add(result.Commit.New, now);
        board.Finish(slot, result.Deferred, result.Cancelled);
        if (result.Commit.Record is not null || result.Commit.Delete) watchers.Changed(slot.Id);
    }

    private static void Forget(Slot slot)
    {
        slot.Session?.Close();
        slot.Session = null;
    }

    private async ValueTask<bool> CommitAsync(string id, StepCommit commit)
    {
        MayCrash(CrashMoment.BeforeCommit, id);
        if (!await store.CommitAsync(commit)) return false;
        MayCrash(CrashMoment.AfterCommit, id);
        Interlocked.Increment(ref steps);
        return true;
    }

    private async Task RunActivityAsync(Message message)
    {
        var task = (TaskScheduledEvent)message.Event;
        if (Context.Tasks.WrongVersion(task.Version ?? "") is not null && Context.Tasks.Options.Versioning!.FailureStrategy == DurableTaskWorkerOptions.VersionFailureStrategy.Reject)
        {
            // Stays in the store for a worker of another version.
            log.LogWarning("Activity '{Name}' of '{Id}' is left to another worker: its version is '{Version}'.", task.Name, message.Target, task.Version);
            return;
        }
        Interlocked.Increment(ref activities);
        HistoryEvent outcome;
        try
        {
            outcome = await ExecuteAsync(message, task);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Not an outcome: the task is still in the store, and the next start runs it again.
            return;
        }
        var now = Now;
        outcome.Timestamp = new DateTime(now, DateTimeKind.Utc);
        MayCrash(CrashMoment.AfterActivity, message.Target);
        // The result is stored by the step that takes it in; until then the task's row keeps it safe (it would run again).
        board.Add([new(message.Number, message.Target, outcome, message.Execution)], now);
    }

    private async ValueTask<HistoryEvent> ExecuteAsync(Message message, TaskScheduledEvent task)
    {
        var catalog = Context.Tasks;
        if (catalog.WrongVersion(task.Version ?? "") is { } wrong) return Failed(task, wrong);
        try
        {
            await using var scope = catalog.NewScope();
            if (catalog.CreateActivity(task.Name!, task.Version, scope?.ServiceProvider ?? catalog.Services) is not { } activity)
                return Failed(task, TaskCatalog.NotFound("ActivityTaskNotFound", "activity", task.Name!, task.Version));
            var instance = new OrchestrationInstance { InstanceId = message.Target, ExecutionId = OrchestrationStep.ExecutionId(message.Execution) };
            var about = new TaskContext(instance, task.Name!, task.Version, task.EventId) { ExceptionPropertiesProvider = catalog.ExceptionProperties };
            return new TaskCompletedEvent(-1, task.EventId, await activity.RunAsync(about, task.Input));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever an activity throws is the orchestrator's to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(task, catalog.Failure(e));
        }
    }

    private static TaskFailedEvent Failed(TaskScheduledEvent task, FailureDetails failure) => new(-1, task.EventId, failure.ErrorMessage, null, failure);

    private void MayCrash(CrashMoment moment, string id)
    {
        ThrowIfCrashed();
        if (options.AtCrashPoint is not { } crashes) return;
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
        if (crash is { } cause) throw new InvalidOperationException("This engine has crashed; start another one on its store.", cause);
    }
}

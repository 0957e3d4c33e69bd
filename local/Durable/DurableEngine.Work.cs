using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Scheduling;
using IRFunctions.Local.Durable.Steps;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Durable;

/// <summary>One piece of work: a step or an activity.</summary>
public sealed partial class DurableEngine
{
    private readonly long[] moments = new long[3];
    private volatile Exception? crash;

    private async ValueTask RunStepAsync(InstanceSlot slot)
    {
        var messages = board.Begin(slot);
        StepResult result;
        try
        {
            result = await ComputeStepAsync(slot.Id, messages);
            if (!result.Commit.IsEmpty && !await CommitAsync(slot.Id, result.Commit))
            {
                // A client replaced or purged the instance meanwhile: look again.
                board.Finish(slot, messages, [], again: true);
                return;
            }
        }
        catch (Exception e) when (crash is null)
        {
            // The store failed. Nothing is lost, but nothing goes on either until it works again.
            log.LogCritical(e, "A step of '{Id}' could not be stored; it is tried again.", slot.Id);
            if (background is not null) await Task.Delay(PauseAfterFailure, time, stopping.Token);
            board.Finish(slot, messages, [], again: true);
            throw;
        }

        board.Add(result.Commit.NewMessages, result.Commit.NewTasks, Now);
        board.Finish(slot, result.Deferred, result.CancelledTimers);
        if (result.Commit.Record is not null || result.Commit.Delete) watchers.Changed(slot.Id);
    }

    private async ValueTask<bool> CommitAsync(string id, StepCommit commit)
    {
        MayCrash(CrashMoment.BeforeCommit, id);
        if (!await store.CommitAsync(commit)) return false;
        MayCrash(CrashMoment.AfterCommit, id);
        Interlocked.Increment(ref steps);
        return true;
    }

    private ValueTask<StepResult> ComputeStepAsync(string id, List<DurableMessage> messages)
    {
        if (IsEntity(id)) return new EntityStep(settings, store, EntityInstanceId.FromString(id), Now, log).RunAsync(messages);
        return new ValueTask<StepResult>(new OrchestrationStep(settings, store, id, Now, log).Run(messages));
    }

    private static bool IsEntity(string id) => id.StartsWith('@') && id.IndexOf('@', 1) > 1;

    private async Task RunActivityAsync(ActivityTask task)
    {
        Interlocked.Increment(ref activities);
        byte[] outcome;
        try
        {
            if (!registry.TryGetActivity(task.Name, out var run)) throw new InvalidOperationException($"There is no activity named '{task.Name}'.");
            var output = await run(new ActivityContext(task), task.Input is null ? default(ReadOnlyMemory<byte>?) : task.Input, stopping.Token);
            outcome = EncodedEvent.Of(EventKind.ActivityCompleted, task.TaskId, payload: DurableJson.Serialize(output));
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
            log.LogDebug(e, "Activity '{Name}' of '{Id}' failed.", task.Name, task.InstanceId);
            outcome = EncodedEvent.Of(EventKind.ActivityFailed, task.TaskId, payload: DurableJson.Failure(e));
        }

        MayCrash(CrashMoment.AfterActivity, task.InstanceId);
        // The result is stored by the step that takes it in; until then the task's row keeps it safe (it would run again).
        var result = new DurableMessage { Number = task.Number, Target = task.InstanceId, Execution = task.Execution, Event = outcome, IsTaskResult = true };
        board.Add([result], [], Now);
    }

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

    private sealed class ActivityContext(ActivityTask task) : TaskActivityContext
    {
        public override TaskName Name => task.Name;

        public override string InstanceId => task.InstanceId;
    }
}

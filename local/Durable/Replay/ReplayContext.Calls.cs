using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>What orchestrators call.</summary>
internal sealed partial class ReplayContext
{
    public override T? GetInput<T>()
        where T : default => ReadOnce.Read<T>(record.Input is { } input ? input.AsMemory() : null);

    public override Task CallActivityAsync(TaskName name, object? input = null, TaskOptions? options = null) =>
        CallActivityAsync<Nothing>(name, input, options);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        options?.Retry is { } retry
            ? RetryLoop.RunAsync(this, retry, _ => CallActivityOnce<TResult>(name, input))
            : CallActivityOnce<TResult>(name, input);

    public override Task CallSubOrchestratorAsync(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        CallSubOrchestratorAsync<Nothing>(orchestratorName, input, options);

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        options?.Retry is { } retry
            ? RetryLoop.RunAsync(this, retry, attempt => CallSubOrchestratorOnce<TResult>(orchestratorName, input, options, attempt))
            : CallSubOrchestratorOnce<TResult>(orchestratorName, input, options, 1);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        EnsureOnThread();
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled(cancellationToken);
        var due = fireAt.Kind == DateTimeKind.Local ? fireAt.ToUniversalTime() : fireAt;
        var taskId = NewTaskId();
        long number;
        if (IsRecorded(EventKind.TimerCreated, taskId, null, null, out var recorded))
        {
            // As it was set, even if the code would set it otherwise today.
            number = recorded.Reference;
        }
        else
        {
            number = NewNumber();
            Effects.History.Write(EventKind.TimerCreated, taskId, due.Ticks, number);
            Effects.Messages.Add(new DurableMessage
            {
                Number = number, Target = record.Id, Execution = record.Execution, Due = Math.Max(1, due.Ticks),
                Event = EncodedEvent.Of(EventKind.TimerFired, taskId),
            });
        }

        var wait = new DurableWait<Nothing> { Reference = number };
        open.Add(taskId, wait);
        if (cancellationToken.CanBeCanceled) cancellationToken.Register(() => CancelTimer(taskId, cancellationToken), useSynchronizationContext: false);
        return wait.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        EnsureOnThread();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        if (trackLines) lastLine = SourceLine.OfCaller();
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        var wait = new DurableWait<T>();
        if (events.TryTakeEarly(eventName, out var payload))
        {
            wait.Complete(payload);
            return wait.Task;
        }

        var node = events.AddWait(eventName, wait);
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(
                () =>
                {
                    if (thread.IsCurrent && events.TryRemoveWait(node)) wait.Cancel(cancellationToken);
                },
                useSynchronizationContext: false);
        }

        return wait.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        if (IsRecorded(EventKind.EventSent, 0, eventName, instanceId, out _)) return;
        Effects.History.Write(EventKind.EventSent, name: eventName, target: instanceId);
        Send(instanceId, EncodedEvent.Of(EventKind.EventRaised, name: eventName, payload: DurableJson.Serialize(payload)));
    }

    public override void SetCustomStatus(object? customStatus)
    {
        EnsureOnThread();
        if (IsLive) NewCustomStatus = (true, DurableJson.Serialize(customStatus));
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        EnsureOnThread();
        ArgumentNullException.ThrowIfNull(options);
        next = options;
    }

    public override Guid NewGuid()
    {
        EnsureOnThread();
        return DeterministicGuid.Of(record.Id, record.Execution, record.CreatedAt, guids++);
    }

    private Task<TResult> CallActivityOnce<TResult>(TaskName name, object? input)
    {
        EnsureOnThread();
        var taskId = NewTaskId();
        if (!IsRecorded(EventKind.ActivityScheduled, taskId, name.Name, null, out _))
        {
            var task = new ActivityTask(NewNumber(), record.Id, record.Execution, taskId, name.Name, DurableJson.Serialize(input));
            Effects.History.Write(EventKind.ActivityScheduled, taskId, reference: task.Number, name: name.Name);
            Effects.Tasks.Add(task);
        }

        return WaitFor<TResult>(taskId, details => new TaskFailedException(name.Name, taskId, details));
    }

    private Task<TResult> CallSubOrchestratorOnce<TResult>(TaskName name, object? input, TaskOptions? options, int attempt)
    {
        EnsureOnThread();
        if (entities?.InCriticalSection() == true) throw new InvalidOperationException("A critical section must not start sub-orchestrations.");
        var taskId = NewTaskId();
        var chosen = (options as SubOrchestrationOptions)?.InstanceId;
        if (chosen is not null) HostLimits.CheckInstanceId(chosen);
        // A task id's GUID counts from below zero, so that calls of NewGuid never change derived ids.
        var id = chosen ?? string.Concat(record.Id, ":", DeterministicGuid.Of(record.Id, record.Execution, record.CreatedAt, -taskId).ToString("N").AsSpan(0, 12));
        if (!IsRecorded(EventKind.SubOrchestrationScheduled, taskId, name.Name, id, out _))
        {
            Effects.History.Write(EventKind.SubOrchestrationScheduled, taskId, name: name.Name, target: id);
            var version = (options as SubOrchestrationOptions)?.Version ?? options?.Version;
            var start = StartOf(id, name.Name, input) with
            {
                Version = version?.Version,
                Parent = new ParentLink(record.Id, record.Name, taskId, record.Execution),
                ReplacesTerminal = chosen is null || attempt > 1,
            };
            Effects.Messages.Add(StartMessage(start, record.Id));
        }

        return WaitFor<TResult>(taskId, details => new TaskFailedException(name.Name, taskId, details));
    }

    /// <param name="withRecord">False where the instance is stored in the same commit, so that the message only wakes it.</param>
    internal static DurableMessage StartMessage(InstanceRecord start, string? source, long due = 0, bool withRecord = true) => new()
    {
        Number = start.Execution, Target = start.Id, Execution = start.Execution, Due = due, Source = source,
        Event = EncodedEvent.Of(EventKind.Start, name: start.Name, payload: withRecord ? start.Encode() : default(ReadOnlyMemory<byte>?)),
    };

    private InstanceRecord StartOf(string id, string name, object? input) => new()
    {
        Id = id, Name = name, Status = InstanceStatus.Pending, CreatedAt = now.Ticks, UpdatedAt = now.Ticks, Execution = NewNumber(),
        Input = DurableJson.Serialize(input),
    };

    private void CancelTimer(int taskId, CancellationToken token)
    {
        // Cancelled after the step, or after it fired: nothing to cancel.
        if (!thread.IsCurrent || !open.Remove(taskId, out var wait)) return;
        if (!IsRecorded(EventKind.TimerCancelled, taskId, null, null, out _))
        {
            Effects.History.Write(EventKind.TimerCancelled, taskId);
            if (Effects.Messages.RemoveAll(m => m.Number == wait.Reference) == 0) Effects.CancelledTimers.Add(wait.Reference);
        }

        wait.Cancel(token);
    }
}

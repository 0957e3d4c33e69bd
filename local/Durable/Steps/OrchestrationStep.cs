using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Stores;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Durable.Steps;

/// <summary>One step of one orchestration: takes its messages, replays its code, and says what is to be stored. Touches the store only to
/// read.</summary>
internal sealed class OrchestrationStep(ReplaySettings settings, IDurableStore store, string id, long now, ILogger log)
{
    private readonly InstanceRecord? existing = store.Read(id);
    private readonly HistoryBuffer past = HistoryBuffer.Take();
    private StepResult result = null!;

    public StepResult Run(IReadOnlyList<DurableMessage> messages)
    {
        var previous = SynchronizationContext.Current;
        try
        {
            result = new StepResult(new StepCommit { InstanceId = id, ExpectedExecution = existing?.Execution ?? 0 });
            var (record, live) = Admit(messages);
            if (record is not null && live.Count > 0) RunCode(record, live);
            return result;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(previous);
            past.Return();
        }
    }

    /// <summary>Sorts out starts, stale messages and those that are too early. What is left is for the code.</summary>
    private (InstanceRecord? Record, List<DurableMessage> Live) Admit(IReadOnlyList<DurableMessage> messages)
    {
        var record = existing is { IsTerminal: false } ? existing : null;
        var started = record is not null && record.Status != InstanceStatus.Pending;
        var live = new List<DurableMessage>(messages.Count);
        foreach (var message in messages)
        {
            if (message.Kind == EventKind.Start)
            {
                if (record?.Execution == message.Execution) started = true;
                else if (TryStart(message, record) is { } fresh) (record, started) = (fresh, true);
                result.Consume(message);
                if (record?.Execution == message.Execution) live.Add(message);
            }
            else if (record is null || (message.Execution != 0 && message.Execution != record.Execution))
            {
                Drop(message);
            }
            else
            {
                live.Add(message);
            }
        }

        if (started || live.Exists(m => m.Kind == EventKind.Terminated)) return (record, live);
        result.Deferred.AddRange(live);
        return (record, []);
    }

    private InstanceRecord? TryStart(DurableMessage message, InstanceRecord? running)
    {
        // A wake-up without a record is for an execution that is no more.
        if (message.Read().Data is not { } encoded) return null;
        var start = InstanceRecord.Decode(encoded, id);
        if (running is null && (existing is null || start.ReplacesTerminal))
        {
            result.Commit.ClearHistory = existing is not null;
            return start;
        }

        var state = running is null ? $"has already finished ({existing!.Status})" : "is already running";
        if (start.Parent is { } parent)
        {
            var failure = DurableJson.Failure(typeof(InvalidOperationException).FullName!, $"An orchestration with the id '{id}' {state}.");
            Tell(parent, EventKind.SubOrchestrationFailed, failure);
        }
        else
        {
            log.LogWarning("A start of '{Name}' was dropped: an orchestration with the id '{Id}' {State}.", start.Name, id, state);
        }

        return null;
    }

    private void Drop(DurableMessage message)
    {
        result.Consume(message);
        // Nobody is there any more to hold the lock that was just granted.
        if (message.Kind != EventKind.LockGranted) return;
        result.Commit.NewMessages.AddRange(OpenWork.Unlocks(OpenWork.LockedIds(message.Read().TargetText), id, message.Execution, settings.NextNumber));
    }

    private void RunCode(InstanceRecord record, List<DurableMessage> live)
    {
        if (existing is not null && !result.Commit.ClearHistory) store.ReadHistory(id, past.Chunks);
        past.Decode();
        if (live.Find(m => m.Kind == EventKind.Terminated) is { } termination)
        {
            Terminate(record, termination.Read());
            live.ForEach(ConsumeLive);
            return;
        }

        var (context, left) = Replay(record, live);
        if (context.Broken is { Location: null }) (context, left) = Replay(record, live, trackLines: true);
        foreach (var message in live.Where(m => !left.Contains(m))) ConsumeLive(message);
        if (context.Broken is { } broken) Fail(record, broken, left);
        else Conclude(record, context, left);
        context.Effects.History.Return();
    }

    private void ConsumeLive(DurableMessage message)
    {
        if (message.Kind != EventKind.Start) result.Consume(message);
    }

    private (ReplayContext Context, List<DurableMessage> Left) Replay(InstanceRecord record, List<DurableMessage> live, bool trackLines = false)
    {
        var context = new ReplayContext(settings, record, past, trackLines);
        var left = new List<DurableMessage>();
        context.ReplayPast();
        if (context.Broken is null) context.StartStep(Math.Max(now, context.CurrentUtcDateTime.Ticks), past.Count == 0);
        foreach (var message in live)
        {
            if (context.Broken is not null || context.Result is not null) left.Add(message);
            else if (message.Kind != EventKind.Start) context.Take(message.Event);
        }

        context.End();
        return (context, left);
    }

    private void Conclude(InstanceRecord record, ReplayContext context, List<DurableMessage> left)
    {
        if (context.NewCustomStatus is { Changed: true, Value: { } changed } && HostLimits.RefusedStatus(changed) is { } refused)
        {
            FailInHost(record, refused, left);
            return;
        }
        var commit = result.Commit;
        commit.NewMessages.AddRange(context.Effects.Messages);
        commit.NewTasks.AddRange(context.Effects.Tasks);
        result.CancelTimers(context.Effects.CancelledTimers);
        // Only the start of a step: everything it brought was out of date.
        if (context.Effects.History.Count <= 1 && context.Result is null) return;
        commit.AppendedHistory = context.Effects.History.ToArray();
        var updated = record with
        {
            UpdatedAt = context.CurrentUtcDateTime.Ticks,
            Status = context.Result ?? (context.IsSuspended ? InstanceStatus.Suspended : InstanceStatus.Running),
            CustomStatus = context.NewCustomStatus.Changed ? context.NewCustomStatus.Value : record.CustomStatus,
            Output = context.Output,
            Failure = context.Failure,
        };
        // The last status is often the output as well; kept once.
        if (updated.Output is { } output && updated.CustomStatus is { } status && output.AsSpan().SequenceEqual(status)) updated = updated with { CustomStatus = output };
        if (context.Result is null) commit.Record = updated;
        else if (context.Result == InstanceStatus.Pending) ContinueAsNew(updated, context, left);
        else End(updated, left);
    }

    private void End(InstanceRecord record, List<DurableMessage> left)
    {
        result.Commit.Record = record;
        var open = OpenWork.Of(past, result.Commit.AppendedHistory);
        result.CancelTimers(open.Timers);
        result.Commit.NewMessages.AddRange(open.Unlocks(record, settings.NextNumber));
        left.ForEach(Drop);
        if (record.Parent is not { } parent) return;
        if (record.Status == InstanceStatus.Completed) Tell(parent, EventKind.SubOrchestrationCompleted, record.Output);
        else Tell(parent, EventKind.SubOrchestrationFailed, record.Failure);
    }

    private void ContinueAsNew(InstanceRecord record, ReplayContext context, List<DurableMessage> left)
    {
        var open = OpenWork.Of(past, result.Commit.AppendedHistory);
        result.CancelTimers(open.Timers);
        var messages = result.Commit.NewMessages;
        messages.AddRange(open.Unlocks(record, settings.NextNumber));
        var next = record with
        {
            Status = InstanceStatus.Running,
            Execution = settings.NextNumber(),
            Input = DurableJson.Serialize(context.Next!.NewInput),
            Version = context.Next.NewVersion ?? record.Version,
        };
        result.Commit.Record = next;
        result.Commit.ClearHistory = true;
        result.Commit.AppendedHistory = null;
        messages.Add(ReplayContext.StartMessage(next, null, withRecord: false));
        if (context.Next.PreserveUnprocessedEvents)
        {
            foreach (var (name, payload) in context.UnprocessedEvents)
                messages.Add(ToSelf(EncodedEvent.Of(EventKind.EventRaised, name: name, payload: payload)));
        }

        // Not yet looked at, so not lost whatever the options say; sent again to stay behind those above.
        foreach (var message in left)
        {
            if (message.Execution == 0) messages.Add(ToSelf(message.Event));
            Drop(message);
        }
    }

    private void Fail(InstanceRecord record, NonDeterminismException broken, List<DurableMessage> left)
    {
        log.LogError(broken, "Orchestration '{Id}' failed: its code does not follow its history.", id);
        EndWithEvent(record with { Status = InstanceStatus.Failed, Failure = DurableJson.Failure(broken) }, EventKind.Completed, null, left);
    }

    /// <summary>As the host fails an instance itself: nothing of the step counts, the custom status goes, and there are no failure details.</summary>
    private void FailInHost(InstanceRecord record, string problem, List<DurableMessage> left)
    {
        log.LogError("Function '{Name}' failed with an unhandled exception. Instance '{Id}': {Problem}", record.Name, id, problem);
        EndWithEvent(record with { Status = InstanceStatus.Failed, CustomStatus = null, Failure = null, Output = HostLimits.OutputOfFailure(record.Name, problem) }, EventKind.Completed, null, left);
    }

    private void Terminate(InstanceRecord record, HistoryEvent termination)
    {
        var recursive = termination.TaskId != 0;
        var open = OpenWork.Of(past, null);
        var failure = DurableJson.Failure("Terminated", $"Orchestration '{id}' was terminated.");
        var ended = record with { Status = InstanceStatus.Terminated, Output = termination.Data?.ToArray(), Failure = failure };
        EndWithEvent(ended, EventKind.Terminated, termination.Data, []);
        // A start that still waits for its time.
        if (record.Status == InstanceStatus.Pending) result.CancelTimers([record.Execution]);
        if (!recursive) return;
        foreach (var child in open.SubOrchestrations)
        {
            result.Commit.NewMessages.Add(new DurableMessage
            {
                Number = settings.NextNumber(), Target = child, Event = EncodedEvent.Of(EventKind.Terminated, 1),
            });
        }
    }

    private void EndWithEvent(InstanceRecord record, EventKind kind, ReadOnlyMemory<byte>? payload, List<DurableMessage> left)
    {
        var history = new HistoryWriter();
        history.Write(EventKind.StepStarted, number: now);
        history.Write(kind, number: (long)record.Status, payload: payload ?? record.Failure);
        result.Commit.AppendedHistory = history.ToArray();
        End(record with { UpdatedAt = now }, left);
    }

    private DurableMessage ToSelf(byte[] message) => new() { Number = settings.NextNumber(), Target = id, Event = message };

    private void Tell(ParentLink parent, EventKind kind, byte[]? payload) => result.Commit.NewMessages.Add(new DurableMessage
    {
        Number = settings.NextNumber(), Target = parent.Id, Execution = parent.Execution, Source = id,
        Event = EncodedEvent.Of(kind, parent.TaskId, payload: payload),
    });
}

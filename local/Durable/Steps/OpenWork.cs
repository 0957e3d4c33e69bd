using System.Text.Json;
using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Stores;

namespace IRFunctions.Local.Durable.Steps;

/// <summary>What a history leaves open: it has to be cleared away when the orchestration ends.</summary>
internal sealed class OpenWork
{
    private readonly Dictionary<int, (EventKind Kind, long Reference, string? Target)> open = [];

    /// <summary>Numbers of the messages of timers that still run.</summary>
    public IEnumerable<long> Timers => open.Values.Where(o => o.Kind == EventKind.TimerCreated).Select(o => o.Reference);

    public IEnumerable<string> SubOrchestrations => open.Values.Where(o => o.Kind == EventKind.SubOrchestrationScheduled).Select(o => o.Target!);

    /// <summary>Entities that are locked, or that a lock was asked for.</summary>
    public IEnumerable<string> Locks => open.Values.Where(o => o.Kind == EventKind.LockRequested).SelectMany(o => LockedIds(o.Target!));

    public static IReadOnlyList<string> LockedIds(string list) => JsonSerializer.Deserialize<string[]>(list)!;

    /// <summary>All sub-orchestrations ever started by this history.</summary>
    public static IEnumerable<string> Children(IEnumerable<ReadOnlyMemory<byte>> chunks)
    {
        foreach (var chunk in chunks)
        {
            var reader = new HistoryReader(chunk);
            while (reader.TryRead(out var e))
                if (e.Kind == EventKind.SubOrchestrationScheduled) yield return e.TargetText;
        }
    }

    public static OpenWork Of(HistoryBuffer past, byte[]? appended)
    {
        var work = new OpenWork();
        for (var i = 0; i < past.Count; i++) work.Add(past[i]);
        var reader = new HistoryReader(appended);
        while (reader.TryRead(out var e)) work.Add(e);
        return work;
    }

    public IEnumerable<DurableMessage> Unlocks(InstanceRecord owner, Func<long> nextNumber) => Unlocks(Locks, owner.Id, owner.Execution, nextNumber);

    public static IEnumerable<DurableMessage> Unlocks(IEnumerable<string> ids, string owner, long execution, Func<long> nextNumber) =>
        ids.Select(id => new DurableMessage
        {
            Number = nextNumber(), Target = id, Event = EncodedEvent.Of(EventKind.EntityUnlock), Source = owner, SourceExecution = execution,
        });

    private void Add(in HistoryEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.TimerCreated:
                open[e.TaskId] = (e.Kind, e.Reference, null);
                break;
            case EventKind.SubOrchestrationScheduled or EventKind.LockRequested:
                open[e.TaskId] = (e.Kind, 0, e.TargetText);
                break;
            case EventKind.TimerFired or EventKind.TimerCancelled or EventKind.LockReleased
                or EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed:
                open.Remove(e.TaskId);
                break;
        }
    }
}

/// <summary>What a step leads to once its commit holds.</summary>
internal sealed class StepResult(StepCommit commit)
{
    public StepCommit Commit => commit;

    /// <summary>Messages that could not be worked on yet; they stay where they are.</summary>
    public List<DurableMessage> Deferred { get; } = [];

    /// <summary>Timers (numbers of their messages) that must not fire any more.</summary>
    public List<long> CancelledTimers { get; } = [];

    public void Consume(DurableMessage message) => (message.IsTaskResult ? commit.ConsumedTasks : commit.ConsumedMessages).Add(message.Number);

    public void CancelTimers(IEnumerable<long> numbers)
    {
        foreach (var number in numbers)
        {
            CancelledTimers.Add(number);
            commit.ConsumedMessages.Add(number);
        }
    }
}

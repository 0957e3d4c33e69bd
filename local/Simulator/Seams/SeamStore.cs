using DurableTask.Core.History;
using IRFunctions.Local.Engine.Stores;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>An event that somebody raised for an orchestration.</summary>
internal sealed record RaisedEvent(string Instance, string Name, string Input);

/// <summary>The engine's store as one machine sees it: it can refuse, and it takes nothing from the dead.</summary>
internal sealed class SeamStore(IDurableStore inner, Life life, List<RaisedEvent> raised) : IDurableStore
{
    private const int Remembered = 50;

    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork() => inner.LoadWork();

    public InstanceRecord? Read(string instanceId) => inner.Read(instanceId);

    public IReadOnlyList<byte[]> ReadHistory(long execution) => inner.ReadHistory(execution);

    public void Rest(InstanceRecord run) => inner.Rest(run);

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        life.Require();
        if (life.Trouble.StoreIsDown)
        {
            life.Trouble.Count("storage");
            throw new StorageDownException();
        }
        foreach (var message in commit.New)
        {
            if (message is { Event: EventRaisedEvent { Input: { } input } e, Target: [not '@', ..] })
                raised.Add(new RaisedEvent(message.Target, e.Name!, input));
        }
        if (raised.Count > Remembered)
            raised.RemoveRange(0, raised.Count - Remembered);
        return inner.CommitAsync(commit);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter) => inner.Query(filter);

    /// <summary>The next machine goes on with it.</summary>
    public ValueTask DisposeAsync() => default;
}

using System.Collections.Concurrent;

namespace IRFunctions.Local.Engine.Scheduling;

/// <summary>An instance that has messages or timers, or whose session is kept. Exists only while it has.</summary>
internal sealed class Slot(string id)
{
    public string Id => id;

    public List<Message> Inbox { get; set; } = [];

    /// <summary>Messages of this instance that wait for their time; null: none.</summary>
    public List<Message>? Timers { get; set; }

    /// <summary>Waits for its turn or is being worked on: nobody else may take it.</summary>
    public bool Busy { get; set; }

    /// <summary>Touched only by whoever has the slot, and by the cache that drops it.</summary>
    public Session? Session { get; set; }

    /// <summary>The place among the kept sessions.</summary>
    public LinkedListNode<Slot>? Kept { get; set; }

    public bool IsUnused => !Busy && Inbox.Count == 0 && Timers is null or { Count: 0 } && Session is null;
}

/// <summary>Who waits for an instance to change.</summary>
internal sealed class Watchers
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>Completes at the next change after this call.</summary>
    public Task NextChange(string id) => waiting.GetOrAdd(id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Changed(string id)
    {
        if (!waiting.IsEmpty && waiting.TryRemove(id, out var next))
            next.SetResult();
    }
}

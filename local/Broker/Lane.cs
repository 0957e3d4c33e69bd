namespace IRFunctions.Local.Broker;

/// <summary>
/// Messages that are handed out in their order: those of one session, all of a queue without sessions, or the dead letters. The queue's
/// gate guards it.
/// </summary>
/// <param name="id">Below zero, so that it never is a sequence number: deadlines of both lie in one set.</param>
/// <param name="sessionId">Null where it is no session.</param>
internal sealed class Lane(long id, string? sessionId)
{
    private readonly PriorityQueue<QueueEntry, long> available = new();

    public long Id { get; } = id;

    public string? SessionId { get; } = sessionId;

    /// <summary>A session is given to one receiver at a time; of other lanes everybody takes.</summary>
    public bool IsSession => SessionId is not null;

    /// <summary>Who has the session: a <see cref="SessionLock"/>, or the one <see cref="QueueEntry"/> that is out.</summary>
    public object? Holder { get; set; }

    /// <summary>Messages of the lane in any state, dead letters not counted.</summary>
    public int Entries { get; set; }

    /// <summary>The message by which the lane stands among the ready sessions; long.MaxValue where it does not.</summary>
    public long ReadyFrom { get; set; } = long.MaxValue;

    /// <summary>What the receivers of a session keep with it.</summary>
    public StoredSession? State { get; set; }

    public LinkedList<Waiter> Waiters { get; } = [];

    /// <summary>Whether somebody may take a message now without holding the session first.</summary>
    public bool IsFree => Holder is null;

    public void Add(QueueEntry entry) => available.Enqueue(entry, entry.SequenceNumber);

    /// <summary>The next message, left where it is; null where none is available.</summary>
    public QueueEntry? Peek()
    {
        // What expired or was deleted while it waited is still in the heap, but no longer available here.
        while (available.TryPeek(out var entry, out _))
        {
            if (entry.State == EntryState.Available && ReferenceEquals(entry.Lane, this))
                return entry;
            available.Dequeue();
        }
        return null;
    }

    public QueueEntry? Take()
    {
        var entry = Peek();
        if (entry is not null)
            available.Dequeue();
        return entry;
    }
}

/// <summary>A receiver that waits: for the next message of a lane, or for a free session.</summary>
/// <param name="take">Takes from the lane what was waited for; called under the gate.</param>
internal sealed class Waiter(Func<Lane, DateTimeOffset, object> take)
{
    private readonly TaskCompletionSource<object?> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<object?> Result => result.Task;

    public void Serve(Lane lane, DateTimeOffset now) => result.SetResult(take(lane, now));

    public void GiveUp() => result.TrySetResult(null);

    public void Cancel(CancellationToken stop) => result.TrySetCanceled(stop);
}

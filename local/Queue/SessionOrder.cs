namespace IRFunctions.Local.Queue;

/// <summary>
/// Keeps the order inside sessions: while one message of a session is out, the others wait here. The real service locks the session; with one call a
/// session at a time, which is the host's default, the receiver sees the same.
/// </summary>
internal sealed class SessionOrder
{
    private readonly Dictionary<string, long> busy = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PriorityQueue<QueueEntry, long>> parked = new(StringComparer.Ordinal);

    /// <summary>A message changed its state: its session is busy while it is locked or being settled.</summary>
    public void Moved(QueueEntry entry, EntryState state)
    {
        var session = Of(entry);
        if (state == EntryState.Locked) busy[session] = entry.SequenceNumber;
        else if (state != EntryState.Settling) Gone(entry);
    }

    /// <summary>The message holds its session no longer.</summary>
    public void Gone(QueueEntry entry)
    {
        var session = Of(entry);
        if (busy.TryGetValue(session, out var holder) && holder == entry.SequenceNumber) busy.Remove(session);
    }

    /// <summary>Lets a message wait where its session is busy; false where it may be taken.</summary>
    public bool Park(QueueEntry entry)
    {
        var session = Of(entry);
        if (!busy.ContainsKey(session)) return false;
        if (!parked.TryGetValue(session, out var waiting)) parked[session] = waiting = new PriorityQueue<QueueEntry, long>();
        waiting.Enqueue(entry, entry.SequenceNumber);
        return true;
    }

    /// <summary>The next message of the same session that waits, where the session is free; null where none does.</summary>
    public QueueEntry? Next(QueueEntry entry)
    {
        var session = Of(entry);
        if (busy.ContainsKey(session) || !parked.TryGetValue(session, out var waiting)) return null;
        var next = waiting.Dequeue();
        if (waiting.Count == 0) parked.Remove(session);
        return next;
    }

    private static string Of(QueueEntry entry) => entry.Stored.Content.SessionId ?? "";
}

namespace IRFunctions.Local.Broker;

internal enum EntryState
{
    Available,
    Locked,
    Settling,
    Scheduled,
    Deferred,
}

/// <summary>
/// A message in a running queue. At most one moment matters to it at a time: the end of its lock, its scheduled time, or the end of its
/// life.
/// </summary>
internal sealed class QueueEntry(StoredMessage stored, Lane lane)
{
    public StoredMessage Stored { get; set; } = stored;

    /// <summary>Where it waits for receivers; changes once, when it becomes a dead letter.</summary>
    public Lane Lane { get; set; } = lane;

    public EntryState State { get; set; } = EntryState.Settling;

    /// <summary>DateTimeOffset.MaxValue when nothing is due.</summary>
    public DateTimeOffset Deadline { get; set; } = DateTimeOffset.MaxValue;

    public long SequenceNumber => Stored.SequenceNumber;
}

/// <summary>One delivery, frozen when the lock was taken.</summary>
internal sealed record Delivery(QueueEntry Entry, StoredMessage Stored, DateTimeOffset LockedUntil)
{
    public Guid LockToken => Stored.LockToken;
}

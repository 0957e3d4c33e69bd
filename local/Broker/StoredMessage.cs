namespace IRFunctions.Local.Broker;

/// <summary>
/// What a queue keeps of a message's state across a restart. A lock is not kept: after a restart the message is available again.
/// </summary>
public enum StoredState
{
    Active = 0,
    Deferred = 1,
    DeadLettered = 2,
    Scheduled = 3,
    DeadLetterDeferred = 4,
}

/// <summary>A message as stored; immutable, so that a storage may write it later than it was handed over.</summary>
/// <param name="EnqueuedTime">When it was accepted; of a scheduled message, once it has become active, when it did.</param>
/// <param name="DeliveryCount">Deliveries so far, counted when a receiver gets the message, so that one that kills the process is counted
/// too.</param>
/// <param name="Uncounted">Deliveries taken back from the count, because the receiver gave the message back untouched; each has its own
/// lock token all the same.</param>
public sealed record StoredMessage(
    long SequenceNumber,
    string Queue,
    MessageContent Content,
    DateTimeOffset EnqueuedTime,
    int DeliveryCount,
    StoredState State,
    int Uncounted = 0
)
{
    public bool IsDead => State is StoredState.DeadLettered or StoredState.DeadLetterDeferred;

    public bool IsDeferred => State is StoredState.Deferred or StoredState.DeadLetterDeferred;

    internal Guid LockToken => Broker.LockToken.Of(SequenceNumber, DeliveryCount + Uncounted);

    /// <summary>As though the last delivery had not been.</summary>
    internal StoredMessage TakenBack() => this with { DeliveryCount = DeliveryCount - 1, Uncounted = Uncounted + 1 };

    internal TimeSpan TimeToLive(TimeSpan defaultTimeToLive) =>
        Content.TimeToLive is { } own && own < defaultTimeToLive ? own : defaultTimeToLive;

    internal DateTimeOffset ExpiresAt(TimeSpan defaultTimeToLive)
    {
        var life = TimeToLive(defaultTimeToLive);
        return life >= DateTimeOffset.MaxValue - EnqueuedTime ? DateTimeOffset.MaxValue : EnqueuedTime + life;
    }
}

using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Queue;

internal enum EntryState { Available, Locked, Settling, Scheduled, Deferred, DeadLettered }

/// <summary>
/// A message in a running queue. At most one moment matters to it at a time: the end of its lock, its scheduled time, or the end of its life.
/// </summary>
internal sealed class QueueEntry(StoredMessage stored)
{
    public StoredMessage Stored { get; set; } = stored;

    public EntryState State { get; set; } = EntryState.Settling;

    /// <summary>DateTimeOffset.MaxValue when nothing is due.</summary>
    public DateTimeOffset Deadline { get; set; } = DateTimeOffset.MaxValue;

    public long SequenceNumber => Stored.SequenceNumber;

    /// <summary>
    /// Derived, not random: a delivery is named by message and delivery count, which no other delivery shares, not even after a restart.
    /// </summary>
    public Guid LockToken => LockTokenOf(Stored);

    public DateTimeOffset ExpiresAt(TimeSpan defaultTimeToLive)
    {
        var from = Stored.Content.ScheduledEnqueueTime is { } at && at > Stored.EnqueuedTime ? at : Stored.EnqueuedTime;
        var life = TimeToLive(Stored, defaultTimeToLive);
        return life >= DateTimeOffset.MaxValue - from ? DateTimeOffset.MaxValue : from + life;
    }

    public static Guid LockTokenOf(StoredMessage m) =>
        new((int)(m.SequenceNumber >> 32), (short)(m.SequenceNumber >> 16), (short)m.SequenceNumber, BitConverter.GetBytes((long)m.DeliveryCount));

    public static TimeSpan TimeToLive(StoredMessage m, TimeSpan defaultTimeToLive) =>
        m.Content.TimeToLive is { } own && own < defaultTimeToLive ? own : defaultTimeToLive;
}

/// <summary>One delivery, frozen when the lock was taken.</summary>
internal sealed record Delivery(QueueEntry Entry, StoredMessage Stored, DateTimeOffset LockedUntil)
{
    public ServiceBusReceivedMessage ToMessage(LocalQueue queue) => Received.From(Stored, queue, ServiceBusMessageState.Active, LockedUntil);
}

/// <summary>Stored message to what the functions see, by the official model factory.</summary>
internal static class Received
{
    public static ServiceBusReceivedMessage From(StoredMessage m, LocalQueue queue, ServiceBusMessageState state,
        DateTimeOffset lockedUntil = default)
    {
        var c = m.Content;
        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromBytes(c.Body),
            messageId: c.MessageId,
            partitionKey: c.PartitionKey,
            viaPartitionKey: null,
            sessionId: c.SessionId,
            replyToSessionId: c.ReplyToSessionId,
            timeToLive: QueueEntry.TimeToLive(m, queue.Options.DefaultTimeToLive),
            correlationId: c.CorrelationId,
            subject: c.Subject,
            to: c.To,
            contentType: c.ContentType,
            replyTo: c.ReplyTo,
            scheduledEnqueueTime: c.ScheduledEnqueueTime ?? default,
            properties: c.ApplicationProperties.Count == 0
                ? new Dictionary<string, object>()
                : new Dictionary<string, object>(c.ApplicationProperties),
            lockTokenGuid: lockedUntil == default ? Guid.Empty : QueueEntry.LockTokenOf(m),
            deliveryCount: m.DeliveryCount,
            lockedUntil: lockedUntil,
            sequenceNumber: m.SequenceNumber,
            deadLetterSource: m.State == StoredState.DeadLettered ? queue.Name : null,
            enqueuedSequenceNumber: m.SequenceNumber,
            enqueuedTime: m.EnqueuedTime,
            serviceBusMessageState: state);
    }
}

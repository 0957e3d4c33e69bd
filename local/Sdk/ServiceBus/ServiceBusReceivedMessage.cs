using System.Collections.ObjectModel;

namespace Azure.Messaging.ServiceBus;

public enum ServiceBusMessageState
{
    Active = 0,
    Deferred = 1,
    Scheduled = 2,
}

/// <summary>Built by <see cref="ServiceBusModelFactory"/> only, as officially.</summary>
public class ServiceBusReceivedMessage
{
    internal ServiceBusReceivedMessage()
    {
    }

    public BinaryData Body { get; internal init; } = BinaryData.FromBytes(Array.Empty<byte>());

    public string? MessageId { get; internal init; }

    public string? PartitionKey { get; internal init; }

    public string? TransactionPartitionKey { get; internal init; }

    public string? SessionId { get; internal init; }

    public string? ReplyToSessionId { get; internal init; }

    public TimeSpan TimeToLive { get; internal init; }

    public string? CorrelationId { get; internal init; }

    public string? Subject { get; internal init; }

    public string? To { get; internal init; }

    public string? ContentType { get; internal init; }

    public string? ReplyTo { get; internal init; }

    public DateTimeOffset ScheduledEnqueueTime { get; internal init; }

    public IReadOnlyDictionary<string, object> ApplicationProperties { get; internal init; } = ReadOnlyDictionary<string, object>.Empty;

    public string LockToken => LockTokenGuid.ToString();

    public int DeliveryCount { get; internal init; }

    public DateTimeOffset LockedUntil { get; internal init; }

    public long SequenceNumber { get; internal init; }

    public string? DeadLetterSource { get; internal init; }

    public long EnqueuedSequenceNumber { get; internal init; }

    public DateTimeOffset EnqueuedTime { get; internal init; }

    public DateTimeOffset ExpiresAt =>
        TimeToLive >= DateTimeOffset.MaxValue - EnqueuedTime ? DateTimeOffset.MaxValue : EnqueuedTime + TimeToLive;

    public ServiceBusMessageState State { get; internal init; }

    /// <summary>Travels among the application properties, as on the wire.</summary>
    public string? DeadLetterReason => ApplicationProperties.TryGetValue("DeadLetterReason", out var reason) ? reason as string : null;

    /// <inheritdoc cref="DeadLetterReason"/>
    public string? DeadLetterErrorDescription =>
        ApplicationProperties.TryGetValue("DeadLetterErrorDescription", out var description) ? description as string : null;

    internal Guid LockTokenGuid { get; init; }

    public override string ToString() => $"{{MessageId:{MessageId}}}";
}

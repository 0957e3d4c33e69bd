using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Broker;

/// <summary>Why a queue did not accept a message.</summary>
public enum RefusalReason
{
    BadProperty,
    TooLarge,
    NoSession,
}

/// <summary>The queue did not accept the message; nothing was stored.</summary>
public sealed class MessageRefusedException(RefusalReason reason, string message) : Exception(message)
{
    public RefusalReason Reason { get; } = reason;

    internal static MessageRefusedException Bad(string what) => new(RefusalReason.BadProperty, $"The message is refused: {what}.");

    internal static MessageRefusedException TooLarge(long size, int limit) =>
        new(RefusalReason.TooLarge, $"The message is refused: it has {size} bytes, the queue takes at most {limit}.");
}

/// <summary>
/// The lock was lost: it expired, the message was settled already, or the runtime restarted. The message is delivered again or is gone.
/// What the official client throws, so that a function cannot tell this queue from the service.
/// </summary>
public sealed class MessageLockLostException(string queue, long sequenceNumber)
    : ServiceBusException(
        $"The lock on message {sequenceNumber} of queue '{queue}' is lost: it expired, or the message was settled before.",
        ServiceBusFailureReason.MessageLockLost,
        queue
    )
{
    public long SequenceNumber { get; } = sequenceNumber;
}

/// <summary>The lock on a session expired or was given back.</summary>
public sealed class SessionLockLostException(string queue, string sessionId)
    : ServiceBusException(
        $"The lock on session '{sessionId}' of queue '{queue}' is lost: it expired, or the session was closed.",
        ServiceBusFailureReason.SessionLockLost,
        queue
    )
{
    public string SessionId { get; } = sessionId;
}

namespace IRFunctions.Local.Queue;

/// <summary>Why a queue did not accept a message.</summary>
public enum RefusalReason { BadProperty, TooLarge }

/// <summary>The queue did not accept the message; nothing was stored.</summary>
public sealed class MessageRefusedException(RefusalReason reason, string message) : Exception(message)
{
    public RefusalReason Reason { get; } = reason;

    internal static MessageRefusedException TooLarge(long size, int limit) =>
        new(RefusalReason.TooLarge, $"The message is refused: it has {size} bytes, the queue takes at most {limit}.");
}

/// <summary>
/// The lock was lost: it expired, the message was settled already, or the runtime restarted. The message is delivered again or is gone.
/// </summary>
public sealed class MessageLockLostException(string queue, long sequenceNumber)
    : InvalidOperationException($"The lock on message {sequenceNumber} of queue '{queue}' is lost: it expired, or the message was settled before.")
{
    public long SequenceNumber { get; } = sequenceNumber;
}

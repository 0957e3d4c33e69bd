using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// What went wrong, in the conditions by which clients know it
/// (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-troubleshoot, and the conditions the official client reads).
/// </summary>
internal static class AmqpErrors
{
    public static readonly AmqpSymbol MessageLockLost = "com.microsoft:message-lock-lost";
    public static readonly AmqpSymbol SessionLockLost = "com.microsoft:session-lock-lost";
    public static readonly AmqpSymbol SessionCannotBeLocked = "com.microsoft:session-cannot-be-locked";
    public static readonly AmqpSymbol MessageNotFound = "com.microsoft:message-not-found";
    public static readonly AmqpSymbol Timeout = "com.microsoft:timeout";
    public static readonly AmqpSymbol Argument = "com.microsoft:argument-error";
    public static readonly AmqpSymbol ArgumentOutOfRange = "com.microsoft:argument-out-of-range";

    public static Error From(Exception exception) =>
        exception switch
        {
            AmqpException amqp => amqp.Error,
            MessageRefusedException refused => Error(ConditionOf(refused.Reason), refused.Message),
            MessageLockLostException => Error(MessageLockLost, exception.Message),
            SessionLockLostException => Error(SessionLockLost, exception.Message),
            ArgumentOutOfRangeException => Error(ArgumentOutOfRange, exception.Message),
            ArgumentException or FormatException or InvalidCastException => Error(Argument, exception.Message),
            NotSupportedException => Error(AmqpErrorCode.NotImplemented, exception.Message),
            InvalidOperationException => Error(AmqpErrorCode.NotAllowed, exception.Message),
            _ => Error(AmqpErrorCode.InternalError, exception.Message),
        };

    /// <summary>The status that goes with a condition in an answer of a management node.</summary>
    public static AmqpResponseStatusCode StatusOf(AmqpSymbol condition)
    {
        if (condition.Equals(MessageLockLost) || condition.Equals(SessionLockLost) || condition.Equals(SessionCannotBeLocked))
            return AmqpResponseStatusCode.Gone;
        if (condition.Equals(MessageNotFound) || condition.Equals(AmqpErrorCode.NotFound))
            return AmqpResponseStatusCode.NotFound;
        if (condition.Equals(Timeout))
            return AmqpResponseStatusCode.RequestTimeout;
        if (condition.Equals(AmqpErrorCode.MessageSizeExceeded))
            return AmqpResponseStatusCode.Forbidden;
        if (condition.Equals(AmqpErrorCode.NotImplemented))
            return AmqpResponseStatusCode.NotImplemented;
        return condition.Equals(AmqpErrorCode.InternalError)
            ? AmqpResponseStatusCode.InternalServerError
            : AmqpResponseStatusCode.BadRequest;
    }

    private static AmqpSymbol ConditionOf(RefusalReason reason) =>
        reason switch
        {
            RefusalReason.TooLarge => AmqpErrorCode.MessageSizeExceeded,
            RefusalReason.NoSession => AmqpErrorCode.NotAllowed,
            _ => Argument,
        };

    private static Error Error(AmqpSymbol condition, string description) => new() { Condition = condition, Description = description };
}

using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Amqp;

namespace IRFunctions.Local.Broker;

/// <summary>A stored message as a receiver gets it: what the sender encoded, and over it what the queue knows.</summary>
internal static class DeliveredMessage
{
    /// <summary>For a receiver that locked it. The header counts earlier deliveries, as AMQP has it (spec 3.2.1, delivery-count).</summary>
    public static AmqpMessage From(Delivery delivery, LocalQueue queue)
    {
        var message = From(delivery.Stored, queue);
        message.Header.DeliveryCount = (uint)(delivery.Stored.DeliveryCount - 1);
        message.MessageAnnotations.Map[Names.LockedUntil] = delivery.LockedUntil.UtcDateTime;
        return message;
    }

    /// <summary>For someone who only looks: all deliveries so far, and no lock.</summary>
    public static AmqpMessage From(StoredMessage stored, LocalQueue queue)
    {
        var message = stored.Content.Decode();
        message.Header.DeliveryCount = (uint)stored.DeliveryCount;
        var annotations = message.MessageAnnotations.Map;
        annotations[Names.SequenceNumber] = stored.SequenceNumber;
        annotations[Names.EnqueueSequenceNumber] = stored.SequenceNumber;
        annotations[Names.EnqueuedTime] = stored.EnqueuedTime.UtcDateTime;
        annotations[Names.MessageState] = (int)StateOf(stored);
        if (stored.IsDead)
            annotations[Names.DeadLetterSource] = queue.Name;
        SetExpiry(message, stored, queue.Options.DefaultTimeToLive);
        return message;
    }

    /// <summary>A client reckons the end of a message's life from these; the sender's own clock does not count.</summary>
    private static void SetExpiry(AmqpMessage message, StoredMessage stored, TimeSpan defaultTimeToLive)
    {
        var life = stored.TimeToLive(defaultTimeToLive);
        if (life == TimeSpan.MaxValue)
            return;
        MessageContent.SetTimeToLive(message, life);
        MessageContent.SetTimes(message, stored.EnqueuedTime.UtcDateTime, life);
    }

    private static ServiceBusMessageState StateOf(StoredMessage stored) =>
        stored.State switch
        {
            StoredState.Scheduled => ServiceBusMessageState.Scheduled,
            StoredState.Deferred or StoredState.DeadLetterDeferred => ServiceBusMessageState.Deferred,
            _ => ServiceBusMessageState.Active,
        };
}

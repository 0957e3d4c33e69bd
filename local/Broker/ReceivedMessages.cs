using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace IRFunctions.Local.Broker;

/// <summary>Messages for receivers inside the process, as the official client would have made them of the same AMQP message.</summary>
internal static class ReceivedMessages
{
    public static ServiceBusReceivedMessage From(Delivery delivery, LocalQueue queue)
    {
        var message = Annotated(DeliveredMessage.From(delivery, queue));
        message.Header.DeliveryCount = (uint)delivery.Stored.DeliveryCount;
        return ServiceBusReceivedMessage.FromAmqpMessage(message, BinaryData.FromBytes(delivery.LockToken.ToByteArray()));
    }

    public static ServiceBusReceivedMessage From(StoredMessage stored, LocalQueue queue) =>
        ServiceBusReceivedMessage.FromAmqpMessage(
            Annotated(DeliveredMessage.From(stored, queue)),
            BinaryData.FromBytes(Guid.Empty.ToByteArray())
        );

    private static AmqpAnnotatedMessage Annotated(AmqpMessage source)
    {
        var message = new AmqpAnnotatedMessage(BodyOf(source));
        Copy(source.Header, message.Header);
        if (source.Properties is { } properties)
            Copy(properties, message.Properties);
        // What the sender and the queue wrote into the times decides over the header, which holds 49 days at most.
        if (source.Properties is { AbsoluteExpiryTime: { } end, CreationTime: { } start })
            message.Header.TimeToLive = end - start;
        Copy(source.ApplicationProperties?.Map, message.ApplicationProperties);
        Copy(source.MessageAnnotations?.Map, message.MessageAnnotations);
        Copy(source.DeliveryAnnotations?.Map, message.DeliveryAnnotations);
        Copy(source.Footer?.Map, message.Footer);
        return message;
    }

    private static AmqpMessageBody BodyOf(AmqpMessage source)
    {
        if ((source.BodyType & SectionFlag.AmqpValue) != 0 && AmqpValues.ToNet(source.ValueBody.Value) is { } value)
            return AmqpMessageBody.FromValue(value);
        if ((source.BodyType & SectionFlag.AmqpSequence) != 0)
            return AmqpMessageBody.FromSequence(source.SequenceBody.Select(s => (IList<object>)[.. s.List.Cast<object>()]).ToList());
        return AmqpMessageBody.FromData(source.DataBody?.Select(d => Bytes(d.Value)).ToList() ?? [ReadOnlyMemory<byte>.Empty]);
    }

    private static ReadOnlyMemory<byte> Bytes(object data) =>
        data switch
        {
            ArraySegment<byte> segment => segment,
            byte[] bytes => bytes,
            _ => ReadOnlyMemory<byte>.Empty,
        };

    private static void Copy(Header from, AmqpMessageHeader to)
    {
        to.DeliveryCount = from.DeliveryCount;
        to.Durable = from.Durable;
        to.Priority = from.Priority;
        to.FirstAcquirer = from.FirstAcquirer;
        if (from.Ttl is { } milliseconds)
            to.TimeToLive = TimeSpan.FromMilliseconds(milliseconds);
    }

    private static void Copy(Properties from, AmqpMessageProperties to)
    {
        if (from.MessageId is { } id)
            to.MessageId = new AmqpMessageId(id.ToString()!);
        if (from.CorrelationId is { } correlation)
            to.CorrelationId = new AmqpMessageId(correlation.ToString()!);
        if (from.To is { } address)
            to.To = new AmqpAddress(address.ToString()!);
        if (from.ReplyTo is { } reply)
            to.ReplyTo = new AmqpAddress(reply.ToString()!);
        if (from.UserId.Array is not null)
            to.UserId = from.UserId;
        to.Subject = from.Subject;
        to.ContentType = from.ContentType.Value;
        to.ContentEncoding = from.ContentEncoding.Value;
        to.AbsoluteExpiryTime = Utc(from.AbsoluteExpiryTime);
        to.CreationTime = Utc(from.CreationTime);
        to.GroupId = from.GroupId;
        to.GroupSequence = from.GroupSequence;
        to.ReplyToGroupId = from.ReplyToGroupId;
    }

    private static void Copy(IEnumerable<KeyValuePair<MapKey, object>>? from, IDictionary<string, object?> to)
    {
        foreach (var (key, value) in from ?? [])
            to[AmqpValues.KeyOf(key)] = AmqpValues.ToNet(value);
    }

    private static DateTimeOffset? Utc(DateTime? at) =>
        at is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;
}

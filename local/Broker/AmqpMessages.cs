using System.Runtime.InteropServices;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;

namespace IRFunctions.Local.Broker;

/// <summary>Messages between their bytes and the library's objects.</summary>
internal static class AmqpMessages
{
    /// <summary>For reading only: encoded again, this one would lose all body sections but the last (Microsoft.Azure.Amqp 2.7.3).</summary>
    /// <exception cref="AmqpException">Thrown on reading a section: the bytes are no AMQP message.</exception>
    public static AmqpMessage Parse(ReadOnlyMemory<byte> bytes) =>
        AmqpMessage.CreateAmqpStreamMessage(new BufferListStream([Segment(bytes)]));

    /// <summary>The message as an object of its own, to be changed and sent.</summary>
    public static AmqpMessage Decode(ReadOnlyMemory<byte> bytes)
    {
        var parsed = Parse(bytes);
        var message = WithBodyOf(parsed);
        Copy(parsed.Header, message.Header);
        if (parsed.DeliveryAnnotations is { } delivery)
            message.DeliveryAnnotations.Map.Merge(delivery.Map);
        if (parsed.MessageAnnotations is { } annotations)
            message.MessageAnnotations.Map.Merge(annotations.Map);
        if (parsed.Properties is { } properties)
            Copy(properties, message.Properties);
        if (parsed.ApplicationProperties is { } own)
            message.ApplicationProperties.Map.Merge(own.Map);
        if (parsed.Footer is { } footer)
            message.Footer.Map.Merge(footer.Map);
        return message;
    }

    public static byte[] Encode(AmqpMessage message)
    {
        var segments = message.GetPayload() ?? [];
        var bytes = new byte[segments.Sum(s => s.Count)];
        var at = 0;
        foreach (var segment in segments)
        {
            segment.CopyTo(bytes, at);
            at += segment.Count;
        }
        return bytes;
    }

    public static ArraySegment<byte> Segment(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new ArraySegment<byte>(bytes.ToArray());

    private static AmqpMessage WithBodyOf(AmqpMessage parsed)
    {
        if ((parsed.BodyType & SectionFlag.Data) != 0)
            return AmqpMessage.Create(parsed.DataBody);
        if ((parsed.BodyType & SectionFlag.AmqpValue) != 0)
            return AmqpMessage.Create(parsed.ValueBody);
        return (parsed.BodyType & SectionFlag.AmqpSequence) != 0 ? AmqpMessage.Create(parsed.SequenceBody) : AmqpMessage.Create();
    }

    private static void Copy(Header from, Header to)
    {
        to.Durable = from.Durable;
        to.Priority = from.Priority;
        to.Ttl = from.Ttl;
        to.FirstAcquirer = from.FirstAcquirer;
        to.DeliveryCount = from.DeliveryCount;
    }

    private static void Copy(Properties from, Properties to)
    {
        to.MessageId = from.MessageId;
        to.UserId = from.UserId;
        to.To = from.To;
        to.Subject = from.Subject;
        to.ReplyTo = from.ReplyTo;
        to.CorrelationId = from.CorrelationId;
        to.ContentType = from.ContentType;
        to.ContentEncoding = from.ContentEncoding;
        to.AbsoluteExpiryTime = from.AbsoluteExpiryTime;
        to.CreationTime = from.CreationTime;
        to.GroupId = from.GroupId;
        to.GroupSequence = from.GroupSequence;
        to.ReplyToGroupId = from.ReplyToGroupId;
    }
}

using System.Text;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;

namespace IRFunctions.Local.Broker;

/// <summary>
/// A message as a queue keeps it: its AMQP encoding, so that everything a client put into it comes out again, and what the queue itself
/// reads of it.
/// Immutable.
/// </summary>
public sealed class MessageContent
{
    private const int MaxIdLength = 128;
    private const int MaxPropertyBytes = 32 * 1024;
    private const int MaxAllPropertiesBytes = 64 * 1024;

    private MessageContent(ReadOnlyMemory<byte> bytes, AmqpMessage message)
    {
        Bytes = bytes;
        MessageId = message.Properties?.MessageId?.ToString() ?? "";
        SessionId = message.Properties?.GroupId;
        PartitionKey = message.MessageAnnotations?.Map[Names.PartitionKey] as string;
        ScheduledEnqueueTime = message.MessageAnnotations?.Map[Names.ScheduledEnqueueTime] is DateTime at ? Utc(at) : null;
        TimeToLive = TimeToLiveOf(message);
    }

    /// <summary>The AMQP 1.0 encoding of all sections, as it came.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Empty where the sender gave none.</summary>
    public string MessageId { get; }

    public string? SessionId { get; }

    public string? PartitionKey { get; }

    public TimeSpan? TimeToLive { get; }

    public DateTimeOffset? ScheduledEnqueueTime { get; }

    /// <exception cref="MessageRefusedException">A property breaks a Service Bus limit; the message names it.</exception>
    public static MessageContent From(OutgoingMessage outgoing)
    {
        var message = AmqpMessage.Create(new Data { Value = AmqpMessages.Segment(outgoing.Body) });
        SetProperties(message.Properties, outgoing);
        if (outgoing.TimeToLive is { } life)
            SetTimeToLive(message, life);
        if (outgoing.PartitionKey is not null)
            message.MessageAnnotations.Map[Names.PartitionKey] = outgoing.PartitionKey;
        if (outgoing.ScheduledEnqueueTime is { } at)
            message.MessageAnnotations.Map[Names.ScheduledEnqueueTime] = at.UtcDateTime;
        foreach (var (name, value) in outgoing.ApplicationProperties)
        {
            if (!AmqpValues.TryToAmqp(value, out var amqp))
                throw MessageRefusedException.Bad(
                    $"application property '{name}' has type {value?.GetType().Name ?? "null"}, which no Service Bus message can carry"
                );
            message.ApplicationProperties.Map[name] = amqp;
        }
        if (outgoing.TimeToLive <= TimeSpan.Zero)
            throw MessageRefusedException.Bad($"TimeToLive {outgoing.TimeToLive} is not positive");
        return Checked(AmqpMessages.Encode(message), message);
    }

    /// <summary>A message as a client encoded it; the bytes are kept.</summary>
    /// <inheritdoc cref="From(OutgoingMessage)"/>
    /// <exception cref="AmqpException">The bytes are no AMQP message.</exception>
    public static MessageContent From(ReadOnlyMemory<byte> bytes) => Checked(bytes, AmqpMessages.Parse(bytes));

    /// <summary>A message as it was stored, with no check.</summary>
    public static MessageContent Read(ReadOnlyMemory<byte> bytes) => new(bytes, AmqpMessages.Parse(bytes));

    /// <summary>The message anew, for the caller to change and send.</summary>
    public AmqpMessage Decode() => AmqpMessages.Decode(Bytes);

    /// <summary>The message with some change, encoded again.</summary>
    public MessageContent With(Action<AmqpMessage> change)
    {
        var message = Decode();
        change(message);
        return new MessageContent(AmqpMessages.Encode(message), message);
    }

    /// <summary>The same message with application properties set; AMQP values (<see cref="AmqpValues"/>).</summary>
    internal MessageContent WithProperties(IReadOnlyDictionary<string, object?>? changes)
    {
        if (changes is null || changes.Count == 0)
            return this;
        return With(message =>
        {
            foreach (var (name, value) in changes)
                message.ApplicationProperties.Map[name] = value;
        });
    }

    /// <summary>
    /// How long the message lives, where it says so; the header alone holds 49 days, the times of the properties any span.
    /// </summary>
    internal static void SetTimeToLive(AmqpMessage message, TimeSpan life)
    {
        if (life == TimeSpan.MaxValue)
            return;
        message.Header.Ttl = (uint)Math.Clamp(life.TotalMilliseconds, 0, uint.MaxValue);
        if (life.TotalMilliseconds <= uint.MaxValue)
            return;
        SetTimes(message, DateTime.UnixEpoch, life);
    }

    /// <summary>Start and end of the message's life, which a client reckons with.</summary>
    internal static void SetTimes(AmqpMessage message, DateTime start, TimeSpan life)
    {
        message.Properties.CreationTime = start;
        message.Properties.AbsoluteExpiryTime = life < DateTime.MaxValue - start ? start + life : DateTime.MaxValue;
    }

    private static MessageContent Checked(ReadOnlyMemory<byte> bytes, AmqpMessage message)
    {
        var content = new MessageContent(bytes, message);
        Limit("MessageId", content.MessageId);
        Limit("SessionId", content.SessionId);
        Limit("PartitionKey", content.PartitionKey);
        Limit("ReplyToSessionId", message.Properties?.ReplyToGroupId);
        if (content.SessionId is { } session && content.PartitionKey is { } key && session != key)
            throw MessageRefusedException.Bad(
                $"SessionId '{session}' and PartitionKey '{key}' are both set and differ; they must be equal"
            );
        if (content.TimeToLive <= TimeSpan.Zero)
            throw MessageRefusedException.Bad($"TimeToLive {content.TimeToLive} is not positive");
        CheckProperties(message);
        return content;

        static void Limit(string name, string? value)
        {
            if (value?.Length > MaxIdLength)
                throw MessageRefusedException.Bad($"{name} has {value.Length} characters; the limit is {MaxIdLength}");
        }
    }

    private static void CheckProperties(AmqpMessage message)
    {
        if (message.ApplicationProperties is null)
            return;
        var all = 0;
        foreach (var (key, value) in message.ApplicationProperties.Map)
        {
            var name = AmqpValues.KeyOf(key);
            var size = Encoding.UTF8.GetByteCount(name) + AmqpValues.SizeOf(value);
            if (size > MaxPropertyBytes)
                throw MessageRefusedException.Bad($"application property '{name}' is larger than {MaxPropertyBytes} bytes");
            all += size;
        }
        if (all > MaxAllPropertiesBytes)
            throw MessageRefusedException.Bad($"the application properties are together larger than {MaxAllPropertiesBytes} bytes");
    }

    private static void SetProperties(Properties properties, OutgoingMessage outgoing)
    {
        properties.Subject = outgoing.Subject;
        properties.GroupId = outgoing.SessionId;
        properties.ReplyToGroupId = outgoing.ReplyToSessionId;
        if (outgoing.MessageId.Length > 0)
            properties.MessageId = outgoing.MessageId;
        if (outgoing.CorrelationId is not null)
            properties.CorrelationId = outgoing.CorrelationId;
        if (outgoing.ContentType is not null)
            properties.ContentType = outgoing.ContentType;
        if (outgoing.To is not null)
            properties.To = outgoing.To;
        if (outgoing.ReplyTo is not null)
            properties.ReplyTo = outgoing.ReplyTo;
    }

    private static TimeSpan? TimeToLiveOf(AmqpMessage message)
    {
        if (message.Header?.Ttl is { } milliseconds and < uint.MaxValue)
            return TimeSpan.FromMilliseconds(milliseconds);
        var properties = message.Properties;
        return properties?.AbsoluteExpiryTime is { } end && properties.CreationTime is { } start ? end - start : null;
    }

    private static DateTimeOffset Utc(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc), TimeSpan.Zero);
}

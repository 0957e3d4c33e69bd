using System.Text;

namespace IRFunctions.Local.Queue;

/// <summary>A message on its way into a queue: body, broker properties and application properties, named as in Azure.Messaging.ServiceBus.</summary>
public sealed record OutgoingMessage
{
    private const int MaxIdLength = 128;
    private const int MaxPropertyBytes = 32 * 1024;
    private const int MaxAllPropertiesBytes = 64 * 1024;
    private static readonly IReadOnlyDictionary<string, object> NoProperties = new Dictionary<string, object>();

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Empty lets the queue give one; only a given one takes part in duplicate detection.</summary>
    public string MessageId { get; init; } = "";
    public string? SessionId { get; init; }
    public string? PartitionKey { get; init; }
    public string? CorrelationId { get; init; }
    public string? Subject { get; init; }
    public string? ContentType { get; init; }
    public string? To { get; init; }
    public string? ReplyTo { get; init; }
    public string? ReplyToSessionId { get; init; }
    public TimeSpan? TimeToLive { get; init; }
    public DateTimeOffset? ScheduledEnqueueTime { get; init; }
    public IReadOnlyDictionary<string, object> ApplicationProperties { get; init; } = NoProperties;

    /// <summary>A JSON message, for tests and the feed of samples.</summary>
    public static OutgoingMessage Json(string body, string messageId = "") =>
        new() { Body = Encoding.UTF8.GetBytes(body), MessageId = messageId, ContentType = "application/json" };

    /// <summary>Bytes counted against the queue's limit: body and every property.</summary>
    internal int SizeInBytes =>
        Body.Length + PropertyBytes + Length(MessageId) + Length(SessionId) + Length(PartitionKey) + Length(CorrelationId) + Length(Subject)
        + Length(ContentType) + Length(To) + Length(ReplyTo) + Length(ReplyToSessionId);

    private int PropertyBytes
    {
        get
        {
            var bytes = 0;
            foreach (var (name, value) in ApplicationProperties) bytes += Length(name) + PropertyCodec.SizeOf(value);
            return bytes;
        }
    }

    /// <exception cref="MessageRefusedException">A property breaks a Service Bus limit; the message names it.</exception>
    internal void Check(int maxBytes)
    {
        Limit(nameof(MessageId), MessageId);
        Limit(nameof(SessionId), SessionId);
        Limit(nameof(PartitionKey), PartitionKey);
        Limit(nameof(ReplyToSessionId), ReplyToSessionId);
        if (SessionId is not null && PartitionKey is not null && SessionId != PartitionKey)
            throw Bad($"SessionId '{SessionId}' and PartitionKey '{PartitionKey}' are both set and differ; they must be equal");
        if (TimeToLive <= TimeSpan.Zero) throw Bad($"TimeToLive {TimeToLive} is not positive");
        foreach (var (name, value) in ApplicationProperties)
        {
            if (!PropertyCodec.Supports(value))
                throw Bad($"application property '{name}' has type {value?.GetType().Name ?? "null"}, which no Service Bus message can carry");
            if (Length(name) + PropertyCodec.SizeOf(value) > MaxPropertyBytes)
                throw Bad($"application property '{name}' is larger than {MaxPropertyBytes} bytes");
        }
        if (PropertyBytes > MaxAllPropertiesBytes) throw Bad($"the application properties are together larger than {MaxAllPropertiesBytes} bytes");
        var size = SizeInBytes;
        if (size > maxBytes) throw MessageRefusedException.TooLarge(size, maxBytes);

        static void Limit(string name, string? value)
        {
            if (value?.Length > MaxIdLength) throw Bad($"{name} has {value.Length} characters; the limit is {MaxIdLength}");
        }

        static MessageRefusedException Bad(string what) => new(RefusalReason.BadProperty, $"The message is refused: {what}.");
    }

    private static int Length(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}

using System.Text;

namespace IRFunctions.Local.Broker;

/// <summary>
/// A message on its way into a queue from inside the process or over HTTP: body, broker properties and application properties, named as in
/// Azure.Messaging.ServiceBus. A client over AMQP brings its own encoding (<see cref="MessageContent"/>).
/// </summary>
public sealed record OutgoingMessage
{
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
        new()
        {
            Body = Encoding.UTF8.GetBytes(body),
            MessageId = messageId,
            ContentType = "application/json",
        };
}

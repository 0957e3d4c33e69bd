using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Queue;

/// <summary>Everything of a message but its body, as one JSON text beside the body.</summary>
internal static class MessageHead
{
    public static string Write(OutgoingMessage m)
    {
        var head = new JsonObject();
        Put("id", m.MessageId);
        Put("session", m.SessionId);
        Put("partition", m.PartitionKey);
        Put("correlation", m.CorrelationId);
        Put("subject", m.Subject);
        Put("contentType", m.ContentType);
        Put("to", m.To);
        Put("replyTo", m.ReplyTo);
        Put("replyToSession", m.ReplyToSessionId);
        Put("ttl", m.TimeToLive?.ToString("c"));
        Put("scheduled", m.ScheduledEnqueueTime?.ToString("O"));
        if (m.ApplicationProperties.Count > 0) head["properties"] = PropertyCodec.Write(m.ApplicationProperties);
        return head.ToJsonString();

        void Put(string name, string? value)
        {
            if (value is not null) head[name] = value;
        }
    }

    public static OutgoingMessage Read(string json, byte[] body)
    {
        var head = JsonNode.Parse(json)!.AsObject();
        var message = new OutgoingMessage
        {
            Body = body,
            MessageId = Get("id") ?? "",
            SessionId = Get("session"),
            PartitionKey = Get("partition"),
            CorrelationId = Get("correlation"),
            Subject = Get("subject"),
            ContentType = Get("contentType"),
            To = Get("to"),
            ReplyTo = Get("replyTo"),
            ReplyToSessionId = Get("replyToSession"),
            TimeToLive = Get("ttl") is { } ttl ? TimeSpan.Parse(ttl, CultureInfo.InvariantCulture) : null,
            ScheduledEnqueueTime = Get("scheduled") is { } at ? DateTimeOffset.Parse(at, CultureInfo.InvariantCulture) : null,
        };
        return head["properties"] is JsonArray properties ? message with { ApplicationProperties = PropertyCodec.Read(properties) } : message;

        string? Get(string name) => (string?)head[name];
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Broker;

/// <summary>
/// The BrokerProperties of a message sent over HTTP (learn.microsoft.com/rest/api/servicebus/message-headers-and-properties):
/// a JSON object; properties it does not know are ignored, as the real endpoint does; a known one of the wrong kind is an error that names
/// it.
/// </summary>
internal static class BrokerProperties
{
    /// <exception cref="FormatException">The text is no JSON object or a property has the wrong kind; the message says which.</exception>
    public static OutgoingMessage Apply(string? json, OutgoingMessage message)
    {
        if (string.IsNullOrWhiteSpace(json))
            return message;
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(json);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The BrokerProperties header is not JSON: {e.Message}", e);
        }
        return node is JsonObject properties
            ? Apply(properties, message)
            : throw new FormatException("The BrokerProperties header is not a JSON object.");
    }

    /// <inheritdoc cref="Apply(string?, OutgoingMessage)"/>
    public static OutgoingMessage Apply(JsonObject properties, OutgoingMessage message) =>
        message with
        {
            MessageId = Text(properties, "MessageId") ?? message.MessageId,
            SessionId = Text(properties, "SessionId"),
            PartitionKey = Text(properties, "PartitionKey"),
            CorrelationId = Text(properties, "CorrelationId"),
            Subject = Text(properties, "Label"),
            To = Text(properties, "To"),
            ReplyTo = Text(properties, "ReplyTo"),
            ReplyToSessionId = Text(properties, "ReplyToSessionId"),
            TimeToLive = Seconds(properties, "TimeToLive"),
            ScheduledEnqueueTime = Time(properties, "ScheduledEnqueueTimeUtc"),
        };

    /// <summary>
    /// A custom header or user property: a quoted text, a number or a boolean as the real endpoint reads them; anything else stays text.
    /// </summary>
    public static object PropertyValue(string text)
    {
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"')
            return text[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal);
        if (bool.TryParse(text, out var boolean))
            return boolean;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return whole;
        return double.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var real
        )
            ? real
            : text;
    }

    private static JsonValue? Value(JsonObject properties, string name, string kind) =>
        properties[name] switch
        {
            null => null,
            JsonValue value => value,
            _ => throw Wrong(name, kind),
        };

    private static string? Text(JsonObject properties, string name)
    {
        var value = Value(properties, name, "a text");
        if (value is null)
            return null;
        return value.TryGetValue<string>(out var text) ? text : throw Wrong(name, "a text");
    }

    private static TimeSpan? Seconds(JsonObject properties, string name)
    {
        const string Kind = "a positive number of seconds";
        var value = Value(properties, name, Kind);
        if (value is null)
            return null;
        if (!value.TryGetValue<double>(out var seconds) || seconds <= 0)
            throw Wrong(name, Kind);
        return seconds >= TimeSpan.MaxValue.TotalSeconds ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
    }

    private static DateTimeOffset? Time(JsonObject properties, string name)
    {
        var text = Text(properties, name);
        if (text is null)
            return null;
        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : throw Wrong(name, "a time such as 'Sun, 06 Nov 2026 08:49:37 GMT'");
    }

    private static FormatException Wrong(string name, string kind) => new($"BrokerProperties: {name} is not {kind}.");
}

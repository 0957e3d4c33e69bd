using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace IRFunctions.Local.Broker;

/// <summary>
/// Service Bus's HTTP send at <c>POST /{queue}/messages</c>, and, for people, a look into the queues under <c>/local/queues</c>, which the
/// real one does not have.
/// </summary>
public static class QueueEndpoints
{
    private const string BatchType = "application/vnd.microsoft.servicebus.json";

    /// <summary>We read past the limit up to here, so that a sender hears "too large" instead of a broken connection.</summary>
    private const long LargestRead = 64 * 1024 * 1024;

    /// <summary>Headers that describe the request, not the message; every other one becomes an application property.</summary>
    private static readonly HashSet<string> NotProperties = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "BrokerProperties",
        "Cache-Control",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Cookie",
        "Date",
        "Expect",
        "Host",
        "Keep-Alive",
        "Origin",
        "Pragma",
        "Referer",
        "Request-Id",
        "traceparent",
        "tracestate",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "x-ms-retrypolicy",
    };

    public static void MapQueues(this IEndpointRouteBuilder endpoints, QueueNamespace queues)
    {
        endpoints.MapPost("/{queue}/messages", (string queue, HttpRequest request) => SendAsync(queues.Find(queue), queue, request));
        endpoints.MapGet("/local/queues", () => Results.Json(queues.Queues.Select(q => new { q.Name, q.Counts })));
        endpoints.MapGet("/local/queues/{name}", (string name) => Look(queues, name, dead: false));
        endpoints.MapGet("/local/queues/{name}/deadletter", (string name) => Look(queues, name, dead: true));
        endpoints.MapPost(
            "/local/queues/{name}/deadletter/{sequenceNumber:long}/resubmit",
            (string name, long sequenceNumber) => ResubmitAsync(queues, name, sequenceNumber)
        );
    }

    /// <summary>The same addresses where the queues are in another namespace: they say where.</summary>
    /// <param name="host">Host name of that namespace.</param>
    public static void MapQueuesElsewhere(this IEndpointRouteBuilder endpoints, string host)
    {
        string[] routes = ["/{queue}/messages", "/local/queues", "/local/queues/{**rest}"];
        foreach (var route in routes)
        {
            endpoints.Map(
                route,
                () =>
                    Refused(
                        StatusCodes.Status410Gone,
                        $"The queues are elsewhere, in the Service Bus namespace {host} (--service-bus): send there and look there."
                    )
            );
        }
    }

    private static async Task<IResult> SendAsync(LocalQueue? queue, string name, HttpRequest request)
    {
        if (queue is null)
            return Refused(StatusCodes.Status410Gone, $"There is no queue '{name}'.");
        var limit = queue.Options.MaxMessageBytes;
        var (body, size) = await ReadAsync(request, limit);
        // The same status as the real one: 403 means quota exceeded or message too large.
        if (body is null)
            return Refused(
                StatusCodes.Status403Forbidden,
                $"The message is too large: {size} bytes of body, the queue takes at most {limit} bytes in all."
            );
        try
        {
            await queue.SendAsync(IsBatch(request) ? Batch(body) : [Single(request, body)]);
            return Results.StatusCode(StatusCodes.Status201Created);
        }
        catch (FormatException e)
        {
            return Refused(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (MessageRefusedException e)
        {
            return Refused(
                e.Reason == RefusalReason.TooLarge ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest,
                e.Message
            );
        }
    }

    private static OutgoingMessage Single(HttpRequest request, byte[] body)
    {
        var properties = new Dictionary<string, object>();
        foreach (var (name, value) in request.Headers)
        {
            if (NotProperties.Contains(name) || name.StartsWith("sec-", StringComparison.OrdinalIgnoreCase))
                continue;
            properties[name] = BrokerProperties.PropertyValue(value.ToString());
        }
        return BrokerProperties.Apply(
            request.Headers["BrokerProperties"],
            new OutgoingMessage
            {
                Body = body,
                ContentType = request.ContentType,
                ApplicationProperties = properties,
            }
        );
    }

    private static bool IsBatch(HttpRequest request) =>
        request.ContentType?.StartsWith(BatchType, StringComparison.OrdinalIgnoreCase) == true;

    private static List<OutgoingMessage> Batch(byte[] body)
    {
        JsonArray? array;
        try
        {
            array = JsonNode.Parse(body) as JsonArray;
        }
        catch (JsonException e)
        {
            throw new FormatException($"The batch is not JSON: {e.Message}", e);
        }
        if (array is null || array.Count == 0)
            throw new FormatException("The batch is not a JSON array of at least one message.");
        return [.. array.Select(OfBatch)];
    }

    private static OutgoingMessage OfBatch(JsonNode? node, int index)
    {
        if (node is not JsonObject entry || entry["Body"] is not JsonValue value || !value.TryGetValue<string>(out var text))
            throw new FormatException($"Message {index} of the batch has no text 'Body'.");
        var message = new OutgoingMessage { Body = Encoding.UTF8.GetBytes(text) };
        if (entry["UserProperties"] is JsonObject user)
            message = message with { ApplicationProperties = user.ToDictionary(p => p.Key, p => UserProperty(p, index)) };
        try
        {
            return entry["BrokerProperties"] is JsonObject properties ? BrokerProperties.Apply(properties, message) : message;
        }
        catch (FormatException e)
        {
            throw new FormatException($"Message {index} of the batch: {e.Message}", e);
        }
    }

    private static object UserProperty(KeyValuePair<string, JsonNode?> property, int index) =>
        property.Value switch
        {
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            JsonValue value => BrokerProperties.PropertyValue(value.ToJsonString()),
            _ => throw new FormatException(
                $"Message {index} of the batch: user property '{property.Key}' is neither text, number nor boolean."
            ),
        };

    /// <summary>The body, or null and its size where it is larger than the limit.</summary>
    private static async Task<(byte[]? Body, long Size)> ReadAsync(HttpRequest request, int limit)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } cap)
            cap.MaxRequestBodySize = LargestRead;
        using var kept = new MemoryStream((int)Math.Min(request.ContentLength ?? 4096, limit));
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            long size = 0;
            int read;
            while ((read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
            {
                size += read;
                if (size <= limit)
                    kept.Write(buffer, 0, read);
            }
            return (size <= limit ? kept.ToArray() : null, size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static IResult Look(QueueNamespace queues, string name, bool dead)
    {
        if (queues.Find(name) is not { } queue)
            return Refused(StatusCodes.Status404NotFound, $"There is no queue '{name}'.");
        var messages = dead ? queue.PeekDeadLetters() : queue.Peek();
        return Results.Json(
            new
            {
                queue.Name,
                queue.Counts,
                Messages = messages.Select(m => new
                {
                    m.SequenceNumber,
                    m.MessageId,
                    m.EnqueuedTime,
                    m.DeliveryCount,
                    State = m.State.ToString(),
                    Reason = m.DeadLetterReason,
                    Description = m.DeadLetterErrorDescription,
                    Body = Excerpt(m.Body),
                }),
            }
        );
    }

    private static async Task<IResult> ResubmitAsync(QueueNamespace queues, string name, long sequenceNumber) =>
        queues.Find(name) is { } queue && await queue.ResubmitAsync(sequenceNumber)
            ? Results.StatusCode(StatusCodes.Status202Accepted)
            : Refused(StatusCodes.Status404NotFound, $"Queue '{name}' has no dead letter {sequenceNumber}.");

    private static string Excerpt(BinaryData body)
    {
        const int Most = 400;
        var bytes = body.ToMemory();
        return bytes.Length <= Most ? Encoding.UTF8.GetString(bytes.Span) : Encoding.UTF8.GetString(bytes.Span[..Most]) + "…";
    }

    private static IResult Refused(int status, string detail) => Results.Problem(detail, statusCode: status);
}

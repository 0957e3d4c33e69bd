using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// One request being answered: reads its body and writes answers in Graph's shapes. Properties that start with '_' are ours and never
/// leave.
/// </summary>
internal sealed class Exchange(TenantRequest request, string requestId, DateTimeOffset now)
{
    private const string Metadata = "https://graph.microsoft.com/v1.0/$metadata#";
    private const int DefaultPage = 100;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public TenantRequest Request { get; } = request;

    public DateTimeOffset Now { get; } = now;

    public string RequestId { get; } = requestId;

    public string BodyText => System.Text.Encoding.UTF8.GetString(Request.Body.Span);

    /// <summary>The body as an object, or null where it is none.</summary>
    public JsonObject? ReadBody()
    {
        try
        {
            return JsonNode.Parse(Request.Body.Span, documentOptions: Strict) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public TenantResponse Json(int status, JsonNode body) =>
        Respond(new TenantResponse(status, JsonSerializer.SerializeToUtf8Bytes(body)) { ContentType = "application/json; charset=utf-8" });

    public TenantResponse NoContent() => Respond(TenantResponse.NoContent);

    /// <summary>Graph's error body.</summary>
    public TenantResponse Error(int status, string code, string message, string? retryAfter = null)
    {
        var body = new JsonObject
        {
            ["error"] = new JsonObject
            {
                ["code"] = code,
                ["message"] = message,
                ["innerError"] = new JsonObject
                {
                    ["date"] = Now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                    ["request-id"] = RequestId,
                    ["client-request-id"] = Request.ClientRequestId ?? RequestId,
                },
            },
        };
        return Json(status, body) with { RetryAfter = retryAfter };
    }

    public TenantResponse BadBody() =>
        Error(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
        );

    public TenantResponse NotFound(string id) =>
        Error(
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    public TenantResponse NoSuchSegment(string segment) => Error(400, "BadRequest", $"Resource not found for the segment '{segment}'.");

    public TenantResponse MethodNotAllowed() =>
        Error(405, "MethodNotAllowed", $"Specified HTTP method is not allowed for the request target: {Request.Method}.");

    /// <summary>The properties asked for by $select, else the type's usual ones; null and an answer where one does not exist.</summary>
    public (IReadOnlyList<string>? Select, TenantResponse? Refusal) Select(EntityType type)
    {
        if (Request.Parameter("$select") is not { Length: > 0 } select)
            return (type.Default, null);
        var names = new List<string>();
        foreach (var name in select.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (type.Find(name) is not { } known)
            {
                return (
                    null,
                    Error(
                        400,
                        "BadRequest",
                        $"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{type.Name}'."
                    )
                );
            }
            names.Add(known);
        }
        return (names, null);
    }

    /// <param name="also">A property that was expanded, which stands beside those selected.</param>
    public TenantResponse Entity(int status, string set, EntityType type, JsonObject document, string? also = null)
    {
        var (select, refusal) = Request.Method == "GET" ? Select(type) : (type.Default, null);
        if (refusal is not null)
            return refusal;
        if (also is not null)
            select = [.. select!, also];
        var chosen = Request.Method == "GET" && Request.Parameter("$select") is { Length: > 0 } ? $"({string.Join(',', select!)})" : "";
        return Write(
            status,
            json =>
            {
                json.WriteString("@odata.context", $"{Metadata}{set}{chosen}/$entity");
                WriteProperties(json, document, select!);
            }
        );
    }

    public TenantResponse Value(string context, JsonNode value) =>
        Write(
            200,
            json =>
            {
                json.WriteString("@odata.context", Metadata + context);
                json.WritePropertyName("value");
                value.WriteTo(json);
            }
        );

    /// <summary>
    /// A page of documents, honouring $filter (<see cref="ODataFilter"/>), $select, $top and the skip token of @odata.nextLink.
    /// </summary>
    /// <param name="set">Name of the set, for @odata.context.</param>
    /// <param name="type">Type of the documents, or their common base.</param>
    /// <param name="documents">Everything there is.</param>
    /// <param name="typeOf">A document's own type, where it is a derived one: without $select each shows its own properties.</param>
    /// <param name="also">A property that was expanded, which stands beside those selected.</param>
    public TenantResponse Collection(
        string set,
        EntityType type,
        IEnumerable<JsonObject> documents,
        Func<JsonObject, EntityType>? typeOf = null,
        string? also = null
    )
    {
        var (select, refusal) = Select(type);
        if (refusal is not null)
            return refusal;
        if (also is not null)
            select = [.. select!, also];
        if (Request.Parameter("$filter") is { Length: > 0 } filter)
        {
            if (ODataFilter.Parse(filter, type) is not { } parsed)
                return Error(
                    400,
                    "BadRequest",
                    "Invalid filter clause: this tenant understands only PROPERTY eq VALUE, any() of it, and or."
                );
            documents = documents.Where(parsed.Accepts);
        }
        var top = Number("$top") ?? DefaultPage;
        if (top is < 1 or > 999)
            return Error(400, "BadRequest", "Invalid page size specified: must be between 1 and 999 inclusive.");
        var skip = Number("$skiptoken") ?? Number("$skip") ?? 0;
        var page = documents.Skip(skip).Take(top + 1).ToList();
        return Write(
            200,
            json =>
            {
                json.WriteString("@odata.context", Metadata + set);
                if (page.Count > top)
                    json.WriteString("@odata.nextLink", NextLink(skip + top));
                json.WriteStartArray("value");
                foreach (var document in page.Take(top))
                {
                    json.WriteStartObject();
                    WriteProperties(
                        json,
                        document,
                        typeOf is not null && ReferenceEquals(select, type.Default) ? typeOf(document).Default : select!
                    );
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
        );
    }

    public TenantResponse Respond(TenantResponse response) =>
        response with
        {
            RequestId = RequestId,
            ClientRequestId = Request.ClientRequestId,
        };

    private TenantResponse Write(int status, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        body(json);
        json.WriteEndObject();
        json.Flush();
        return Respond(new TenantResponse(status, buffer.WrittenSpan.ToArray()));
    }

    private static void WriteProperties(Utf8JsonWriter json, JsonObject document, IReadOnlyList<string> names)
    {
        // Annotations such as @odata.type belong to the value whatever was selected.
        foreach (var (name, value) in document)
        {
            if (!name.StartsWith('@'))
                continue;
            json.WritePropertyName(name);
            value!.WriteTo(json);
        }
        foreach (var name in names)
        {
            json.WritePropertyName(name);
            if (document.TryGetPropertyValue(name, out var value) && value is not null)
                value.WriteTo(json);
            else
                json.WriteNullValue();
        }
    }

    /// <summary>Address of the same list from there on.</summary>
    public string NextLink(int skip)
    {
        var kept = Request
            .Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(p => !Uri.UnescapeDataString(p).StartsWith("$skip", StringComparison.OrdinalIgnoreCase));
        return $"{Request.Origin}{Request.Path}?{string.Join('&', [.. kept, $"$skiptoken={skip.ToString(CultureInfo.InvariantCulture)}"])}";
    }

    private int? Number(string parameter) =>
        int.TryParse(Request.Parameter(parameter), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

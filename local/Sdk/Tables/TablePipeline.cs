using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables;

/// <summary>Requests of the Table REST protocol: addresses, headers, errors.</summary>
internal sealed class TablePipeline
{
    public const string Json = "application/json;odata=minimalmetadata";
    private const string StorageScope = "https://storage.azure.com/.default";
    private readonly HttpPipeline pipeline;
    private readonly string version;

    public TablePipeline(Uri endpoint, HttpPipelinePolicy authentication, string? accountName, TableClientOptions? options)
    {
        options ??= new TableClientOptions();
        Endpoint = new Uri(endpoint.AbsoluteUri.TrimEnd('/'));
        AccountName = accountName ?? (endpoint.IsLoopback ? endpoint.Segments.ElementAtOrDefault(1)?.Trim('/') ?? "" : endpoint.Host.Split('.')[0]);
        version = options.Version;
        pipeline = HttpPipelineBuilder.Build(options, [], [authentication], new ResponseClassifier());
    }

    public TablePipeline(Uri endpoint, TokenCredential credential, TableClientOptions? options)
        : this(endpoint, new BearerTokenAuthenticationPolicy(credential, StorageScope), null, options)
    {
    }

    public TablePipeline(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions? options)
        : this(endpoint, new SharedKeyPolicy(credential), credential.AccountName, options)
    {
    }

    public Uri Endpoint { get; }

    public string AccountName { get; }

    public static string EntityPath(string table, string partitionKey, string rowKey) =>
        $"{table}(PartitionKey='{Quote(partitionKey)}',RowKey='{Quote(rowKey)}')";

    public Uri Address(string path) => new(Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);

    public Request NewRequest(RequestMethod method, string path, string accept = Json)
    {
        var request = pipeline.CreateRequest();
        request.Method = method;
        request.Uri.Reset(Address(path));
        request.Headers.Add("x-ms-version", version);
        request.Headers.Add("DataServiceVersion", "3.0");
        request.Headers.Add("Accept", accept);
        return request;
    }

    public Request NewRequest(RequestMethod method, string path, byte[] json)
    {
        var request = NewRequest(method, path);
        request.Headers.Add("Content-Type", "application/json");
        request.Headers.Add("Prefer", "return-no-content");
        request.Content = RequestContent.Create(json);
        return request;
    }

    /// <exception cref="RequestFailedException">The answer is an error, other than <paramref name="tolerated"/>.</exception>
    public async Task<Response> SendAsync(Request request, CancellationToken cancellationToken, int tolerated = 0)
    {
        var response = await pipeline.SendRequestAsync(request, cancellationToken);
        return response.Status < 400 || response.Status == tolerated
            ? response
            : throw new RequestFailedException(response, null, TableErrorParser.Instance);
    }

    public async Task<Response> CreateTableAsync(string table, bool tolerateExisting, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["TableName"] = table });
        using var request = NewRequest(RequestMethod.Post, "Tables", body);
        return await SendAsync(request, cancellationToken, tolerateExisting ? 409 : 0);
    }

    public async Task<Response> DeleteTableAsync(string table, CancellationToken cancellationToken)
    {
        using var request = NewRequest(RequestMethod.Delete, $"Tables('{Quote(table)}')");
        return await SendAsync(request, cancellationToken, tolerated: 404);
    }

    private static string Quote(string key) => Uri.EscapeDataString(key.Replace("'", "''", StringComparison.Ordinal));
}

/// <summary>Reads the code and message of <c>{"odata.error":{"code":…,"message":{"value":…}}}</c>.</summary>
internal sealed class TableErrorParser : RequestFailedDetailsParser
{
    public static readonly TableErrorParser Instance = new();

    public override bool TryParse(Response response, out ResponseError? error, out IDictionary<string, string>? data)
    {
        (error, data) = (null, null);
        if (response.ContentStream is not { CanSeek: true } stream) return false;
        stream.Position = 0;
        try
        {
            using var document = JsonDocument.Parse(stream);
            if (!document.RootElement.TryGetProperty("odata.error", out var details)) return false;
            var message = details.TryGetProperty("message", out var text) && text.TryGetProperty("value", out var value) ? value.GetString() : null;
            // A failed transaction names the failed action before a colon: "3:The specified entity already exists."
            if (message?.Split(':')[0] is { Length: < 4 } index && index.All(char.IsAsciiDigit))
                data = new Dictionary<string, string> { [TableTransactionFailedException.FailedEntity] = index };
            error = new ResponseError(details.GetProperty("code").GetString(), message);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
        finally
        {
            stream.Position = 0;
        }
    }
}

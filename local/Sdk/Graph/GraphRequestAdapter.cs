using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Core;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;

namespace Microsoft.Graph;

/// <summary>Sends Graph requests: address, token, JSON, and errors as <see cref="ODataError"/>.</summary>
internal sealed class GraphRequestAdapter(HttpClient client, IAuthenticationProvider? authentication, string? baseUrl) : IRequestAdapter
{
    public string? BaseUrl { get; set; } = baseUrl ?? "https://graph.microsoft.com/v1.0";

    /// <exception cref="ApiException">The answer is an error.</exception>
    public async Task<T?> SendAsync<T>(HttpMethod method, RequestInformation information, IGraphModel? body, CancellationToken cancellationToken)
        where T : class, IGraphModel, new()
    {
        if (authentication is not null) await authentication.AuthenticateRequestAsync(information, null, cancellationToken);
        using var request = new HttpRequestMessage(method, information.URI);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, values) in information.Headers.All) request.Headers.TryAddWithoutValidation(name, values);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Write(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        using var response = await client.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode) throw await ErrorAsync(response, cancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return bytes.Length == 0 ? null : Read<T>(bytes);
    }

    public static async Task<ApiException> ErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var error = TryRead(await response.Content.ReadAsByteArrayAsync(cancellationToken)) ??
            new ApiException($"The server returned an unexpected status code and no error could be read: {(int)response.StatusCode}");
        error.ResponseStatusCode = (int)response.StatusCode;
        error.ResponseHeaders = response.Headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase);
        return error;
    }

    private static ODataError? TryRead(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("error", out var error)) return null;
            var main = new MainError();
            ((IGraphModel)main).Values.Load(error);
            return new ODataError { Error = main };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] Write(IGraphModel model)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) model.Values.Write(json);
        return buffer.ToArray();
    }

    private static T Read<T>(byte[] body) where T : class, IGraphModel, new()
    {
        using var document = JsonDocument.Parse(body);
        return GraphModels.Read<T>(document.RootElement);
    }
}

/// <summary>A bearer token for the scopes; as officially only over HTTPS or to this machine.</summary>
internal sealed class TokenCredentialAuthentication(TokenCredential credential, string[] scopes) : IAuthenticationProvider
{
    public async Task AuthenticateRequestAsync(
        RequestInformation request,
        Dictionary<string, object>? additionalAuthenticationContext = default,
        CancellationToken cancellationToken = default)
    {
        if (request.URI.Scheme != Uri.UriSchemeHttps && !request.URI.IsLoopback) throw new InvalidOperationException("Only https is supported");
        var token = await credential.GetTokenAsync(new TokenRequestContext(scopes), cancellationToken);
        request.Headers.Add("Authorization", $"Bearer {token.Token}");
    }
}

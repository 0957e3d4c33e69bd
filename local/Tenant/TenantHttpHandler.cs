using System.Net;
using System.Net.Http.Headers;
using IRFunctions.Containment.Actions;

namespace IRFunctions.Local.Tenant;

/// <summary>The simulated tenant without a network, for tests and benchmarks: give it to an HttpClient and any base address.</summary>
public sealed class TenantHttpHandler(SimulatedTenant tenant) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri ?? throw new HttpRequestException("The request has no address.");
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var answer = await tenant.HandleAsync(
            new TenantRequest(request.Method.Method, uri.AbsolutePath, uri.Query, body)
            {
                Authorization = request.Headers.Authorization?.ToString(),
                IdempotencyKey = Header(request, "Idempotency-Key"),
                ClientRequestId = Header(request, "client-request-id"),
                Prefer = Header(request, "Prefer"),
                CommandHeaders = (
                    Header(request, ConnectorSignature.KeyHeader),
                    Header(request, ConnectorSignature.TimestampHeader),
                    Header(request, ConnectorSignature.SignatureHeader)
                ),
                Origin = uri.GetLeftPart(UriPartial.Authority),
            },
            cancellationToken
        );
        if (answer.Abort)
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke before the answer arrived.");
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status)
        {
            RequestMessage = request,
            Content = new ByteArrayContent(answer.Body),
        };
        if (answer.Body.Length > 0)
            response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(answer.ContentType);
        foreach (var (name, value) in answer.Headers())
            response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }

    private static string? Header(HttpRequestMessage request, string name) =>
        request.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}

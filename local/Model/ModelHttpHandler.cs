using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace IRFunctions.Local.Model;

/// <summary>The local model without a network, for tests and benchmarks: the same client, the same bytes, no socket.</summary>
public sealed class ModelHttpHandler(LocalModel model) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (
            request.Method != HttpMethod.Post
            || request.RequestUri?.AbsolutePath.EndsWith("/chat/completions", StringComparison.Ordinal) != true
        )
        {
            return new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request };
        }
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var reply = await model.AnswerAsync(body, cancellationToken);
        var response = new HttpResponseMessage((HttpStatusCode)reply.Status)
        {
            Content = reply.Slowly is { } slow ? new StreamContent(slow) : new ByteArrayContent(reply.Body),
            RequestMessage = request,
        };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(reply.ContentType);
        if (reply.RetryAfterSeconds is { } seconds)
            response.Headers.Add("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));
        return response;
    }
}

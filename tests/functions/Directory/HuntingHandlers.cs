using System.Net;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Tests.Directory;

/// <summary>Never answers.</summary>
internal sealed class SilentHunting : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("never reached");
    }
}

/// <summary>Notes the hunting queries and answers that nothing was found.</summary>
internal sealed class RecordedHunting(List<string> queries) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
        queries.Add(body.RootElement.GetProperty("query").GetString()!);
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent("""{"results":[]}""", Encoding.UTF8, "application/json"),
        };
    }
}

using System.Net.Http.Headers;
using Azure.Core;

namespace IRFunctions.Connections;

/// <summary>Signs each request with a token of the pipeline's own identity.</summary>
/// <param name="credential">The identity.</param>
/// <param name="scope">What the token is for.</param>
internal sealed class BearerHandler(TokenCredential credential, string scope) : DelegatingHandler
{
    private readonly TokenRequestContext context = new([scope]);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var token = await credential.GetTokenAsync(context, cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        return await base.SendAsync(request, cancellationToken);
    }
}

using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace IRFunctions.Local.Teams;

/// <summary>The loopback Teams without a network, for tests; anything else goes to the inner handler (the simulated tenant).</summary>
public sealed class TeamsHttpHandler(LoopbackTeams teams, HttpMessageHandler tenant) : DelegatingHandler(tenant)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!;
        if (!uri.AbsolutePath.StartsWith("/teams/", StringComparison.Ordinal) && uri.AbsolutePath != LoopbackTeams.EntraToken)
            return await base.SendAsync(request, cancellationToken);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var (status, answer) = teams.Answer(
            request.Method.Method,
            uri.AbsolutePath,
            uri.GetLeftPart(UriPartial.Authority),
            request.Headers.Authorization?.ToString(),
            body
        );
        return new HttpResponseMessage((HttpStatusCode)status)
        {
            RequestMessage = request,
            Content = new StringContent(answer?.ToJsonString() ?? "", Encoding.UTF8, "application/json"),
        };
    }
}

/// <summary>
/// Sends to this machine in the clear what a client insists on addressing by https; nothing on loopback has a certificate. Anything else
/// passes.
/// </summary>
public sealed class PlainLoopback : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is { IsLoopback: true, Scheme: "https" } address)
            request.RequestUri = new UriBuilder(address) { Scheme = Uri.UriSchemeHttp }.Uri;
        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>The loopback Teams over HTTP: the token service and connector of `dotnet run --project local`.</summary>
public static class TeamsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, LoopbackTeams teams)
    {
        // What stands in everybody's chat, to look at.
        routes.MapGet("/local/teams/cards", () => Results.Json(teams.Cards));
        routes.Map("/teams/{**rest}", AnswerAsync);
        routes.Map(LoopbackTeams.EntraToken, AnswerAsync);

        async Task AnswerAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var path = context.Request.Path.ToUriComponent();
            var (status, answer) = teams.Answer(
                context.Request.Method,
                path,
                $"{context.Request.Scheme}://{context.Request.Host}",
                context.Request.Headers.Authorization,
                body.ToArray()
            );
            context.Response.StatusCode = status;
            if (answer is null)
                return;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        }
    }
}

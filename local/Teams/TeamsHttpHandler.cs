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
        if (!uri.AbsolutePath.StartsWith("/teams/", StringComparison.Ordinal)) return await base.SendAsync(request, cancellationToken);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var (status, answer) = teams.Answer(request.Method.Method, uri.AbsolutePath, uri.GetLeftPart(UriPartial.Authority), request.Headers.Authorization?.ToString(), body);
        return new HttpResponseMessage((HttpStatusCode)status) { RequestMessage = request, Content = new StringContent(answer?.ToJsonString() ?? "", Encoding.UTF8, "application/json") };
    }
}

/// <summary>The loopback Teams over HTTP: the token service and connector of `dotnet run --project local`.</summary>
public static class TeamsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, LoopbackTeams teams)
    {
        // What stands in everybody's chat, to look at.
        routes.MapGet("/local/teams/cards", () => Results.Json(teams.Cards));
        routes.Map("/teams/{**rest}", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var path = context.Request.Path.ToUriComponent();
            var (status, answer) = teams.Answer(context.Request.Method, path, $"{context.Request.Scheme}://{context.Request.Host}", context.Request.Headers.Authorization, body.ToArray());
            context.Response.StatusCode = status;
            if (answer is null) return;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        });
    }
}

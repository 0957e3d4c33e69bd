using Azure.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Host;

/// <summary>
/// The managed identity as App Service offers it to a function app (<c>IDENTITY_ENDPOINT</c>, api-version 2019-08-01): with it
/// DefaultAzureCredential, in the real worker under `func start`, gets a token that the simulated tenant takes. It opens nothing else.
/// </summary>
internal static class ManagedIdentity
{
    public const string Path = "/msi/token";

    /// <summary>The platform's header. Its value is a secret there and nothing here; no identity client leaves it out.</summary>
    private const string Header = "X-IDENTITY-HEADER";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    public static void Map(IEndpointRouteBuilder routes, IServiceProvider services) =>
        routes.MapGet(Path, (HttpRequest request, CancellationToken stop) => AnswerAsync(request, services, stop));

    private static async Task<IResult> AnswerAsync(HttpRequest request, IServiceProvider services, CancellationToken stop)
    {
        var resource = request.Query["resource"].ToString();
        if (!request.Headers.ContainsKey(Header) || resource.Length == 0)
            return Results.Unauthorized();
        var context = new TokenRequestContext([resource + "/.default"]);
        var token = await services.GetRequiredService<TokenCredential>().GetTokenAsync(context, stop);
        var expires = (services.GetRequiredService<TimeProvider>().GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        return Results.Json(
            new
            {
                access_token = token.Token,
                expires_on = $"{expires}",
                resource,
                token_type = "Bearer",
            }
        );
    }
}

using IRFunctions.Local.Tenant;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// App settings of a deployment whose neighbours are on this machine: nothing but settings that the sample explains and what the platform
/// sets itself, among it the endpoint of the managed identity, which is where DefaultAzureCredential gets its tokens.
/// </summary>
internal static class WorkerSettings
{
    private const string IdentityHeader = "a-secret-of-the-platform";

    /// <summary>A mail address' account that exists for rollback drills only.</summary>
    public const string DrillAccount = TenantSeed.Joni;

    /// <param name="environment">"Development", as func start sets it, or "Production".</param>
    /// <param name="peers">Where tenant, model and managed identity answer.</param>
    /// <param name="storage">Connection string of the storage account.</param>
    /// <param name="folder">For the record's key and checkpoints.</param>
    public static Dictionary<string, string> For(string environment, Uri peers, string storage, string folder) =>
        new(environment == Environments.Production ? ToCollector(peers) : [])
        {
            // What the host and the platform set.
            ["AZURE_FUNCTIONS_ENVIRONMENT"] = environment,
            ["DOTNET_ENVIRONMENT"] = environment,
            ["ASPNETCORE_ENVIRONMENT"] = environment,
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["FUNCTIONS_EXTENSION_VERSION"] = "~4",
            ["FUNCTIONS_WORKER_DIRECTORY"] = WorkerProcess.Folder,
            ["FUNCTIONS_APPLICATION_DIRECTORY"] = WorkerProcess.Folder,
            ["IDENTITY_ENDPOINT"] = new Uri(peers, "msi/token").ToString(),
            ["IDENTITY_HEADER"] = IdentityHeader,
            ["WEBSITE_AUTH_ENABLED"] = "True",
            // What an operator sets (local.settings.sample.json).
            ["AzureWebJobsStorage"] = storage,
            ["Graph__Endpoint"] = new Uri(peers, "graph/v1.0").ToString(),
            ["Sentinel__Watchlist"] = new Uri(
                peers,
                $"arm{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/watchlists/{TenantSeed.Watchlist}"
            ).ToString(),
            ["Tickets__Endpoint"] = new Uri(peers, "itsm/tickets").ToString(),
            ["Pager__Endpoint"] = new Uri(peers, "pager/v2/enqueue").ToString(),
            ["Pager__RoutingKey"] = new string('0', 32),
            ["Model__Endpoint"] = new Uri(peers, "openai/v1/").ToString(),
            ["Model__Deployment"] = Local.Model.LocalModel.Name,
            ["Model__ApiKey"] = "local",
            ["Directory__PrivilegedGroups"] = TenantSeed.AdminGroup,
            ["Drills__Targets"] = $"disable_user_account_temporarily=account:{DrillAccount}",
            ["Record__Folder"] = folder,
        };

    /// <summary>
    /// In Production a collector is configured, in Development none; measured four times a second, so that nobody waits for a minute.
    /// </summary>
    private static Dictionary<string, string> ToCollector(Uri peers) =>
        new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = peers.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "250",
        };

    /// <summary>The managed identity as App Service offers it: a token for whoever knows the header.</summary>
    public static void MapIdentity(IEndpointRouteBuilder routes) =>
        routes.MapGet(
            "/msi/token",
            (HttpRequest request) =>
                request.Headers["X-IDENTITY-HEADER"] == IdentityHeader
                    ? Results.Json(
                        new
                        {
                            access_token = Token,
                            expires_on = $"{TimeProvider.System.GetUtcNow().AddHours(8).ToUnixTimeSeconds()}",
                            resource = request.Query["resource"].ToString(),
                            token_type = "Bearer",
                        }
                    )
                    : Results.Unauthorized()
        );

    /// <summary>Like Entra's, it carries the permissions; unlike Entra's, nobody signed it.</summary>
    private static string Token { get; } =
        "e30."
        + Convert
            .ToBase64String(
                System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        roles = new[]
                        {
                            "User.EnableDisableAccount.All",
                            "User.RevokeSessions.All",
                            "User.Read.All",
                            "GroupMember.Read.All",
                            "Mail.ReadWrite",
                            "Policy.ReadWrite.ConditionalAccess",
                            "Policy.Read.All",
                            "Application.ReadWrite.All",
                            "Application.Read.All",
                        },
                    }
                )
            )
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_')
        + ".unsigned";
}

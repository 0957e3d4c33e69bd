using Azure.Core;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.Incidents;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Health;

/// <summary>check-permissions: what is missing and what is more than needed, from the app's own token. Changes nothing.</summary>
public sealed class PermissionsApi(
    DefenderFeedOptions feed,
    RequestGuard guard,
    ActionCatalog actions,
    PolicyStore policies,
    TokenCredential credential,
    GraphConnection graph
)
{
    /// <summary>For responders: the answer tells an attacker what the app could do.</summary>
    [EndpointSummary("What the app may do against what it needs")]
    [ProducesResponseType<PermissionReport>(200)]
    [Function("GetPermissions")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/permissions")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, "reading the app's permissions", cancellation);
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        var token = await credential.GetTokenAsync(new TokenRequestContext([graph.Scope]), cancellation);
        if (GrantedPermissions.InToken(token.Token) is not { } held)
            return ProblemResults.Of(
                409,
                "no-app-token",
                "The app's permissions cannot be read",
                "The token is not one of an application: this works where the app runs as its managed identity."
            );
        return new TaggedResult(PermissionReport.Of(actions, policies.Current, held, feed.Enabled));
    }
}

using Azure.Core;
using Microsoft.Graph;
using Microsoft.Graph.Authentication;

namespace IRFunctions.Connections;

/// <summary>
/// Where Microsoft Graph is, and the scope of a token for it. Both follow from one setting: the public cloud, each sovereign cloud and the
/// simulated tenant have hosts of their own, and the official client sends its token to Microsoft's public hosts only unless it is told the
/// host.
/// </summary>
/// <param name="Endpoint">Address with version, such as https://graph.microsoft.com/v1.0.</param>
public sealed record GraphConnection(Uri Endpoint)
{
    /// <inheritdoc cref="TokenScopes.Of"/>
    public string Scope => TokenScopes.Of(Endpoint);

    /// <summary>A client whose token goes to this endpoint's host and to no other.</summary>
    public GraphServiceClient Open(HttpClient http, TokenCredential credential) =>
        new(
            http,
            new AzureIdentityAuthenticationProvider(credential, [Endpoint.Host], null, isCaeEnabled: true, [Scope]),
            Endpoint.ToString()
        );
}

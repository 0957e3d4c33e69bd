using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace IRFunctions.People;

/// <summary>Sign-in of a bot that has a secret instead of a managed identity.</summary>
public static class BotSecret
{
    /// <param name="settings">App, tenant and where the tenant signs in.</param>
    /// <param name="secret">From configuration, which should hold a Key Vault reference; it is sent to the token endpoint and nowhere
    /// else.</param>
    /// <param name="http">Client for the token endpoint.</param>
    public static TokenCredential Credential(TeamsSettings settings, string secret, HttpClient http)
    {
        var options = new ClientSecretCredentialOptions
        {
            AuthorityHost = settings.AuthorityHost,
            // Nobody but the configured host is asked who may sign people in.
            DisableInstanceDiscovery = settings.AuthorityHost != AzureAuthorityHosts.AzurePublicCloud,
            Transport = new HttpClientTransport(http),
        };
        options.Retry.MaxRetries = 0; // The orchestration tries again; a second loop inside it would only make a rung late.
        return new ClientSecretCredential(settings.TenantId, settings.AppId, secret, options);
    }
}

using System.Text.Json;
using Azure.Core;

namespace IRFunctions.Approvals;

/// <summary>
/// OAuth 2.0 client credentials for a bot that has a secret instead of a managed identity (and for the loopback token service). The secret comes from
/// configuration, which should hold a Key Vault reference; it is sent to the token endpoint and nowhere else.
/// </summary>
public sealed class BotSecretCredential(HttpClient http, Uri tokenEndpoint, string clientId, string secret, TimeProvider time) : TokenCredential
{
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(5);
    private readonly Lock gate = new();
    private AccessToken known;

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        GetTokenAsync(requestContext, cancellationToken).AsTask().GetAwaiter().GetResult();

    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (known.ExpiresOn > time.GetUtcNow() + Early) return known;
        }
        if (!SigningKeys.IsSafe(tokenEndpoint)) throw new InvalidOperationException("The setting Teams__TokenEndpoint is not an https address.");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = clientId, ["client_secret"] = secret, ["scope"] = string.Join(' ', requestContext.Scopes),
        });
        using var response = await http.PostAsync(tokenEndpoint, form, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("access_token", out var token) || token.GetString() is not { Length: > 0 } text)
            throw new InvalidOperationException("The token endpoint answered without a token.");
        var seconds = json.RootElement.TryGetProperty("expires_in", out var lasts) && lasts.TryGetInt32(out var s) ? s : 3600;
        var fresh = new AccessToken(text, time.GetUtcNow().AddSeconds(seconds));
        lock (gate) known = fresh;
        return fresh;
    }
}

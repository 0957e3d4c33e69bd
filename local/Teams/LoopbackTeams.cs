using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Teams;

/// <summary>A card as the loopback connector holds it.</summary>
/// <param name="Updates">How often it was replaced.</param>
public sealed record HeldCard(string Conversation, string Activity, JsonNode Content, int Updates);

/// <summary>
/// What stands for Teams and its sign-in on one machine: a token service with a key of its own, and a connector that takes cards. The bot's
/// production validator runs against it unchanged. It proves nothing about anybody, so it lives in local/ and answers on loopback only.
/// </summary>
public sealed class LoopbackTeams(TimeProvider time) : IDisposable
{
    public const string AppId = "00000000-0000-4000-8000-0000000000f2";
    public const string Issuer = "https://api.botframework.com";
    public const string KeyId = "loopback-1";

    /// <summary>Where Entra's clients ask for this tenant's tokens.</summary>
    public const string EntraToken = $"/{Tenant.TenantSeed.TenantId}/oauth2/v2.0/token";

    /// <summary>What the bot presents to get its own token; it opens nothing but this process.</summary>
    public const string Secret = "loopback-only";

    private readonly RSA key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, HeldCard> cards = new(StringComparer.Ordinal);
    private int count;

    /// <summary>Conversations that refuse everything, as where the app was removed.</summary>
    public ConcurrentDictionary<string, int> Failing { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests to the token endpoint, metadata and keys, by path; for tests.</summary>
    public ConcurrentDictionary<string, int> Calls { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<HeldCard> Cards => [.. cards.Values.OrderBy(c => c.Activity, StringComparer.Ordinal)];

    /// <summary>A token as the Bot Framework would sign it for this bot.</summary>
    public string BotToken(string serviceUrl, string audience = AppId) =>
        Sign(
            new JsonObject
            {
                ["iss"] = Issuer,
                ["aud"] = audience,
                ["serviceurl"] = serviceUrl,
                ["iat"] = Now,
                ["nbf"] = Now,
                ["exp"] = Now + 3600,
            }
        );

    /// <summary>Signs claims with the service's key (RS256).</summary>
    public string Sign(JsonObject claims)
    {
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"RS256","typ":"JWT","kid":"{{KeyId}}"}"""));
        var body = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{body}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{body}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Answers a request to a path below /teams.</summary>
    /// <param name="origin">Scheme and authority it was reached under.</param>
    public (int Status, JsonNode? Body) Answer(string method, string path, string origin, string? authorization, ReadOnlySpan<byte> body)
    {
        Calls.AddOrUpdate(path, 1, (_, n) => n + 1);
        return (method, path) switch
        {
            ("GET", "/teams/openid") => (
                200,
                new JsonObject
                {
                    ["issuer"] = Issuer,
                    ["jwks_uri"] = $"{origin}/teams/keys",
                    ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
                }
            ),
            ("GET", "/teams/keys") => (200, new JsonObject { ["keys"] = new JsonArray(PublicKey()) }),
            ("POST", "/teams/token" or EntraToken) => Token(Encoding.UTF8.GetString(body)),
            _ when path.StartsWith("/teams/connector/v3/conversations", StringComparison.Ordinal) => Connector(
                method,
                path["/teams/connector/v3/conversations".Length..],
                authorization,
                body
            ),
            _ => (404, null),
        };
    }

    public void Dispose() => key.Dispose();

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    private JsonObject PublicKey()
    {
        var p = key.ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = KeyId,
            ["n"] = Base64Url.EncodeToString(p.Modulus),
            ["e"] = Base64Url.EncodeToString(p.Exponent),
            ["endorsements"] = new JsonArray("msteams"),
        };
    }

    private (int, JsonNode?) Token(string form)
    {
        var fields = form.Split('&')
            .Select(f => f.Split('=', 2))
            .Where(f => f.Length == 2)
            .GroupBy(f => f[0])
            .ToDictionary(f => f.Key, f => Uri.UnescapeDataString(f.First()[1].Replace('+', ' ')));
        if (fields.GetValueOrDefault("client_secret") != Secret)
            return (401, new JsonObject { ["error"] = "invalid_client" });
        // Both ways: for a test client that acts as Teams a token for the bot, and for the bot its token for the connector.
        if (fields.GetValueOrDefault("scope") == $"{AppId}/.default")
            return (
                200,
                new JsonObject
                {
                    ["token_type"] = "Bearer",
                    ["expires_in"] = 3600,
                    ["access_token"] = BotToken(fields.GetValueOrDefault("service_url") ?? ""),
                }
            );
        var client = fields.GetValueOrDefault("client_id") ?? "";
        return (
            200,
            new JsonObject
            {
                ["token_type"] = "Bearer",
                ["expires_in"] = 3600,
                ["access_token"] = Sign(
                    new JsonObject
                    {
                        ["iss"] = Issuer,
                        ["aud"] = Issuer,
                        ["appid"] = client,
                        ["nbf"] = Now,
                        ["exp"] = Now + 3600,
                    }
                ),
            }
        );
    }

    private (int, JsonNode?) Connector(string method, string rest, string? authorization, ReadOnlySpan<byte> body)
    {
        if (authorization?.StartsWith("Bearer ", StringComparison.Ordinal) != true)
            return (401, null);
        var parts = rest.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var json = JsonNode.Parse(body);
        if (method == "POST" && parts.Length == 0)
        {
            var member = json?["members"]?[0]?["id"]?.GetValue<string>() ?? "";
            return Failing.TryGetValue(member, out var refused) ? (refused, null) : (201, new JsonObject { ["id"] = $"a:{member}" });
        }
        if (parts.Length < 2 || parts[1] != "activities")
            return (404, null);
        if (Failing.TryGetValue(parts[0], out var status))
            return (status, null);
        var content = json?["attachments"]?[0]?["content"]?.DeepClone();
        if (content is null)
            return (400, null);
        if (method == "PUT" && parts.Length == 3)
        {
            if (!cards.TryGetValue(parts[2], out var held))
                return (404, null);
            cards[parts[2]] = held with { Content = content, Updates = held.Updates + 1 };
            return (200, new JsonObject { ["id"] = parts[2] });
        }
        var id = $"card-{Interlocked.Increment(ref count):D6}";
        cards[id] = new HeldCard(parts[0], id, content, 0);
        return (201, new JsonObject { ["id"] = id });
    }
}

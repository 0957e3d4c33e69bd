using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Http;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Http;

/// <summary>An issuer of tokens under a test's control: honest by default, and able to lie in every way a forger could.</summary>
internal sealed class TokenRig : HttpMessageHandler
{
    public const string Audience = "00000000-0000-4000-8000-0000000000f2";
    public const string Issuer = "https://api.botframework.com";
    public static readonly Uri Metadata = new("https://login.example/openid");

    public TokenRig()
    {
        Add("good", Good);
        Keys = new SigningKeys(new HttpClient(this), Metadata, Time);
        Validator = new TokenValidator(
            new TrustedIssuer
            {
                Metadata = Metadata,
                Issuers = [Issuer],
                Audiences = [Audience],
            },
            Keys,
            Time
        );
    }

    public static RSA Good { get; } = RSA.Create(2048);

    public VirtualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));

    public List<JsonNode> Published { get; } = [];

    public string KeysAddress { get; set; } = "https://login.example/keys";

    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    public string? Replacement { get; set; }

    public List<string> Fetched { get; } = [];

    public SigningKeys Keys { get; }

    public TokenValidator Validator { get; }

    public long Now => Time.GetUtcNow().ToUnixTimeSeconds();

    public JsonObject Claims() =>
        new()
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["nbf"] = Now,
            ["iat"] = Now,
            ["exp"] = Now + 3600,
            ["serviceurl"] = "https://smba.trafficmanager.net/amer/",
        };

    public void Add(string kid, RSA key, Action<JsonObject>? change = null)
    {
        var p = key.ExportParameters(false);
        var jwk = new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = kid,
            ["n"] = Base64Url.EncodeToString(p.Modulus),
            ["e"] = Base64Url.EncodeToString(p.Exponent),
            ["endorsements"] = new JsonArray("msteams"),
        };
        change?.Invoke(jwk);
        Published.Add(jwk);
    }

    public static string Sign(string header, string payload, RSA key, HashAlgorithmName? hash = null, RSASignaturePadding? padding = null)
    {
        var signed =
            $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        var data = Encoding.ASCII.GetBytes(signed);
        var signature = key.SignData(data, hash ?? HashAlgorithmName.SHA256, padding ?? RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public string Token(Action<JsonObject>? change = null, string kid = "good", RSA? key = null, string alg = "RS256")
    {
        var claims = Claims();
        change?.Invoke(claims);
        return Sign($$"""{"alg":"{{alg}}","typ":"JWT","kid":"{{kid}}"}""", claims.ToJsonString(), key ?? Good);
    }

    public Task<TokenReading> ReadAsync(string? token) =>
        Validator.ValidateAsync(token is null ? null : $"Bearer {token}", CancellationToken.None);

    public async Task<TokenProblem> ProblemAsync(string? token) => (await ReadAsync(token)).Problem;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Fetched.Add(request.RequestUri!.AbsolutePath);
        var body =
            Replacement
            ?? (
                request.RequestUri.AbsolutePath == "/openid"
                    ? new JsonObject { ["jwks_uri"] = KeysAddress }.ToJsonString()
                    : new JsonObject { ["keys"] = new JsonArray([.. Published.Select(k => k.DeepClone())]) }.ToJsonString()
            );
        return Task.FromResult(new HttpResponseMessage(Status) { Content = new StringContent(body) });
    }
}

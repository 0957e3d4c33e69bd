using System.Buffers;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IRFunctions.Http;

/// <summary>Whose tokens are believed, and for whom they must be meant.</summary>
public sealed record TrustedIssuer
{
    /// <summary>OpenID configuration; https, or http on loopback.</summary>
    public required Uri Metadata { get; init; }

    /// <summary>Exact values of `iss`; compared as bytes.</summary>
    public required IReadOnlyList<string> Issuers { get; init; }

    /// <summary>Exact values of `aud`.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }
}

/// <summary>Why a token is not believed. Stable names for tests and audit.</summary>
public enum TokenProblem
{
    None,
    Missing,
    Malformed,
    TooLarge,
    Algorithm,
    UnknownKey,
    WeakKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYetValid,

    /// <summary>The issuer's keys cannot be read: nobody can be believed now (fail closed).</summary>
    KeysUnavailable,
}

/// <summary>A token that was believed, with the claims it carried.</summary>
/// <param name="Claims">Payload; every property name occurs once.</param>
/// <param name="Endorsements">Channels the signing key may speak for; empty where the key names none.</param>
public sealed record VerifiedToken(JsonElement Claims, IReadOnlyList<string> Endorsements)
{
    /// <summary>A claim that is one string; null otherwise.</summary>
    public string? Text(string claim) =>
        Claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A claim that is a list of strings (or one string).</summary>
    public IReadOnlyList<string> Texts(string claim) =>
        !Claims.TryGetProperty(claim, out var value) ? []
        : value.ValueKind == JsonValueKind.String ? [value.GetString()!]
        : value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)]
        : [];

    /// <summary>When it was issued (`iat`, else `nbf`), in Unix seconds; null where it does not say. For the record.</summary>
    public long? IssuedAt => TokenValidator.Seconds(Claims, "iat") ?? TokenValidator.Seconds(Claims, "nbf");
}

/// <summary>What came of reading a token.</summary>
/// <param name="Token">Null where it is not believed.</param>
/// <param name="Detail">One sentence for the record; never contains the token.</param>
public sealed record TokenReading(VerifiedToken? Token, TokenProblem Problem, string Detail);

/// <summary>
/// Believes a signed JWT (RFC 7519) or says why not. Microsoft's handler verifies it; what it would let pass is refused before or by the
/// validators given to it: a second spelling of one token, two values under one name, several audiences, times that are no times. RS256
/// only: the algorithm is ours to choose, not the token's. Keys come from the issuer's metadata only, never from the token. Clocks may
/// differ by five minutes.
/// </summary>
public sealed class TokenValidator(TrustedIssuer trusted, SigningKeys keys, TimeProvider time)
{
    /// <summary>Largest token read, in characters; Entra's are about 2 KB, the Bot Framework's below 1 KB.</summary>
    public const int MaxToken = 16 * 1024;

    private const string Scheme = "Bearer ";
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = MaxToken };

    /// <summary>Only base64url and the dots: no padding, no white space, so that one token has one spelling.</summary>
    private static readonly SearchValues<char> Alphabet = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    /// <summary>One name, one value: a payload with two `aud` would mean different things to different readers.</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Reads an Authorization header.</summary>
    public async Task<TokenReading> ValidateAsync(string? authorization, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(authorization))
            return No(TokenProblem.Missing, "no Authorization header");
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return No(TokenProblem.Missing, "the Authorization header is not Bearer");
        if (authorization.Length > MaxToken + Scheme.Length)
            return No(TokenProblem.TooLarge, $"the token is larger than {MaxToken} characters");
        var token = authorization[Scheme.Length..];
        var parts = token.Split('.');
        if (parts.Length != 3 || parts[2].Length == 0 || token.AsSpan().ContainsAnyExcept(Alphabet))
            return No(TokenProblem.Malformed, "the token is not three base64url parts");
        if (Parse(parts[0]) is not { } header)
            return No(TokenProblem.Malformed, "the token's header is not one JSON object");
        if (TextOf(header, "alg") != SecurityAlgorithms.RsaSha256)
            return No(TokenProblem.Algorithm, $"the token's algorithm is not {SecurityAlgorithms.RsaSha256}");
        if (header.TryGetProperty("crit", out _))
            return No(TokenProblem.Malformed, "the token demands extensions nobody here knows");
        if (TextOf(header, "kid") is not { Length: > 0 and <= 256 } kid)
            return No(TokenProblem.UnknownKey, "the token names no key");

        var found = await keys.FindAsync(kid, cancellation);
        if (found.Problem is not TokenProblem.None)
            return No(found.Problem, found.Detail);
        return await VerifyAsync(token, Parse(parts[1]), found.Key!);
    }

    /// <summary>A numeric date within reason; null otherwise.</summary>
    internal static long? Seconds(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var seconds)
        && seconds is >= 0 and < 253_402_300_000
            ? seconds
            : null; // 253402300000 is in the last minutes of the year 9999

    private async Task<TokenReading> VerifyAsync(string token, JsonElement? payload, SigningKey key)
    {
        var claims = payload ?? default;
        var result = await Handler.ValidateTokenAsync(
            token,
            new TokenValidationParameters
            {
                ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
                IssuerSigningKey = key.Key,
                ValidIssuers = trusted.Issuers,
                // A list of audiences is refused even where one of them is ours: whoever else it names could pass the token on.
                AudienceValidator = (_, _, _) =>
                    TextOf(claims, "aud") is { } audience && trusted.Audiences.Contains(audience, StringComparer.Ordinal),
                // The library's own reads the machine's clock.
                LifetimeValidator = (_, _, _, _) => Lifetime(claims).Problem is TokenProblem.None,
            }
        );
        return result.Exception switch
        {
            null when payload is not null => new TokenReading(new VerifiedToken(claims, key.Endorsements), TokenProblem.None, ""),
            SecurityTokenInvalidSignatureException or SecurityTokenInvalidAlgorithmException => No(
                TokenProblem.Signature,
                "the signature does not fit the token"
            ),
            _ when payload is null => No(TokenProblem.Malformed, "the token's payload is not one JSON object"),
            SecurityTokenInvalidAudienceException => No(TokenProblem.Audience, "the token is meant for somebody else"),
            SecurityTokenInvalidLifetimeException => Lifetime(claims),
            _ when TextOf(claims, "iss") is not { } issuer || !trusted.Issuers.Contains(issuer, StringComparer.Ordinal) => No(
                TokenProblem.Issuer,
                "the token comes from an issuer that is not trusted here"
            ),
            _ => No(TokenProblem.Malformed, "the token's claims cannot be read"),
        };
    }

    private TokenReading Lifetime(JsonElement claims)
    {
        if (Seconds(claims, "exp") is not { } expires)
            return No(TokenProblem.Malformed, "the token does not say when it expires");
        var now = time.GetUtcNow();
        if (now >= DateTimeOffset.FromUnixTimeSeconds(expires) + Skew)
            return No(TokenProblem.Expired, "the token has expired");
        if (!claims.TryGetProperty("nbf", out _))
            return No(TokenProblem.None, "");
        if (Seconds(claims, "nbf") is not { } begins)
            return No(TokenProblem.Malformed, "the token's beginning is not a time");
        return now < DateTimeOffset.FromUnixTimeSeconds(begins) - Skew
            ? No(TokenProblem.NotYetValid, "the token is not valid yet")
            : No(TokenProblem.None, "");
    }

    private static TokenReading No(TokenProblem problem, string detail) => new(null, problem, detail);

    private static JsonElement? Parse(string part)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(part), Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair in an escape is no text.
        }
    }
}

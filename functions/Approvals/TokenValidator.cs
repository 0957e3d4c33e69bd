using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Approvals;

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
    public string? Text(string claim) => Claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A claim that is a list of strings (or one string).</summary>
    public IReadOnlyList<string> Texts(string claim) => !Claims.TryGetProperty(claim, out var value) ? []
        : value.ValueKind == JsonValueKind.String ? [value.GetString()!]
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)]
        : [];

    /// <summary>When it was issued (`iat`, else `nbf`), in Unix seconds; null where it does not say. For the record.</summary>
    public long? IssuedAt => TokenValidator.Seconds(Claims, "iat") ?? TokenValidator.Seconds(Claims, "nbf");
}

/// <summary>What came of reading a token.</summary>
/// <param name="Token">Null where it is not believed.</param>
/// <param name="Detail">One sentence for the record; never contains the token.</param>
public sealed record TokenReading(VerifiedToken? Token, TokenProblem Problem, string Detail);

/// <summary>
/// Believes a signed JWT (RFC 7519) or says why not, with the cryptography of the base library alone. RS256 only: the algorithm is ours to choose,
/// not the token's. Keys come from the issuer's metadata only, never from the token. Clocks may differ by five minutes.
/// </summary>
public sealed class TokenValidator(TrustedIssuer trusted, SigningKeys keys, TimeProvider time)
{
    /// <summary>Largest token read, in characters; Entra's are about 2 KB, the Bot Framework's below 1 KB.</summary>
    public const int MaxToken = 16 * 1024;

    private const string Algorithm = "RS256";
    private const string Scheme = "Bearer ";
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>One name, one value: a payload with two `aud` would mean different things to different readers.</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Reads an Authorization header.</summary>
    public async Task<TokenReading> ValidateAsync(string? authorization, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(authorization)) return No(TokenProblem.Missing, "no Authorization header");
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return No(TokenProblem.Missing, "the Authorization header is not Bearer");
        if (authorization.Length > MaxToken + Scheme.Length) return No(TokenProblem.TooLarge, $"the token is larger than {MaxToken} characters");
        var parts = authorization[Scheme.Length..].Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } head || Decode(parts[1]) is not { } body || Decode(parts[2]) is not { Length: > 0 } signature)
            return No(TokenProblem.Malformed, "the token is not three base64url parts");
        if (Parse(head) is not { } header) return No(TokenProblem.Malformed, "the token's header is not one JSON object");
        if (TextOf(header, "alg") != Algorithm) return No(TokenProblem.Algorithm, $"the token's algorithm is not {Algorithm}");
        if (header.TryGetProperty("crit", out _)) return No(TokenProblem.Malformed, "the token demands extensions nobody here knows");
        if (TextOf(header, "kid") is not { Length: > 0 and <= 256 } kid) return No(TokenProblem.UnknownKey, "the token names no key");

        var found = await keys.FindAsync(kid, cancellation);
        if (found.Problem is not TokenProblem.None) return No(found.Problem, found.Detail);
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        if (!Verify(found.Key!, signed, signature)) return No(TokenProblem.Signature, "the signature does not fit the token");

        // Only now are the claims worth reading.
        return Parse(body) is { } claims ? Judge(claims, found.Key!) : No(TokenProblem.Malformed, "the token's payload is not one JSON object");
    }

    /// <summary>A numeric date within reason; null otherwise.</summary>
    internal static long? Seconds(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is >= 0 and < 253_402_300_000
            ? seconds : null; // 253402300000 is in the last minutes of the year 9999

    private TokenReading Judge(JsonElement claims, SigningKey key)
    {
        if (TextOf(claims, "iss") is not { } issuer || !trusted.Issuers.Contains(issuer, StringComparer.Ordinal))
            return No(TokenProblem.Issuer, "the token comes from an issuer that is not trusted here");
        if (TextOf(claims, "aud") is not { } audience || !trusted.Audiences.Contains(audience, StringComparer.Ordinal))
            return No(TokenProblem.Audience, "the token is meant for somebody else");
        if (Seconds(claims, "exp") is not { } expires) return No(TokenProblem.Malformed, "the token does not say when it expires");
        var now = time.GetUtcNow();
        if (now >= DateTimeOffset.FromUnixTimeSeconds(expires) + Skew) return No(TokenProblem.Expired, "the token has expired");
        if (claims.TryGetProperty("nbf", out _))
        {
            if (Seconds(claims, "nbf") is not { } begins) return No(TokenProblem.Malformed, "the token's beginning is not a time");
            if (now < DateTimeOffset.FromUnixTimeSeconds(begins) - Skew) return No(TokenProblem.NotYetValid, "the token is not valid yet");
        }
        return new TokenReading(new VerifiedToken(claims, key.Endorsements), TokenProblem.None, "");
    }

    private static bool Verify(SigningKey key, byte[] signed, byte[] signature)
    {
        try
        {
            using var rsa = RSA.Create(key.Parameters);
            return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false; // A key the platform refuses verifies nothing.
        }
    }

    private static TokenReading No(TokenProblem problem, string detail) => new(null, problem, detail);

    /// <summary>Only the alphabet of base64url: no padding, no white space, so that one token has one spelling.</summary>
    private static byte[]? Decode(string part)
    {
        foreach (var c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return null;
        }
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonElement? Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
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

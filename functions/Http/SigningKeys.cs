using System.Numerics;
using System.Text.Json;
using IRFunctions.Connections;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace IRFunctions.Http;

/// <summary>One public key of an issuer.</summary>
/// <param name="Bits">Length of its modulus, leading zeros not counted.</param>
/// <param name="Endorsements">Channels it may speak for, as the Bot Framework marks its keys; empty elsewhere.</param>
public sealed record SigningKey(JsonWebKey Key, long Bits, IReadOnlyList<string> Endorsements);

/// <summary>What came of looking for a key.</summary>
public sealed record KeyLookup(SigningKey? Key, TokenProblem Problem, string Detail);

/// <summary>
/// An issuer's keys, read from its OpenID metadata and kept for a day. A key that is not known makes them be read again, at most once a
/// minute, so that a flood of forged tokens is no flood of requests. Where the issuer is away, keys known before still count for a week;
/// then nobody is believed. The documents are read by Microsoft's retriever; when to read them is decided here, since its
/// ConfigurationManager goes by the machine's clock, answers with withdrawn keys while it refreshes, and believes old ones for ever
/// (docs/decisions/0041).
/// </summary>
public sealed class SigningKeys(HttpClient http, Uri metadata, TimeProvider time) : IDocumentRetriever, IDisposable
{
    /// <summary>Weaker RSA keys are refused, whoever publishes them.</summary>
    public const int MinKeyBits = 2048;

    private const int MaxKeyBits = 8192; // A huge modulus would cost seconds a token.
    private const int MaxDocument = 512 * 1024;
    private static readonly OpenIdConnectConfigurationRetriever Retriever = new();
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(24);
    private static readonly TimeSpan Usable = TimeSpan.FromDays(7);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10); // Nobody can sign in meanwhile.

    private readonly SemaphoreSlim one = new(1);
    private volatile Known? known;
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;

    /// <summary>The key with this id.</summary>
    public async Task<KeyLookup> FindAsync(string kid, CancellationToken cancellation)
    {
        if (known is { } now && now.ReadAt + Fresh > time.GetUtcNow() && now.Keys.TryGetValue(kid, out var key))
            return Judge(key);
        await RefreshAsync(kid, cancellation);
        if (known is not { } then || then.ReadAt + Usable <= time.GetUtcNow())
            return new KeyLookup(null, TokenProblem.KeysUnavailable, "the issuer's keys cannot be read");
        return then.Keys.TryGetValue(kid, out key)
            ? Judge(key)
            : new KeyLookup(null, TokenProblem.UnknownKey, "the token's key is not one of the issuer's");
    }

    public void Dispose() => one.Dispose();

    private static KeyLookup Judge(SigningKey key) =>
        key.Bits is >= MinKeyBits and <= MaxKeyBits
            ? new KeyLookup(key, TokenProblem.None, "")
            : new KeyLookup(null, TokenProblem.WeakKey, $"the token's key does not have {MinKeyBits} to {MaxKeyBits} bits");

    private async Task RefreshAsync(string kid, CancellationToken cancellation)
    {
        await one.WaitAsync(cancellation);
        try
        {
            var now = time.GetUtcNow();
            if (now < notBefore)
                return;
            // Another request may have read them while this one waited.
            if (known is { } k && k.ReadAt + Fresh > now && k.Keys.ContainsKey(kid))
                return;
            notBefore = now + PauseAfterFailure;
            known = new Known(await ReadAsync(cancellation), now);
            notBefore = now + Pause;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever is wrong with them (network, JSON, the library's own types) means one thing here: they cannot be read.
            // Old keys go on counting for a while; without any, the caller hears that nobody can be believed.
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<Dictionary<string, SigningKey>> ReadAsync(CancellationToken cancellation)
    {
        var configuration = await ((IConfigurationRetriever<OpenIdConnectConfiguration>)Retriever).GetConfigurationAsync(
            metadata.AbsoluteUri,
            this,
            cancellation
        );
        var keys = new Dictionary<string, SigningKey>(StringComparer.Ordinal);
        foreach (var key in configuration.JsonWebKeySet?.Keys ?? [])
        {
            if (key.Kid is { Length: > 0 } kid && Read(key) is { } usable)
                keys[kid] = usable;
        }
        return keys.Count > 0 ? keys : throw new InvalidDataException("the issuer publishes no usable key");
    }

    private static SigningKey? Read(JsonWebKey key)
    {
        if (
            key.Kty != JsonWebAlgorithmsKeyTypes.RSA
            || key.Use is not (null or JsonWebKeyUseNames.Sig)
            || key.Alg is not (null or SecurityAlgorithms.RsaSha256)
        )
            return null;
        if (NumberOf(key.N) is not { } modulus || NumberOf(key.E) is not { } exponent)
            return null;
        // An exponent of 1 would make every number its own signature.
        if (exponent < 3 || exponent.IsEven)
            return null;
        string[] endorsements =
            key.AdditionalData.TryGetValue("endorsements", out var list) && list is JsonElement { ValueKind: JsonValueKind.Array } channels
                ? [.. channels.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)]
                : [];
        return new SigningKey(key, modulus.GetBitLength(), endorsements);
    }

    private static BigInteger? NumberOf(string? text)
    {
        try
        {
            return text is null ? null : new BigInteger(Base64UrlEncoder.DecodeBytes(text), isUnsigned: true, isBigEndian: true);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>For the retriever: the metadata, and the keys where they are on the metadata's own host.</summary>
    async Task<string> IDocumentRetriever.GetDocumentAsync(string address, CancellationToken cancel)
    {
        if (
            !Uri.TryCreate(address, UriKind.Absolute, out var uri)
            || !SafeAddress.Is(uri)
            || !string.Equals(uri.Host, metadata.Host, StringComparison.OrdinalIgnoreCase)
        )
            throw new InvalidDataException("metadata and keys must be read from one host over https");
        using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancel);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxDocument, cancel);
        return await response.Content.ReadAsStringAsync(cancel);
    }

    private sealed record Known(Dictionary<string, SigningKey> Keys, DateTimeOffset ReadAt);
}

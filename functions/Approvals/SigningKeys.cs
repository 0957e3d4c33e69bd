using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace IRFunctions.Approvals;

/// <summary>One public key of an issuer.</summary>
/// <param name="Endorsements">Channels it may speak for, as the Bot Framework marks its keys; empty elsewhere.</param>
public sealed record SigningKey(RSAParameters Parameters, IReadOnlyList<string> Endorsements);

/// <summary>What came of looking for a key.</summary>
public sealed record KeyLookup(SigningKey? Key, TokenProblem Problem, string Detail);

/// <summary>
/// An issuer's keys, read from its OpenID metadata and kept for a day. A key that is not known makes them be read again, at most once a minute,
/// so that a flood of forged tokens is no flood of requests. Where the issuer is away, keys known before still count for a week; then nobody is believed.
/// </summary>
public sealed class SigningKeys(HttpClient http, Uri metadata, TimeProvider time) : IDisposable
{
    /// <summary>Weaker RSA keys are refused, whoever publishes them.</summary>
    public const int MinKeyBits = 2048;

    private const int MaxKeyBits = 8192; // A huge modulus would cost seconds a token.
    private const int MaxDocument = 512 * 1024;
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
        if (known is { } now && now.ReadAt + Fresh > time.GetUtcNow() && now.Keys.TryGetValue(kid, out var key)) return Judge(key);
        await RefreshAsync(kid, cancellation);
        if (known is not { } then || then.ReadAt + Usable <= time.GetUtcNow()) return new KeyLookup(null, TokenProblem.KeysUnavailable, "the issuer's keys cannot be read");
        return then.Keys.TryGetValue(kid, out key) ? Judge(key) : new KeyLookup(null, TokenProblem.UnknownKey, "the token's key is not one of the issuer's");
    }

    public void Dispose() => one.Dispose();

    /// <summary>Whether our own token or a metadata address may travel to this place: https, or http that never leaves the machine.</summary>
    internal static bool IsSafe(Uri address) => address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps
        || (address.Scheme == Uri.UriSchemeHttp && (address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))));

    private static KeyLookup Judge(SigningKey key) => key.Parameters.Modulus!.Length * 8 is >= MinKeyBits and <= MaxKeyBits
        ? new KeyLookup(key, TokenProblem.None, "")
        : new KeyLookup(null, TokenProblem.WeakKey, $"the token's key does not have {MinKeyBits} to {MaxKeyBits} bits");

    private async Task RefreshAsync(string kid, CancellationToken cancellation)
    {
        await one.WaitAsync(cancellation);
        try
        {
            var now = time.GetUtcNow();
            if (now < notBefore) return;
            // Another request may have read them while this one waited.
            if (known is { } k && k.ReadAt + Fresh > now && k.Keys.ContainsKey(kid)) return;
            notBefore = now + PauseAfterFailure;
            known = new Known(await ReadAsync(cancellation), now);
            notBefore = now + Pause;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidDataException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Old keys go on counting for a while; without any, the caller hears that nobody can be believed.
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<Dictionary<string, SigningKey>> ReadAsync(CancellationToken cancellation)
    {
        if (!IsSafe(metadata)) throw new InvalidDataException("metadata must be read over https");
        using var configuration = await GetAsync(metadata, cancellation);
        var address = configuration.RootElement.ValueKind == JsonValueKind.Object && configuration.RootElement.TryGetProperty("jwks_uri", out var uri) && uri.ValueKind == JsonValueKind.String
            && Uri.TryCreate(uri.GetString(), UriKind.Absolute, out var parsed) ? parsed : throw new InvalidDataException("the metadata names no keys");
        if (!IsSafe(address) || !string.Equals(address.Host, metadata.Host, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException("the keys are not where the metadata is");
        using var set = await GetAsync(address, cancellation);
        var keys = new Dictionary<string, SigningKey>(StringComparer.Ordinal);
        if (set.RootElement.ValueKind == JsonValueKind.Object && set.RootElement.TryGetProperty("keys", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Object && Text(item, "kid") is { } kid && KeyOf(item) is { } key) keys[kid] = key;
            }
        }
        return keys.Count > 0 ? keys : throw new InvalidDataException("the issuer publishes no usable key");
    }

    private static SigningKey? KeyOf(JsonElement item)
    {
        if (Text(item, "kty") != "RSA" || Text(item, "use") is not (null or "sig") || Text(item, "alg") is not (null or "RS256")) return null;
        if (Text(item, "n") is not { } n || Text(item, "e") is not { } e || !Base64Url.IsValid(n) || !Base64Url.IsValid(e)) return null;
        var modulus = Base64Url.DecodeFromChars(n).AsSpan().TrimStart((byte)0).ToArray();
        var exponent = Base64Url.DecodeFromChars(e).AsSpan().TrimStart((byte)0).ToArray();
        // An exponent of 1 would make every number its own signature.
        if (modulus.Length == 0 || exponent.Length == 0 || (exponent is [< 3]) || exponent[^1] % 2 == 0) return null;
        string[] endorsements = item.TryGetProperty("endorsements", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)] : [];
        return new SigningKey(new RSAParameters { Modulus = modulus, Exponent = exponent }, endorsements);
    }

    private async Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var bytes = new byte[MaxDocument];
        var length = await stream.ReadAtLeastAsync(bytes, MaxDocument, throwOnEndOfStream: false, cancellation);
        return length < MaxDocument ? JsonDocument.Parse(bytes.AsMemory(0, length)) : throw new InvalidDataException("the document is too large");
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Known(Dictionary<string, SigningKey> Keys, DateTimeOffset ReadAt);
}

using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>
/// A P-256 key in Key Vault, used through its REST API (docs/decisions/0021): `GET keys/{name}/{version}` and `POST .../sign` with ES256.
/// The key never leaves the vault; the pipeline's identity needs only get and sign (role Key Vault Crypto User).
/// </summary>
/// <param name="http">Sends the pipeline's token for https://vault.azure.net.</param>
/// <param name="keyUri">With or without version: https://NAME.vault.azure.net/keys/irfunctions-record.</param>
public sealed class KeyVaultCheckpointKey(HttpClient http, Uri keyUri) : ICheckpointKey
{
    private const string ApiVersion = "7.4";
    private byte[]? known;
    private Uri? version;

    public async Task<byte[]> PublicAsync(CancellationToken cancellation)
    {
        if (known is not null)
            return known;
        using var response = await http.GetAsync(new Uri($"{keyUri.AbsoluteUri.TrimEnd('/')}?api-version={ApiVersion}"), cancellation);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        var key = json.RootElement.GetProperty("key");
        if (key.GetProperty("kty").GetString() is not ("EC" or "EC-HSM") || key.GetProperty("crv").GetString() != "P-256")
            throw new InvalidOperationException($"{keyUri} is no P-256 key; checkpoints are signed with ES256");
        // What is signed names the version that signed it, so later rotations do not break earlier checkpoints.
        version = new Uri(key.GetProperty("kid").GetString()!);
        using var ecdsa = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Decode(key.GetProperty("x").GetString()!), Y = Decode(key.GetProperty("y").GetString()!) },
            }
        );
        return known = ecdsa.ExportSubjectPublicKeyInfo();
    }

    public async Task<byte[]> SignAsync(byte[] data, CancellationToken cancellation)
    {
        await PublicAsync(cancellation);
        var body = new { alg = "ES256", value = Encode(SHA256.HashData(data)) };
        using var response = await http.PostAsJsonAsync(
            new Uri($"{version!.AbsoluteUri}/sign?api-version={ApiVersion}"),
            body,
            cancellation
        );
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return Decode(json.RootElement.GetProperty("value").GetString()!);
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}

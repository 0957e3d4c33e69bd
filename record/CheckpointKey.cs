using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace IRFunctions.Audit;

/// <summary>The key that signs checkpoints. Two real ones: a file on this machine, and a key in Key Vault that nobody can take out.</summary>
public interface ICheckpointKey
{
    /// <summary>The public half as SubjectPublicKeyInfo, for whoever verifies.</summary>
    Task<byte[]> PublicAsync(CancellationToken cancellation);

    /// <returns>ECDSA P-256 with SHA-256: 64 bytes, r then s.</returns>
    Task<byte[]> SignAsync(byte[] data, CancellationToken cancellation);
}

/// <summary>Names of keys.</summary>
public static class KeyFingerprint
{
    /// <summary>SHA-256 over the SubjectPublicKeyInfo, lower-case hex.</summary>
    public static string Of(byte[] subjectPublicKeyInfo) => Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo));
}

/// <summary>A key of this machine: in a file only its owner may read, made on first use; or in memory, for tests.</summary>
public sealed class LocalCheckpointKey : ICheckpointKey, IDisposable
{
    private readonly ECDsa key;

    public LocalCheckpointKey(ECDsa? key = null) => this.key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Opens the key, or makes it. The public half is written beside it (".pub"), for whoever verifies.</summary>
    public static LocalCheckpointKey Open(string path)
    {
        if (!File.Exists(path)) Make(path);
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return new LocalCheckpointKey(key);
    }

    public Task<byte[]> PublicAsync(CancellationToken cancellation) => Task.FromResult(key.ExportSubjectPublicKeyInfo());

    public Task<byte[]> SignAsync(byte[] data, CancellationToken cancellation) => Task.FromResult(key.SignData(data, HashAlgorithmName.SHA256));

    public void Dispose() => key.Dispose();

    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using var file = new StreamWriter(path, options);
            file.Write(made.ExportPkcs8PrivateKeyPem());
        }
        catch (IOException) when (File.Exists(path))
        {
            return; // Another process made it a moment ago.
        }
        File.WriteAllText(path + ".pub", made.ExportSubjectPublicKeyInfoPem());
    }
}

/// <summary>
/// A P-256 key in Key Vault, used through its REST API (docs/decisions/0701): `GET keys/{name}/{version}` and `POST .../sign` with ES256. The key never
/// leaves the vault; the pipeline's identity needs only get and sign (role Key Vault Crypto User).
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
        if (known is not null) return known;
        using var response = await http.GetAsync(new Uri($"{keyUri.AbsoluteUri.TrimEnd('/')}?api-version={ApiVersion}"), cancellation);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        var key = json.RootElement.GetProperty("key");
        if (key.GetProperty("kty").GetString() is not ("EC" or "EC-HSM") || key.GetProperty("crv").GetString() != "P-256")
            throw new InvalidOperationException($"{keyUri} is no P-256 key; checkpoints are signed with ES256");
        // What is signed names the version that signed it, so later rotations do not break earlier checkpoints.
        version = new Uri(key.GetProperty("kid").GetString()!);
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Decode(key.GetProperty("x").GetString()!), Y = Decode(key.GetProperty("y").GetString()!) },
        });
        return known = ecdsa.ExportSubjectPublicKeyInfo();
    }

    public async Task<byte[]> SignAsync(byte[] data, CancellationToken cancellation)
    {
        await PublicAsync(cancellation);
        var body = new { alg = "ES256", value = Encode(SHA256.HashData(data)) };
        using var response = await http.PostAsJsonAsync(new Uri($"{version!.AbsoluteUri}/sign?api-version={ApiVersion}"), body, cancellation);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return Decode(json.RootElement.GetProperty("value").GetString()!);
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}

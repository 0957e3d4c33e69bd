using System.Security.Cryptography;

namespace IRFunctions.Record;

/// <summary>
/// The key that signs checkpoints. Two real ones: a file on this machine, and a key in Key Vault that nobody can take out.
/// </summary>
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

    /// <summary>The SubjectPublicKeyInfo of an ECDSA P-256 key from base64; null where it is none, or not written as it must be.</summary>
    public static byte[]? FromBase64(string? text)
    {
        var bytes = new byte[2 * Length];
        if (
            text is null
            || !Convert.TryFromBase64String(text, bytes, out var length)
            || length != Length
            || !bytes.AsSpan().StartsWith(Prefix)
            || Convert.ToBase64String(bytes, 0, length) != text
        )
            return null;
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(bytes.AsSpan(0, length), out _);
            return bytes[..length];
        }
        catch (CryptographicException)
        {
            return null; // A point that is not on the curve.
        }
    }

    /// <summary>What every SubjectPublicKeyInfo of a P-256 key begins with, up to the uncompressed point's 4 (RFC 5480).</summary>
    private static ReadOnlySpan<byte> Prefix =>
        [0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0, 4];

    private const int Length = 91;
}

/// <summary>A key of this machine: in a file only its owner may read, made on first use; or in memory, for tests.</summary>
public sealed class LocalCheckpointKey : ICheckpointKey, IDisposable
{
    private readonly ECDsa key;

    public LocalCheckpointKey(ECDsa? key = null) => this.key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Opens the key, or makes it. The public half is written beside it (".pub"), for whoever verifies.</summary>
    public static LocalCheckpointKey Open(string path)
    {
        if (!File.Exists(path))
            Make(path);
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return new LocalCheckpointKey(key);
    }

    /// <summary>Of the public half.</summary>
    public string Fingerprint => KeyFingerprint.Of(key.ExportSubjectPublicKeyInfo());

    public Task<byte[]> PublicAsync(CancellationToken cancellation) => Task.FromResult(key.ExportSubjectPublicKeyInfo());

    public Task<byte[]> SignAsync(byte[] data, CancellationToken cancellation) =>
        Task.FromResult(key.SignData(data, HashAlgorithmName.SHA256));

    public void Dispose() => key.Dispose();

    private static void Make(string path)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
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

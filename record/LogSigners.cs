using System.Formats.Asn1;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace IRFunctions.Record;

/// <summary>Whoever signs a log's checkpoints. Two real ones: the record's own key, and an Ed25519 key beside it.</summary>
public interface ILogSigner
{
    /// <param name="origin">The log, whose name the key bears.</param>
    Task<NoteKey> KeyAsync(string origin, CancellationToken cancellation);

    Task<byte[]> SignAsync(byte[] text, CancellationToken cancellation);
}

/// <summary>The key that signs the record's own checkpoints, in Key Vault or a file.</summary>
public sealed class EcdsaLogSigner(ICheckpointKey key) : ILogSigner
{
    public async Task<NoteKey> KeyAsync(string origin, CancellationToken cancellation) =>
        NoteKey.Of(origin, NoteKeyType.Ecdsa, await key.PublicAsync(cancellation));

    public async Task<byte[]> SignAsync(byte[] text, CancellationToken cancellation)
    {
        var signature = await key.SignAsync(text, cancellation);
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteIntegerUnsigned(Unpadded(signature.AsSpan(0, signature.Length / 2)));
            der.WriteIntegerUnsigned(Unpadded(signature.AsSpan(signature.Length / 2)));
        }
        return der.Encode();
    }

    private static ReadOnlySpan<byte> Unpadded(ReadOnlySpan<byte> number)
    {
        while (number.Length > 1 && number[0] == 0)
            number = number[1..];
        return number;
    }
}

/// <summary>An Ed25519 key: what witnesses of the public network ask for, and what Key Vault does not have.</summary>
public sealed class Ed25519LogSigner : ILogSigner
{
    /// <summary>What every PKCS #8 Ed25519 key without attributes begins with (RFC 8410).</summary>
    private static readonly byte[] Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    private readonly byte[] secret;

    /// <param name="pem">As `openssl genpkey -algorithm ed25519` writes it.</param>
    /// <exception cref="FormatException">It is no such key.</exception>
    public Ed25519LogSigner(string pem)
    {
        var bytes =
            PemEncoding.TryFind(pem, out var fields) && pem[fields.Label] == "PRIVATE KEY"
                ? Convert.FromBase64String(pem[fields.Base64Data])
                : [];
        if (bytes.Length != Prefix.Length + 32 || !bytes.AsSpan().StartsWith(Prefix))
            throw new FormatException("that is no Ed25519 private key in PEM form (openssl genpkey -algorithm ed25519)");
        secret = bytes[Prefix.Length..];
        Ed25519.GeneratePublicKey(secret, 0, Public, 0);
    }

    /// <summary>32 bytes.</summary>
    internal byte[] Public { get; } = new byte[32];

    public Task<NoteKey> KeyAsync(string origin, CancellationToken cancellation) =>
        Task.FromResult(NoteKey.Of(origin, NoteKeyType.Ed25519, Public));

    public Task<byte[]> SignAsync(byte[] text, CancellationToken cancellation) => Task.FromResult(Sign(text));

    internal byte[] Sign(byte[] text)
    {
        var signature = new byte[64];
        Ed25519.Sign(secret, 0, text, 0, text.Length, signature, 0);
        return signature;
    }
}

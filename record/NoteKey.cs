using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace IRFunctions.Record;

/// <summary>How a key signs; the bytes are those of c2sp.org/signed-note.</summary>
public enum NoteKeyType : byte
{
    Ed25519 = 1,

    /// <summary>P-256, as Key Vault has it: over SHA-256 of the text, in DER.</summary>
    Ecdsa = 2,

    /// <summary>A witness's, with the time at which it saw the checkpoint (c2sp.org/tlog-cosignature, cosignature/v1).</summary>
    Cosignature = 4,
}

/// <summary>A public key that signs notes, with its name: `NAME+ID+BASE64` where people write it.</summary>
public sealed class NoteKey
{
    private const int EdKey = 32;
    private const int EdSignature = 64;
    private readonly byte[] key;

    private NoteKey(string name, NoteKeyType type, byte[] key)
    {
        (Name, Type, this.key) = (name, type, key);
        var named = type == NoteKeyType.Ecdsa ? key : [.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)type, .. key];
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(named));
    }

    public string Name { get; }

    public NoteKeyType Type { get; }

    /// <summary>First four bytes of a hash over the key: for P-256 over its SubjectPublicKeyInfo alone.</summary>
    public uint Id { get; }

    /// <param name="key">P-256: SubjectPublicKeyInfo. Otherwise 32 bytes (RFC 8032).</param>
    /// <exception cref="FormatException">It is no key of this type, or the name is none.</exception>
    public static NoteKey Of(string name, NoteKeyType type, byte[] key)
    {
        if (!IsName(name))
            throw new FormatException($"\"{name}\" is no name of a key: it is empty, or holds a space or a plus");
        var fits = type switch
        {
            NoteKeyType.Ecdsa => KeyFingerprint.FromBase64(Convert.ToBase64String(key)) is not null,
            NoteKeyType.Ed25519 or NoteKeyType.Cosignature => key.Length == EdKey && Ed25519.ValidatePublicKeyFull(key, 0),
            _ => false,
        };
        return fits ? new NoteKey(name, type, key) : throw new FormatException($"the key of {name} is none of its type");
    }

    /// <exception cref="FormatException">It is no key as people write it.</exception>
    public static NoteKey Parse(string text)
    {
        var parts = text.Trim().Split('+', 3);
        if (parts.Length != 3 || LogCheckpoint.Base64(parts[2]) is not { Length: > 1 } bytes)
            throw new FormatException("a key is written NAME+ID+BASE64");
        var key = Of(parts[0], (NoteKeyType)bytes[0], bytes[1..]);
        return key.Id.ToString("x8", CultureInfo.InvariantCulture) == parts[1]
            ? key
            : throw new FormatException($"the id {parts[1]} is not that of the key of {parts[0]}");
    }

    public static bool IsName(string name) => name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([(byte)Type, .. key])}");

    public bool Verifies(byte[] text, byte[] signature)
    {
        if (Type == NoteKeyType.Ed25519)
            return IsOverEd25519(text, signature);
        if (Type == NoteKeyType.Cosignature)
            return TimeOf(signature) is { } at && IsOverEd25519(Cosigned(text, at), signature[8..]);
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(key, out _);
        return ecdsa.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>When a witness cosigned, in seconds since 1970; null where the bytes are no cosignature.</summary>
    public static long? TimeOf(byte[] cosignature) =>
        cosignature.Length == 8 + EdSignature && BinaryPrimitives.ReadInt64BigEndian(cosignature) is > 0 and var at ? at : null;

    /// <summary>What a witness signs: the time and the checkpoint.</summary>
    public static byte[] Cosigned(byte[] text, long at) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {at}\n")), .. text];

    private bool IsOverEd25519(byte[] text, byte[] signature) =>
        signature.Length == EdSignature && Ed25519.Verify(signature, 0, key, 0, text, 0, text.Length);
}

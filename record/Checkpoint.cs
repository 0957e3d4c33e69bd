using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Record;

/// <summary>The new head of a chain that changed since the checkpoint before.</summary>
/// <param name="Leaf">The chain's place in the tree, given once and kept.</param>
public sealed record HeadChange(int Leaf, string Chain, long Length, string Hash)
{
    /// <summary>What stands in the tree for this head.</summary>
    public byte[] LeafHash() => new CanonicalBytes(Domain.Leaf).Add(Chain).Add(Length).Add(Hash).Sha256();
}

/// <summary>
/// A signed statement: at this moment these were the heads of all chains. The changes since the one before are listed, so that whoever has
/// all checkpoints can rebuild every tree; the signature covers them and the checkpoint before.
/// </summary>
public sealed record Checkpoint
{
    public const int CurrentForm = 1;

    public int Form { get; init; } = CurrentForm;

    /// <summary>1, 2, 3, ... without gaps.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Chains in the tree.</summary>
    public required int Chains { get; init; }

    /// <summary>Root of the tree over the heads of all chains, lower-case hex.</summary>
    public required string Root { get; init; }

    /// <summary>Hash over <see cref="Changes"/>, lower-case hex.</summary>
    public required string ChangesHash { get; init; }

    /// <summary>Hash of the checkpoint before; 64 zeros for the first.</summary>
    public required string Previous { get; init; }

    /// <summary>Fingerprint of the public key: SHA-256 over its SubjectPublicKeyInfo, lower-case hex.</summary>
    public required string Key { get; init; }

    /// <summary>ECDSA P-256 with SHA-256 over <see cref="ToSign"/>; 64 bytes, base64.</summary>
    public string Signature { get; init; } = "";

    /// <summary>Null in an export of single chains, which carries proofs instead.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HeadChange>? Changes { get; init; }

    /// <summary>The bytes that are signed.</summary>
    public byte[] ToSign() =>
        new CanonicalBytes(Domain.Checkpoint)
            .Add(Form)
            .Add(Number)
            .Add(At.UtcTicks)
            .Add(Chains)
            .Add(Root)
            .Add(ChangesHash)
            .Add(Previous)
            .Add(Key)
            .ToArray();

    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(ToSign()));

    public static string HashOf(IEnumerable<HeadChange> changes)
    {
        var bytes = new CanonicalBytes(Domain.Changes);
        foreach (var change in changes)
            bytes.Add(change.Leaf).Add(change.Chain).Add(change.Length).Add(change.Hash);
        return bytes.Sha256Hex();
    }

    public bool IsSignedBy(ECDsa key)
    {
        var signature = new byte[96];
        return Convert.TryFromBase64String(Signature, signature, out var length)
            && length == 64
            && Convert.ToBase64String(signature, 0, length) == Signature // bits that no byte holds must be 0
            && key.VerifyData(ToSign(), signature.AsSpan(0, length), HashAlgorithmName.SHA256);
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    /// <exception cref="JsonException">These bytes are no checkpoint.</exception>
    public static Checkpoint FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<Checkpoint>(json, JsonSerializerOptions.Web) ?? throw new JsonException("null is no checkpoint");
}

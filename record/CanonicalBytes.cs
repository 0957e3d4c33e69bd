using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Record;

/// <summary>
/// What is hashed and signed, byte for byte: every field as its length in bytes, a colon, its UTF-8 and a comma. Nothing depends on a JSON
/// writer's taste, so that a verifier in another language is an afternoon's work (docs/record.md).
/// </summary>
internal readonly struct CanonicalBytes
{
    [ThreadStatic]
    // Hashing is on the way of every entry; one is built and used up before the next begins.
    private static ArrayBufferWriter<byte>? ofThisThread;

    private readonly ArrayBufferWriter<byte> buffer;

    /// <param name="domain">First byte: what kind of thing is hashed, so that no hash of one kind can pass for another.</param>
    public CanonicalBytes(byte domain)
    {
        buffer = ofThisThread ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        buffer.Write([domain]);
    }

    public CanonicalBytes Add(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var span = buffer.GetSpan(length + 13);
        length.TryFormat(span, out var digits, provider: CultureInfo.InvariantCulture);
        span[digits] = (byte)':';
        Encoding.UTF8.GetBytes(text, span[(digits + 1)..]);
        span[digits + 1 + length] = (byte)',';
        buffer.Advance(digits + length + 2);
        return this;
    }

    public CanonicalBytes Add(long number) => Add(number.ToString(CultureInfo.InvariantCulture));

    public byte[] Sha256() => SHA256.HashData(buffer.WrittenSpan);

    public string Sha256Hex() => Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));

    public byte[] ToArray() => buffer.WrittenSpan.ToArray();
}

/// <summary>First bytes of everything that is hashed. 0 and 1 are those of RFC 6962.</summary>
internal static class Domain
{
    public const byte Leaf = 0;
    public const byte Node = 1;
    public const byte EntryBody = 2;
    public const byte EntryLink = 3;
    public const byte Content = 4;
    public const byte Changes = 5;
    public const byte Checkpoint = 6;
}

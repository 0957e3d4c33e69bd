using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>
/// The words of an entry as they are stored: AES-256-GCM under the key of the chain, bound to chain and entry. Destroying the key makes
/// them unreadable in every copy of the table, and the chain stays valid, since it covers only a salted commitment.
/// </summary>
internal static class SealedContent
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int PieceLength = 60_000; // a binary property holds 64 KiB
    private const string Property = "Sealed";

    /// <summary>Sealed bytes cannot be compressed any more, so long words are deflated before; shorter ones would gain nothing.</summary>
    private const int WorthDeflating = 512;
    private const int Deflated = 1 << 30; // beside the length of the text, which is far below

    public static AesGcm Open(ChainKey key) => new(key.Secret, TagLength);

    /// <param name="aes">From <see cref="Open"/> with the same key.</param>
    public static void Write(TableEntity row, AuditEntry entry, ChainKey key, AesGcm aes)
    {
        var open = Encode(entry);
        var box = new byte[NonceLength + open.Length + TagLength];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceLength));
        aes.Encrypt(
            box.AsSpan(0, NonceLength),
            open,
            box.AsSpan(NonceLength, open.Length),
            box.AsSpan(NonceLength + open.Length),
            Bound(entry.Chain, entry.FactId)
        );
        row["Key"] = key.Number;
        if (box.Length <= PieceLength)
        {
            row[$"{Property}0"] = box; // As nearly all are: no second copy.
            return;
        }
        for (var piece = 0; piece * PieceLength < box.Length; piece++)
            row[$"{Property}{piece}"] = box.AsSpan(piece * PieceLength, Math.Min(PieceLength, box.Length - piece * PieceLength)).ToArray();
    }

    /// <param name="entry">The entry without its words.</param>
    /// <param name="key">Null where it was destroyed.</param>
    public static AuditEntry Read(TableEntity row, AuditEntry entry, ChainKey? key)
    {
        if (key is null)
            return entry with { Content = ContentState.Shredded };
        var box = Join(row);
        try
        {
            var open = new byte[box.Length - NonceLength - TagLength];
            using (var aes = new AesGcm(key.Secret, TagLength))
            {
                aes.Decrypt(
                    box.AsSpan(0, NonceLength),
                    box.AsSpan(NonceLength, open.Length),
                    box.AsSpan(NonceLength + open.Length),
                    open,
                    Bound(entry.Chain, entry.FactId)
                );
            }
            return Decode(entry, open);
        }
        catch (Exception e)
            when (e is CryptographicException or ArgumentException or OverflowException or InvalidDataException or EndOfStreamException)
        {
            return entry with { Content = ContentState.Damaged };
        }
    }

    /// <summary>
    /// Salt, length of the text, length of the data, then text and data, deflated where that pays; no data at all differs from empty data.
    /// </summary>
    private static byte[] Encode(AuditEntry entry)
    {
        var text = Encoding.UTF8.GetByteCount(entry.Text);
        var data = entry.Data is null ? -1 : Encoding.UTF8.GetByteCount(entry.Data);
        var words = new byte[text + Math.Max(0, data)];
        Encoding.UTF8.GetBytes(entry.Text, words);
        if (entry.Data is not null)
            Encoding.UTF8.GetBytes(entry.Data, words.AsSpan(text));
        var stored = words.Length < WorthDeflating ? words : Deflate(words);
        var open = new byte[24 + stored.Length];
        Convert.FromHexString(entry.Salt).CopyTo(open, 0);
        BinaryPrimitives.WriteInt32BigEndian(open.AsSpan(16), ReferenceEquals(stored, words) ? text : text | Deflated);
        BinaryPrimitives.WriteInt32BigEndian(open.AsSpan(20), data);
        stored.CopyTo(open, 24);
        return open;
    }

    private static AuditEntry Decode(AuditEntry entry, byte[] open)
    {
        var text = BinaryPrimitives.ReadInt32BigEndian(open.AsSpan(16));
        var data = BinaryPrimitives.ReadInt32BigEndian(open.AsSpan(20));
        var words = open.AsSpan(24);
        if ((text & Deflated) != 0)
        {
            text &= ~Deflated;
            words = Inflate(open, text + Math.Max(0, data));
        }
        return entry with
        {
            Salt = Convert.ToHexStringLower(open.AsSpan(0, 16)),
            Text = Encoding.UTF8.GetString(words[..text]),
            Data = data < 0 ? null : Encoding.UTF8.GetString(words.Slice(text, data)),
        };
    }

    private static byte[] Deflate(byte[] words)
    {
        using var stream = new MemoryStream(words.Length);
        using (var deflate = new DeflateStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(words);
        return stream.Length < words.Length ? stream.ToArray() : words;
    }

    private static byte[] Inflate(byte[] open, int length)
    {
        var words = new byte[length];
        using var inflate = new DeflateStream(new MemoryStream(open, 24, open.Length - 24), CompressionMode.Decompress);
        inflate.ReadExactly(words);
        return words;
    }

    private static byte[] Bound(string chain, string factId) => Encoding.UTF8.GetBytes($"{chain}\0{factId}");

    private static byte[] Join(TableEntity row)
    {
        if (row.GetBinary($"{Property}0") is not { } first)
            return [];
        if (row.GetBinary($"{Property}1") is null)
            return first;
        var all = new List<byte>(first);
        for (var piece = 1; row.GetBinary($"{Property}{piece}") is { } more; piece++)
            all.AddRange(more);
        return [.. all];
    }
}

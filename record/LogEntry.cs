using System.Buffers.Binary;
using System.Globalization;

namespace IRFunctions.Record;

/// <summary>
/// An entry of the record as it stands in the log: the bytes of its body (docs/record.md), which hold a commitment to its words and not
/// the words. So a log goes on proving itself after words were shredded.
/// </summary>
public sealed record LogEntry(
    int Form,
    string Chain,
    long Sequence,
    DateTimeOffset At,
    string FactId,
    string Kind,
    string Actor,
    string ContentHash
)
{
    private const int Fields = 8;
    private const int MaxDigits = 5; // of a length that fits 16 bits

    /// <summary>Bytes; the length before an entry in a bundle has 16 bits.</summary>
    public const int Longest = ushort.MaxValue;

    /// <exception cref="FormatException">These bytes are no entry's body.</exception>
    public static LogEntry Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes[0] != Domain.EntryBody)
            throw new FormatException("it does not begin as an entry of a record does");
        var fields = new string[Fields];
        var rest = bytes[1..];
        for (var i = 0; i < Fields; i++)
            fields[i] = Field(ref rest);
        if (rest.Length > 0)
            throw new FormatException("something follows the last field of an entry");
        var ticks = LogCheckpoint.Number(fields[3], "time");
        if (ticks > DateTimeOffset.MaxValue.UtcTicks)
            throw new FormatException("an entry says a time without sense");
        return new LogEntry(
            checked((int)Math.Min(int.MaxValue, LogCheckpoint.Number(fields[0], "form"))),
            fields[1],
            LogCheckpoint.Number(fields[2], "place of an entry"),
            new DateTimeOffset(ticks, TimeSpan.Zero),
            fields[4],
            fields[5],
            fields[6],
            fields[7]
        );
    }

    /// <summary>Entries as a bundle holds them, each after its length.</summary>
    public static byte[] Bundle(IEnumerable<byte[]> entries)
    {
        var bundle = new MemoryStream();
        Span<byte> length = stackalloc byte[2];
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)entry.Length));
            bundle.Write(length);
            bundle.Write(entry);
        }
        return bundle.ToArray();
    }

    /// <exception cref="FormatException">The bytes end within an entry.</exception>
    public static IReadOnlyList<byte[]> Unbundle(ReadOnlySpan<byte> bundle)
    {
        var entries = new List<byte[]>();
        while (bundle.Length > 0)
        {
            if (bundle.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(bundle) is var length && bundle.Length < 2 + length)
                throw new FormatException("a bundle ends within an entry");
            entries.Add(bundle.Slice(2, length).ToArray());
            bundle = bundle[(2 + length)..];
        }
        return entries;
    }

    private static string Field(ref ReadOnlySpan<byte> rest)
    {
        var digits = rest.IndexOf((byte)':');
        if (
            digits is < 1 or > MaxDigits
            || rest[..digits].ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || (rest[0] == '0' && digits > 1)
            || int.Parse(rest[..digits], CultureInfo.InvariantCulture) is var length && rest.Length < digits + length + 2
            || rest[digits + length + 1] != ','
        )
            throw new FormatException("a field of an entry is not written as its length, a colon, bytes and a comma");
        var text = rest.Slice(digits + 1, length);
        rest = rest[(digits + length + 2)..];
        try
        {
            return SignedNote.Strict.GetString(text);
        }
        catch (ArgumentException e)
        {
            throw new FormatException("a field of an entry is not in UTF-8", e);
        }
    }
}

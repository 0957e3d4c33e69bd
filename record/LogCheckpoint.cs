using System.Globalization;
using System.Text;

namespace IRFunctions.Record;

/// <summary>The statement of a log about itself (c2sp.org/tlog-checkpoint): what a signed note says in its text.</summary>
/// <param name="Origin">Which log it is; the same for as long as it lives.</param>
/// <param name="Size">Entries in it.</param>
/// <param name="Root">Root of the tree over them, 32 bytes.</param>
public sealed record LogCheckpoint(string Origin, long Size, byte[] Root)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>The first three lines; our own logs write no more, and of others the rest is opaque.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static LogCheckpoint Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0 || lines.SkipLast(1).Any(string.IsNullOrEmpty))
            throw new FormatException("a checkpoint has three lines or more, none of them empty");
        return new LogCheckpoint(lines[0], Number(lines[1], "size of the log"), Hash(lines[2]));
    }

    /// <summary>A number as these formats write it: decimal, no sign, no zero before it.</summary>
    internal static long Number(string text, string what) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : throw new FormatException($"\"{Shown(text)}\" is no {what}");

    internal static byte[] Hash(string text) =>
        Base64(text, Tile.HashLength) ?? throw new FormatException($"\"{Shown(text)}\" is no hash in base64");

    /// <summary>Bytes of base64 that is written in the one way there is; null where it is not, or is of another length.</summary>
    internal static byte[]? Base64(string text, int length = -1)
    {
        var bytes = new byte[text.Length];
        return
            Convert.TryFromBase64String(text, bytes, out var count)
            && (length < 0 || count == length)
            && Convert.ToBase64String(bytes, 0, count) == text
            ? bytes[..count]
            : null;
    }

    private static string Shown(string text) => text.Length <= 80 ? text : text[..80] + "...";

    /// <summary>What is signed: the bytes of the text.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());
}

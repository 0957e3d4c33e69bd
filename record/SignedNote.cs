using System.Buffers.Binary;
using System.Text;

namespace IRFunctions.Record;

/// <summary>One signature line of a note.</summary>
/// <param name="KeyId">With the name it says which key this is; not a strong hash.</param>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Signature)
{
    internal const string Dash = "\u2014 ";

    public override string ToString()
    {
        var bytes = new byte[4 + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Signature.CopyTo(bytes, 4);
        return $"{Dash}{Name} {Convert.ToBase64String(bytes)}\n";
    }

    /// <exception cref="FormatException">The line is none.</exception>
    internal static NoteSignature Parse(string line)
    {
        var space = line.IndexOf(' ', Math.Min(Dash.Length, line.Length));
        if (!line.StartsWith(Dash, StringComparison.Ordinal) || space < 0 || !NoteKey.IsName(line[Dash.Length..space]))
            throw new FormatException("a signature line is a dash, a name and base64");
        return LogCheckpoint.Base64(line[(space + 1)..]) is { Length: > 4 } bytes
            ? new NoteSignature(line[Dash.Length..space], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..])
            : throw new FormatException($"the signature of {line[Dash.Length..space]} is no base64");
    }
}

/// <summary>A text and who signed it (c2sp.org/signed-note).</summary>
/// <param name="Text">With its last line end.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>Bytes; a checkpoint with sixteen cosignatures has some 3 KB.</summary>
    private const int Longest = 1 << 16;
    internal static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public override string ToString() => Text + "\n" + string.Concat(Signatures);

    /// <exception cref="FormatException">These bytes are no signed note.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Longest)
            throw new FormatException("the note is longer than any");
        string note;
        try
        {
            note = Strict.GetString(bytes);
        }
        catch (ArgumentException e)
        {
            throw new FormatException("the note is not in UTF-8", e);
        }
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !note.EndsWith('\n') || note.Any(c => c < ' ' && c != '\n'))
            throw new FormatException("a note is a text, an empty line and signature lines, without control characters");
        var lines = note[(end + 2)..].Split('\n').SkipLast(1).Select(NoteSignature.Parse).ToList();
        return lines.Count > 0 ? new SignedNote(note[..(end + 1)], lines) : throw new FormatException("nobody signed the note");
    }

    /// <summary>The keys among those given that signed it.</summary>
    /// <exception cref="FormatException">A signature that claims to be of one of them is not.</exception>
    public IReadOnlyList<NoteKey> SignedBy(IReadOnlyCollection<NoteKey> known)
    {
        var text = Encoding.UTF8.GetBytes(Text);
        var found = new List<NoteKey>();
        foreach (var signature in Signatures)
        {
            if (known.FirstOrDefault(k => k.Name == signature.Name && k.Id == signature.KeyId) is not { } key)
                continue; // Of whoever nobody asked about: the specification says to leave it aside.
            if (!key.Verifies(text, signature.Signature))
                throw new FormatException($"the signature of {key.Name} ({key.Id:x8}) is not over this text");
            if (!found.Contains(key))
                found.Add(key);
        }
        return found;
    }
}

using System.Globalization;
using System.Text;

namespace IRFunctions.Record;

/// <summary>
/// What a log says and how it proves it, complete in one text: that an entry is in it (c2sp.org/tlog-proof), or that it continues what it
/// was (the body of a request to a witness, c2sp.org/tlog-witness).
/// </summary>
/// <param name="Number">Place of the entry, from 0; or entries of the earlier log.</param>
/// <param name="Entry">Its bytes; null in a proof that a log continues.</param>
public sealed record LogProof(long Number, byte[]? Entry, IReadOnlyList<byte[]> Path, SignedNote Checkpoint)
{
    private const string First = "c2sp.org/tlog-proof@v1";
    private const int MaxPath = 63; // A tree of more entries there is not.
    private const int Longest = 1 << 18; // bytes; an entry has at most 64 KB, a third more as base64

    public override string ToString()
    {
        var text = new StringBuilder();
        if (Entry is { } entry)
            text.Append(CultureInfo.InvariantCulture, $"{First}\nextra {Convert.ToBase64String(entry)}\nindex {Number}\n");
        else
            text.Append(CultureInfo.InvariantCulture, $"old {Number}\n");
        foreach (var hash in Path)
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        return text.Append('\n').Append(Checkpoint).ToString();
    }

    /// <exception cref="FormatException">These bytes are no proof.</exception>
    public static LogProof Parse(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\n\n"u8);
        if (bytes.Length > Longest || end < 0)
            throw new FormatException("a proof is some lines, an empty line and a checkpoint");
        var lines = Encoding.UTF8.GetString(bytes[..end]).Split('\n');
        var entry = lines[0] == First && lines.Length > 2 ? LogCheckpoint.Base64(After(lines[1], "extra ")) : null;
        if (lines[0] == First && entry is null)
            throw new FormatException("the proof does not hold its entry");
        var number = LogCheckpoint.Number(entry is null ? After(lines[0], "old ") : After(lines[2], "index "), "number of an entry");
        var path = lines.Skip(entry is null ? 1 : 3).Select(LogCheckpoint.Hash).ToList();
        return path.Count <= MaxPath
            ? new LogProof(number, entry, path, SignedNote.Parse(bytes[(end + 2)..]))
            : throw new FormatException("the proof leads through more hashes than any log has levels");
    }

    /// <summary>What the checkpoint says, once it is signed as it must be.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public LogCheckpoint Trusted(LogTrust trust) => trust.Open(Checkpoint).Checkpoint;

    /// <summary>The entry, once it is proved to be in the log.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public LogEntry Included(LogTrust trust)
    {
        var log = Trusted(trust);
        if (Entry is null)
            throw new FormatException("this proves that a log continues, not that it holds an entry");
        if (!MerkleTree.Proves(LogTree.LeafHash(Entry), Number, log.Size, Path, log.Root))
            throw new FormatException($"the proof does not lead from the entry at {Number} to the root that was signed");
        return LogEntry.Parse(Entry);
    }

    /// <summary>That the log continues an earlier one, signed as this one is.</summary>
    /// <exception cref="FormatException">It does not.</exception>
    public void Continues(LogCheckpoint earlier, LogTrust trust)
    {
        var log = Trusted(trust);
        if (earlier.Origin != log.Origin || earlier.Size != Number)
            throw new FormatException($"the proof is about {Number} entries of {log.Origin}, not {earlier.Size} of {earlier.Origin}");
        if (!MerkleTree.Continues(earlier.Size, earlier.Root, log.Size, log.Root, Path))
            throw new FormatException(
                $"the log of {log.Size} entries does not continue the one of {earlier.Size}: one of the two shows another history"
            );
    }

    private static string After(string line, string start) =>
        line.StartsWith(start, StringComparison.Ordinal)
            ? line[start.Length..]
            : throw new FormatException($"where \"{start.Trim()}\" should stand there is something else");
}

/// <summary>Whose signatures count.</summary>
/// <param name="Logs">Keys of the log, by its origin; any of them is enough.</param>
/// <param name="Witnesses">Keys of witnesses.</param>
/// <param name="Quorum">How many witnesses must have cosigned.</param>
public sealed record LogTrust(IReadOnlyList<NoteKey> Logs, IReadOnlyList<NoteKey> Witnesses, int Quorum)
{
    /// <summary>The checkpoint in a note, and which witnesses cosigned it.</summary>
    /// <exception cref="FormatException">It is not signed as it must be.</exception>
    public (LogCheckpoint Checkpoint, IReadOnlyList<NoteKey> Witnesses) Open(SignedNote note)
    {
        var checkpoint = LogCheckpoint.Parse(note.Text);
        if (!note.SignedBy([.. Logs.Where(k => k.Name == checkpoint.Origin && k.Type != NoteKeyType.Cosignature)]).Any())
            throw new FormatException($"no key that is trusted for the log {checkpoint.Origin} signed this checkpoint");
        var witnesses = note.SignedBy([.. Witnesses.Where(k => k.Type == NoteKeyType.Cosignature)]);
        if (witnesses.Count < Quorum)
            throw new FormatException($"{witnesses.Count} of the witnesses cosigned this checkpoint; {Quorum} must have");
        return (checkpoint, witnesses);
    }
}

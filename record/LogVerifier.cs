namespace IRFunctions.Record;

/// <summary>What checking a log came to.</summary>
/// <param name="Checkpoint">What was signed; null where nothing was.</param>
/// <param name="Heads">Length and last hash of every chain in it, computed from the entries alone.</param>
public sealed record LogReport(
    LogCheckpoint? Checkpoint,
    IReadOnlyList<NoteKey> Witnesses,
    IReadOnlyDictionary<string, ChainHead> Heads,
    IReadOnlyList<Finding> Findings
);

/// <summary>Where a chain ends.</summary>
public sealed record ChainHead(long Length, string Hash);

/// <summary>
/// Checks a whole log in its tiles: every entry against its hash, every tile, the root, the signatures; and that the entries are chains as
/// the record has them. Memory: 32 bytes an entry, and the heads.
/// </summary>
public sealed class LogVerifier
{
    private readonly Func<string, byte[]?> files;
    private readonly List<Finding> findings = [];
    private readonly Dictionary<string, (long Length, string Hash, DateTimeOffset At)> heads = new(StringComparer.Ordinal);

    private LogVerifier(Func<string, byte[]?> files) => this.files = files;

    /// <param name="files">What stands at a path of the log; null where nothing does.</param>
    /// <param name="earlier">A checkpoint kept from earlier, which it must continue; null where there is none.</param>
    public static async Task<LogReport> VerifyAsync(
        Func<string, byte[]?> files,
        LogTrust trust,
        LogCheckpoint? earlier = null,
        CancellationToken cancellation = default
    )
    {
        var verifier = new LogVerifier(files);
        LogCheckpoint checkpoint;
        IReadOnlyList<NoteKey> witnesses;
        try
        {
            var note = files("checkpoint") ?? throw new FormatException("there is none");
            (checkpoint, witnesses) = trust.Open(SignedNote.Parse(note));
        }
        catch (FormatException e)
        {
            return new LogReport(null, [], new Dictionary<string, ChainHead>(), [new Finding(Attacks.ForgedLog, "checkpoint", e.Message)]);
        }
        await verifier.CheckAsync(checkpoint, earlier, cancellation);
        var ends = verifier.heads.ToDictionary(h => h.Key, h => new ChainHead(h.Value.Length, h.Value.Hash), StringComparer.Ordinal);
        return new LogReport(checkpoint, witnesses, ends, verifier.findings);
    }

    /// <summary>Where an export and a log, each whole by itself, tell of different chains.</summary>
    public static IEnumerable<Finding> Compare(LogReport log, VerifyReport export)
    {
        foreach (var (chain, head) in export.Heads)
        {
            if (!log.Heads.TryGetValue(chain, out var logged))
                yield return new Finding(Attacks.ForgedLog, chain, "is in the export and not in the log");
            else if (logged != head)
                yield return new Finding(
                    Attacks.ForgedLog,
                    chain,
                    $"has {head.Length} entries in the export and {logged.Length} in the log, or other ones"
                );
        }
        foreach (var chain in log.Heads.Keys.Where(c => export.OfWhole && !export.Heads.ContainsKey(c)))
            yield return new Finding(Attacks.ForgedLog, chain, "is in the log and not in the export");
    }

    private async Task CheckAsync(LogCheckpoint checkpoint, LogCheckpoint? earlier, CancellationToken cancellation)
    {
        var made = new MadeTiles();
        for (var index = 0L; index * Tile.FullWidth < checkpoint.Size; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            var width = (int)Math.Min(Tile.FullWidth, checkpoint.Size - index * Tile.FullWidth);
            if (Entries(index, width) is not { } entries)
                return; // What cannot be read leaves nothing to compare; it is found.
            foreach (var (entry, place) in entries.Select((e, i) => (e, index * Tile.FullWidth + i)))
                Check(entry, place);
            var leaves = entries.Select(e => LogTree.LeafHash(e)).ToList();
            made.Keep(await new LogTree(made, index * Tile.FullWidth).AppendAsync(leaves, cancellation));
        }
        foreach (var (level, index, width) in LogTree.TilesOf(checkpoint.Size))
        {
            var tile = new Tile(level, index, await made.ReadAsync(level, index, width, cancellation));
            if (files(tile.Path) is not { } stored || !stored.AsSpan().SequenceEqual(tile.Hashes))
                Add(tile.Path, "does not hold the hashes of the entries below it");
        }
        var tree = new LogTree(made, checkpoint.Size);
        var root = await tree.RootAsync(cancellation);
        if (
            earlier is not null
            && (
                earlier.Origin != checkpoint.Origin
                || earlier.Size > checkpoint.Size
                || !(await tree.RootAsync(earlier.Size, cancellation)).AsSpan().SequenceEqual(earlier.Root)
            )
        )
            Add("checkpoint", $"does not continue the one of {earlier.Size} entries of {earlier.Origin} that was kept");
        if (!root.AsSpan().SequenceEqual(checkpoint.Root))
            Add("checkpoint", $"was signed over another log: its root is not that of the {checkpoint.Size} entries there are");
    }

    private IReadOnlyList<byte[]>? Entries(long index, int width)
    {
        var path = Tile.EntriesPath(index, width);
        try
        {
            var entries = LogEntry.Unbundle(files(path) ?? throw new FormatException("is missing"));
            return entries.Count == width ? entries : throw new FormatException($"holds {entries.Count} entries, not {width}");
        }
        catch (FormatException e)
        {
            Add(path, e.Message);
            return null;
        }
    }

    /// <summary>An entry by itself and after the one before it on its chain.</summary>
    private void Check(byte[] bytes, long place)
    {
        LogEntry entry;
        try
        {
            entry = LogEntry.Parse(bytes);
        }
        catch (FormatException e)
        {
            Add($"entry {place}", e.Message);
            return;
        }
        var before = heads.GetValueOrDefault(entry.Chain, (0, AuditEntry.NoHash, default));
        if (entry.Form != AuditEntry.CurrentForm)
            Add($"entry {place}", $"is in form {entry.Form}");
        if (entry.Sequence != before.Length + 1)
            Add($"entry {place}", $"is number {entry.Sequence} of {entry.Chain}, and number {before.Length + 1} is due");
        else if (entry.At < before.At)
            Add($"entry {place}", $"is older than the one before it on {entry.Chain}");
        var body = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        heads[entry.Chain] = (entry.Sequence, AuditEntry.Link(before.Hash, body), entry.At);
    }

    private void Add(string where, string what) => findings.Add(new Finding(Attacks.ForgedLog, where, what));

    /// <summary>Tiles computed from the entries.</summary>
    private sealed class MadeTiles : ITileReader
    {
        private readonly Dictionary<(int, long), byte[]> tiles = [];

        public void Keep(IEnumerable<Tile> changed)
        {
            foreach (var tile in changed)
                tiles[(tile.Level, tile.Index)] = tile.Hashes;
        }

        public Task<byte[]> ReadAsync(int level, long index, int width, CancellationToken cancellation) =>
            Task.FromResult(tiles[(level, index)][..(width * Tile.HashLength)]);
    }
}

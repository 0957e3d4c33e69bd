using System.Formats.Tar;
using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>
/// Writes the record as a transparency log: `checkpoint`, `tile/L/N`, `tile/entries/N` (c2sp.org/tlog-tiles), and proofs out of it. Holds
/// commitments to words and no words.
/// </summary>
public sealed class LogExport(TransparencyLog log, AuditChain audit)
{
    /// <summary>Where entries of a chain stand in the log.</summary>
    private readonly record struct Stretch(long FirstSequence, long Length, long Place);

    /// <param name="write">Takes a path and its bytes. `checkpoint` comes last, and only where all before it is whole.</param>
    /// <returns>Entries written.</returns>
    /// <exception cref="FormatException">There is no log, or what is stored is not what was sealed.</exception>
    public async Task<long> WriteAsync(Func<string, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation = default)
    {
        await log.LoadAsync(cancellation);
        var note = Signed();
        using var spool = new Spool(log.Size);
        await CollectAsync(spool, cancellation);
        foreach (var (level, index, width) in LogTree.TilesOf(log.Size))
        {
            var tile = new Tile(level, index, await log.ReadAsync(level, index, width, cancellation));
            if (level == 0)
                await write(Tile.EntriesPath(index, width), LogEntry.Bundle(Entries(spool, tile)));
            await write(tile.Path, tile.Hashes);
        }
        await write("checkpoint", Encoding.UTF8.GetBytes(note.ToString()));
        return log.Size;
    }

    /// <summary>The same as a tar archive.</summary>
    public async Task WriteTarAsync(Stream to, CancellationToken cancellation = default)
    {
        await using var tar = new TarWriter(to, TarEntryFormat.Ustar, leaveOpen: true);
        await WriteAsync(
            (path, bytes) =>
                tar.WriteEntryAsync(
                    new UstarTarEntry(TarEntryType.RegularFile, path)
                    {
                        DataStream = new MemoryStream(bytes.ToArray(), writable: false),
                        ModificationTime = DateTimeOffset.UnixEpoch, // The same log is the same archive.
                    },
                    cancellation
                ),
            cancellation
        );
    }

    /// <summary>Proof that an entry is in the log; complete, with the entry and what was signed.</summary>
    /// <exception cref="FormatException">The log does not hold it.</exception>
    public async Task<LogProof> ProveAsync(string chain, long sequence, CancellationToken cancellation = default)
    {
        await log.LoadAsync(cancellation);
        var note = Signed();
        var places = await StretchesAsync(chain, cancellation);
        var entries = await audit.ReadAsync(chain, sequence, sequence, cancellation);
        if (!places.TryGetValue(chain, out var stretches) || entries.Count == 0 || Place(stretches, sequence) is not { } place)
            throw new FormatException($"no checkpoint has sealed an entry {sequence} of {chain}");
        var bytes = entries[0].BodyBytes();
        return (await log.Tree.LeafAsync(place, cancellation)).AsSpan().SequenceEqual(LogTree.LeafHash(bytes))
            ? new LogProof(place, bytes, await log.Tree.InclusionAsync(place, cancellation), note)
            : throw new FormatException($"{chain} entry {sequence} is not the one that is in the log: it was changed");
    }

    /// <summary>Proof that the log continues what it was with fewer entries.</summary>
    /// <exception cref="FormatException">It never had so many.</exception>
    public async Task<LogProof> ContinuesAsync(long earlier, CancellationToken cancellation = default)
    {
        await log.LoadAsync(cancellation);
        return earlier >= 0 && earlier <= log.Size
            ? new LogProof(earlier, null, await log.Tree.ConsistencyAsync(earlier, cancellation), Signed())
            : throw new FormatException($"the log has {log.Size} entries, not {earlier}");
    }

    private SignedNote Signed() =>
        log.Note is { } note && LogCheckpoint.Parse(note.Text).Size == log.Size
            ? note
            : throw new FormatException("nothing is signed yet: the log grows and is signed with each checkpoint of the record");

    private async Task<Dictionary<string, List<Stretch>>> StretchesAsync(string? only, CancellationToken cancellation)
    {
        var places = new Dictionary<string, List<Stretch>>(StringComparer.Ordinal);
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        var place = 0L;
        await foreach (var checkpoint in log.CheckpointsAsync(log.LastCheckpoint, cancellation))
        {
            foreach (var change in checkpoint.Changes ?? [])
            {
                var before = lengths.GetValueOrDefault(change.Chain);
                if (only is null || only == change.Chain)
                {
                    if (!places.TryGetValue(change.Chain, out var list))
                        places[change.Chain] = list = new List<Stretch>(1);
                    list.Add(new Stretch(before + 1, change.Length - before, place));
                }
                lengths[change.Chain] = change.Length;
                place += change.Length - before;
            }
        }
        return place == log.Size
            ? places
            : throw new FormatException(
                $"the checkpoints that are there sealed {place} entries, and the log has {log.Size}: some are gone"
            );
    }

    private static long? Place(List<Stretch> stretches, long sequence)
    {
        foreach (var stretch in stretches)
            if (sequence >= stretch.FirstSequence && sequence < stretch.FirstSequence + stretch.Length)
                return stretch.Place + sequence - stretch.FirstSequence;
        return null;
    }

    /// <summary>Entries come chain by chain and go out in the order of the log.</summary>
    private async Task CollectAsync(Spool spool, CancellationToken cancellation)
    {
        var places = await StretchesAsync(null, cancellation);
        await foreach (var entry in audit.ReadAllAsync(cancellation))
            if (places.TryGetValue(entry.Chain, out var stretches) && Place(stretches, entry.Sequence) is { } place)
                spool.Put(place, entry.BodyBytes());
    }

    private static IEnumerable<byte[]> Entries(Spool spool, Tile leaves)
    {
        for (var i = 0; i < leaves.Width; i++)
        {
            var entry = spool.Get(leaves.Index * Tile.FullWidth + i);
            if (
                entry is null
                || !LogTree.LeafHash(entry).AsSpan().SequenceEqual(leaves.Hashes.AsSpan(i * Tile.HashLength, Tile.HashLength))
            )
                throw new FormatException(
                    $"entry {leaves.Index * Tile.FullWidth + i} of the log is {(entry is null ? "gone" : "not the one that was sealed")}; "
                        + "nothing was signed over what is there now. Export as jsonl and verify that: it says which one it is"
                );
            yield return entry;
        }
    }

    /// <summary>Entries on disk until their turn comes; 12 bytes each in memory.</summary>
    private sealed class Spool(long count) : IDisposable
    {
        private readonly long[] starts = new long[count]; // plus 1; 0 is none
        private readonly ushort[] lengths = new ushort[count];
        private readonly FileStream file = new(
            Path.GetTempFileName(),
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.None,
            1 << 16,
            FileOptions.DeleteOnClose
        );
        private long end;
        private bool written = true;

        public void Put(long place, byte[] entry)
        {
            if (entry.Length > LogEntry.Longest)
                throw new FormatException($"entry {place} of the log has {entry.Length} bytes; there is room for {LogEntry.Longest}");
            (starts[place], lengths[place]) = (end + 1, (ushort)entry.Length);
            file.Write(entry);
            (end, written) = (end + entry.Length, false);
        }

        public byte[]? Get(long place)
        {
            if (!written)
                file.Flush();
            written = true;
            if (starts[place] == 0)
                return null;
            var entry = new byte[lengths[place]];
            RandomAccess.Read(file.SafeFileHandle, entry, starts[place] - 1);
            return entry;
        }

        public void Dispose() => file.Dispose();
    }
}

using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>Which log this is and who signs for it.</summary>
/// <param name="Origin">Its name, the same for as long as it lives: where its checkpoints are stored, without the scheme.</param>
public sealed record LogIdentity(string Origin, IReadOnlyList<ILogSigner> Signers, IReadOnlyList<LogWitness> Witnesses);

/// <summary>
/// The record as one transparency log that others' tools check (c2sp.org/tlog-tiles; docs/record.md): every sealed entry in the order in
/// which checkpoints sealed it. Grows with each checkpoint; its tiles are a cache that can be built anew from checkpoints and entries.
/// </summary>
/// <remarks>
/// Rows in <see cref="RecordIndex.TableName"/>: partition "log-00" to "log-07" the tiles of a level; "log" the state, which comes last, so
/// that a crash repeats rather than skips.
/// </remarks>
public sealed class TransparencyLog(
    TableServiceClient tables,
    AuditChain audit,
    ICheckpointStore store,
    LogIdentity identity,
    WitnessClient witnesses
) : ITileReader
{
    private const string Partition = "log";
    private const string HashesColumn = "Hashes";
    private const int MaxBatch = 90; // as in HeadIndex
    private const string TurnRow = "turn";
    private const string UntilColumn = "Until";

    // Less than the five minutes between two runs: the turn of one that died is over when the next comes.
    private static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(2);

    private readonly TableClient table = tables.GetTableClient(RecordIndex.TableName);
    private State state = new(0, AuditEntry.NoHash, 0, null);

    /// <param name="Number">The last checkpoint whose entries are in the log.</param>
    /// <param name="Size">Entries in the log.</param>
    /// <param name="Note">What was signed last.</param>
    private sealed record State(long Number, string Hash, long Size, string? Note);

    public string Origin => identity.Origin;

    public long Size => state.Size;

    public LogTree Tree => new(this, state.Size);

    /// <summary>The checkpoint that was signed last, with what witnesses said to it; null where there is none.</summary>
    public SignedNote? Note => state.Note is { } note ? SignedNote.Parse(Encoding.UTF8.GetBytes(note)) : null;

    /// <summary>Public keys of those who sign for it.</summary>
    public async Task<IReadOnlyList<NoteKey>> KeysAsync(CancellationToken cancellation)
    {
        var keys = new List<NoteKey>();
        foreach (var signer in identity.Signers)
            keys.Add(await signer.KeyAsync(Origin, cancellation));
        return keys;
    }

    public async Task LoadAsync(CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(Partition, Partition, cancellationToken: cancellation);
        state = row.HasValue
            ? new State(
                row.Value!.GetInt64("Number") ?? 0,
                row.Value.GetString("Hash") ?? "",
                row.Value.GetInt64("Size") ?? 0,
                row.Value.GetString("Note")
            )
            : new State(0, AuditEntry.NoHash, 0, null);
    }

    /// <summary>Puts what new checkpoints sealed into the log, signs it and asks the witnesses.</summary>
    /// <param name="made">Checkpoints made just now.</param>
    /// <param name="fresh">By chain, hashes of the entries that they sealed.</param>
    /// <param name="heads">What the last checkpoint knew.</param>
    /// <param name="now">By the pipeline's clock.</param>
    public async Task<IReadOnlyList<Finding>> AdvanceAsync(
        IReadOnlyList<Checkpoint> made,
        IReadOnlyDictionary<string, IReadOnlyList<byte[]>> fresh,
        HeadIndex heads,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (heads.Number == 0)
            return []; // Nothing is sealed, or another process was faster: the next run starts from what it stored.
        // Tiles are written over: one process at a time. What is not taken in now is by whoever has the turn, or in the next run.
        if (await TakeTurnAsync(now, cancellation) is not { } turn)
            return [];
        try
        {
            return await AdvanceAsync(made, fresh, heads, cancellation);
        }
        finally
        {
            await GiveTurnBackAsync(turn, cancellation);
        }
    }

    private async Task<IReadOnlyList<Finding>> AdvanceAsync(
        IReadOnlyList<Checkpoint> made,
        IReadOnlyDictionary<string, IReadOnlyList<byte[]>> fresh,
        HeadIndex heads,
        CancellationToken cancellation
    )
    {
        await LoadAsync(cancellation);
        if (await IsAheadAsync(heads, cancellation))
            return []; // Another process sealed more meanwhile, and it is in the log already.
        var (findings, stops) = await CheckAsync(heads, cancellation);
        if (stops)
            return findings;
        foreach (var checkpoint in made.Where(c => c.Number == state.Number + 1 && c.Previous == state.Hash))
            await AppendAsync(checkpoint, [.. (checkpoint.Changes ?? []).SelectMany(c => fresh[c.Chain])], cancellation);
        if (await CatchUpAsync(heads, cancellation) is { } gone)
            return [.. findings, gone];
        return state.Size == 0 ? findings : [.. findings, .. await SignAsync(cancellation)];
    }

    private async Task<ETag?> TakeTurnAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(Partition, TurnRow, cancellationToken: cancellation);
        if (row.HasValue && row.Value!.GetInt64(UntilColumn) > now.UtcTicks)
            return null;
        var turn = new TableEntity(Partition, TurnRow) { [UntilColumn] = (now + LongestTurn).UtcTicks };
        try
        {
            var written = row.HasValue
                ? await table.UpdateEntityAsync(turn, row.Value!.ETag, TableUpdateMode.Replace, cancellation)
                : await table.AddEntityAsync(turn, cancellation);
            return written.Headers.ETag;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return null;
        }
    }

    private async Task GiveTurnBackAsync(ETag turn, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(Partition, TurnRow, turn, cancellation);
        }
        catch (RequestFailedException)
        {
            // It ends by itself.
        }
    }

    /// <summary>Whether the log has a stored checkpoint that is newer than what this process knows.</summary>
    private async Task<bool> IsAheadAsync(HeadIndex heads, CancellationToken cancellation) =>
        state.Number > heads.Number
        && await store.ReadAsync(state.Number, cancellation) is { } bytes
        && Checkpoint.FromJson(bytes).Hash() == state.Hash;

    public async Task<byte[]> ReadAsync(int level, long index, int width, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            PartitionOf(level),
            index.ToString("D10", CultureInfo.InvariantCulture),
            [HashesColumn],
            cancellation
        );
        // A crash may have left more than the state knows of: what is before stays as it was.
        return
            row.HasValue
            && row.Value!.TryGetValue(HashesColumn, out var stored)
            && stored is byte[] hashes
            && hashes.Length >= width * Tile.HashLength
            ? hashes[..(width * Tile.HashLength)]
            : throw new FormatException($"the tile {level}/{index} of the log is not there as it was stored");
    }

    private async Task AppendAsync(Checkpoint checkpoint, IReadOnlyList<byte[]> leaves, CancellationToken cancellation)
    {
        foreach (var level in (await Tree.AppendAsync(leaves, cancellation)).GroupBy(t => t.Level))
        {
            foreach (var batch in level.Chunk(MaxBatch))
                await table.SubmitTransactionAsync(
                    batch.Select(t => new TableTransactionAction(
                        TableTransactionActionType.UpsertReplace,
                        new TableEntity(PartitionOf(t.Level), t.Index.ToString("D10", CultureInfo.InvariantCulture))
                        {
                            [HashesColumn] = t.Hashes,
                        }
                    )),
                    cancellation
                );
        }
        await KeepAsync(
            state with
            {
                Number = checkpoint.Number,
                Hash = checkpoint.Hash(),
                Size = state.Size + leaves.Count,
            },
            cancellation
        );
    }

    private async Task KeepAsync(State next, CancellationToken cancellation)
    {
        await table.UpsertEntityAsync(
            new TableEntity(Partition, Partition)
            {
                ["Number"] = next.Number,
                ["Hash"] = next.Hash,
                ["Size"] = next.Size,
                ["Note"] = next.Note,
            },
            TableUpdateMode.Replace,
            cancellation
        );
        state = next;
    }

    /// <summary>
    /// Takes in what checkpoints sealed that are not in the log: after a crash, or where another process made them. Reads all checkpoints,
    /// which is long and seldom.
    /// </summary>
    /// <returns>Why it cannot go on; null where it is at the last checkpoint.</returns>
    private async Task<Finding?> CatchUpAsync(HeadIndex heads, CancellationToken cancellation)
    {
        if (state.Number == heads.Number)
            return state.Hash == heads.Hash ? null : Other(state.Number);
        if (state.Number > heads.Number)
            return Other(heads.Number);
        var known = new Dictionary<string, HeadChange>(StringComparer.Ordinal);
        await foreach (var checkpoint in CheckpointsAsync(heads.Number, cancellation))
        {
            if (checkpoint.Number == state.Number && checkpoint.Hash() != state.Hash)
                return Other(state.Number);
            if (checkpoint.Number > state.Number)
            {
                if (checkpoint.Number != state.Number + 1 || checkpoint.Previous != state.Hash)
                    return Other(checkpoint.Number);
                var (leaves, finding) = await LeavesAsync(checkpoint, known, cancellation);
                if (finding is not null)
                    return finding;
                await AppendAsync(checkpoint, leaves, cancellation);
            }
            foreach (var change in checkpoint.Changes ?? [])
                known[change.Chain] = change;
        }
        return state.Number == heads.Number && state.Hash == heads.Hash ? null : Other(state.Number);
    }

    /// <summary>The order of the log: what each checkpoint sealed, in the order in which it lists the chains.</summary>
    public async IAsyncEnumerable<Checkpoint> CheckpointsAsync(
        long last,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        for (var number = 1L; number <= last; number++)
        {
            if (await store.ReadAsync(number, cancellation) is not { } bytes)
                yield break;
            yield return Checkpoint.FromJson(bytes);
        }
    }

    /// <summary>The last checkpoint whose entries are in the log.</summary>
    public long LastCheckpoint => state.Number;

    private async Task<(IReadOnlyList<byte[]> Leaves, Finding? Finding)> LeavesAsync(
        Checkpoint checkpoint,
        Dictionary<string, HeadChange> known,
        CancellationToken cancellation
    )
    {
        var leaves = new List<byte[]>();
        foreach (var change in checkpoint.Changes ?? [])
        {
            var before = known.GetValueOrDefault(change.Chain);
            var entries = await audit.ReadAsync(change.Chain, (before?.Length ?? 0) + 1, change.Length, cancellation);
            if (!Checkpointer.Continues(before, new ChainHead(change.Length, change.Hash), entries))
                return (
                    leaves,
                    new Finding(
                        Attacks.Rewritten,
                        $"{change.Chain} entries {(before?.Length ?? 0) + 1} to {change.Length}",
                        $"are not the ones that checkpoint {checkpoint.Number} sealed; the log stops before them"
                    )
                );
            leaves.AddRange(entries.Select(e => LogTree.LeafHash(e.BodyBytes())));
        }
        return (leaves, null);
    }

    /// <summary>
    /// Whether the tiles still come to what was signed last. Whoever can write to the tables can change them, but cannot sign. Where they
    /// do not, they are built anew from checkpoints and entries; what that comes to must be what was signed.
    /// </summary>
    private async Task<(IReadOnlyList<Finding> Findings, bool Stops)> CheckAsync(HeadIndex heads, CancellationToken cancellation)
    {
        if (state.Note is null)
            return ([], false);
        var (signed, valid) = await SignedLastAsync(cancellation);
        if (valid && await IsRootAsync(signed!, cancellation))
            return ([], false);
        state = new State(0, AuditEntry.NoHash, 0, state.Note);
        if (await CatchUpAsync(heads, cancellation) is { } gone)
            return ([gone], true);
        if (signed is not null && await IsRootAsync(signed, cancellation))
            return (valid ? [Changed("were changed, and were built anew")] : [], false); // Otherwise the key was rotated meanwhile.
        if (valid)
            return ([Changed($"come to another root than was signed over {signed!.Size} entries; the log stops there")], true);
        state = state with { Note = null };
        return ([Changed("had a checkpoint that we did not sign; it was dropped")], false);
    }

    private async Task<(LogCheckpoint? Signed, bool Valid)> SignedLastAsync(CancellationToken cancellation)
    {
        LogCheckpoint? signed = null;
        try
        {
            signed = LogCheckpoint.Parse(Note!.Text);
            return (new LogTrust(await KeysAsync(cancellation), [], 0).Open(Note).Checkpoint, true);
        }
        catch (FormatException)
        {
            return (signed, false);
        }
    }

    private async Task<bool> IsRootAsync(LogCheckpoint signed, CancellationToken cancellation)
    {
        try
        {
            return signed.Size <= state.Size && (await Tree.RootAsync(signed.Size, cancellation)).AsSpan().SequenceEqual(signed.Root);
        }
        catch (FormatException)
        {
            return false; // A tile is not there.
        }
    }

    private static Finding Changed(string what) => new(Attacks.ForgedLog, "tiles of the log", what);

    private async Task<IReadOnlyList<Finding>> SignAsync(CancellationToken cancellation)
    {
        var checkpoint = new LogCheckpoint(Origin, state.Size, await Tree.RootAsync(cancellation));
        var note = Note is { } last && last.Text == checkpoint.ToString() ? last : new SignedNote(checkpoint.ToString(), []);
        var signatures = note.Signatures.ToList();
        foreach (var signer in identity.Signers)
        {
            var key = await signer.KeyAsync(Origin, cancellation);
            if (!signatures.Exists(s => s.Name == key.Name && s.KeyId == key.Id))
                signatures.Add(new NoteSignature(key.Name, key.Id, await signer.SignAsync(checkpoint.ToBytes(), cancellation)));
        }
        if (signatures.Count > note.Signatures.Count)
        {
            note = note with { Signatures = signatures };
            await KeepAsync(state with { Note = note.ToString() }, cancellation);
        }
        var (cosigned, findings) = await witnesses.AskAsync(identity.Witnesses, Tree, note, cancellation);
        if (cosigned.Signatures.Count > note.Signatures.Count)
            await KeepAsync(state with { Note = cosigned.ToString() }, cancellation);
        return findings;
    }

    private static Finding Other(long number) =>
        new(Attacks.ReplacedCheckpoint, $"checkpoint {number}", "is not the one whose entries went into the log; the log stops there");

    private static string PartitionOf(int level) => string.Create(CultureInfo.InvariantCulture, $"log-{level:D2}");
}

using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>What one run came to.</summary>
/// <param name="Made">Checkpoints made, in order; none where nothing changed.</param>
/// <param name="Findings">Chains that no longer hold what was sealed. They keep their old head in the tree.</param>
public sealed record CheckpointRun(IReadOnlyList<Checkpoint> Made, IReadOnlyList<Finding> Findings);

/// <summary>
/// Seals the record: reads the chains that changed, checks that each continues what was sealed before, and makes a signed checkpoint of all
/// heads. Runs on a timer, one at a time; where two run nevertheless, the store takes one checkpoint of a number and the other run starts
/// over.
/// </summary>
public sealed class Checkpointer(
    AuditChain audit,
    ChangeJournal journal,
    HeadIndex heads,
    RecordIndex index,
    ICheckpointKey key,
    ICheckpointStore store,
    TransparencyLog log,
    TimeProvider time
) : IDisposable
{
    /// <summary>How long ago a note may have been made whose entries were stored only now; also how far clocks may differ.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    /// <summary>Without news a checkpoint is made this often, so that missing ones show.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromHours(1);

    private const int MaxChanges = 20_000; // of one checkpoint, some 3 MB
    private const int AtOnce = 32;
    private readonly SemaphoreSlim oneAtATime = new(1);

    public async Task<CheckpointRun> RunAsync(CancellationToken cancellation = default)
    {
        await oneAtATime.WaitAsync(cancellation);
        try
        {
            await heads.LoadAsync(cancellation);
            var findings = new List<Finding>();
            await CatchUpAsync(findings, cancellation);
            var now = time.GetUtcNow();
            var fresh = new Dictionary<string, IReadOnlyList<byte[]>>(StringComparer.Ordinal);
            var changes = await ChangedAsync(now, fresh, findings, cancellation);
            await ReportAsync(findings, cancellation);
            var made = await SealAsync(now, changes, cancellation);
            var ofLog = await log.AdvanceAsync(made, fresh, heads, now, cancellation);
            await ReportAsync(ofLog, cancellation);
            return new CheckpointRun(made, [.. findings, .. ofLog]);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Every chain ever sealed against what is there now; finds dropped and changed chains that nobody wrote to since.</summary>
    public async Task<IReadOnlyList<Finding>> SweepAsync(CancellationToken cancellation = default)
    {
        var findings = new List<Finding>();
        await heads.LoadAsync(cancellation);
        await foreach (var known in heads.AllAsync(cancellation))
            Compare(
                known,
                await audit.HeadAsync(known.Chain, cancellation),
                await audit.HashOfAsync(known.Chain, known.Length, cancellation),
                findings
            );
        await ReportAsync(findings, cancellation);
        return findings;
    }

    public void Dispose() => oneAtATime.Dispose();

    /// <summary>Applies checkpoints that were stored but not noted: a crash, or another process.</summary>
    private async Task CatchUpAsync(List<Finding> findings, CancellationToken cancellation)
    {
        var fingerprint = KeyFingerprint.Of(await key.PublicAsync(cancellation));
        if (heads.Number > 0)
            Compare(await store.ReadAsync(heads.Number, cancellation), findings);
        while (await store.ReadAsync(heads.Number + 1, cancellation) is { } bytes)
        {
            if (Read(bytes) is not { } checkpoint)
            {
                findings.Add(
                    new Finding(
                        Attacks.ReplacedCheckpoint,
                        $"checkpoint {heads.Number + 1}",
                        "is there and cannot be read; no later one can be made before it is repaired"
                    )
                );
                return;
            }
            var root = Convert.ToHexStringLower(heads.Put(checkpoint.Changes ?? []));
            if (
                checkpoint.Previous != heads.Hash
                || checkpoint.Root != root
                || (checkpoint.Key == fingerprint && !await IsOursAsync(checkpoint, cancellation))
            )
                findings.Add(new Finding(Attacks.ReplacedCheckpoint, $"checkpoint {heads.Number + 1}", "is not the one that was made"));
            await heads.StoreAsync(checkpoint with { Number = heads.Number + 1 }, heads.Cursor, cancellation);
        }
    }

    /// <summary>
    /// The index is noted only after its checkpoint is stored, so a checkpoint that is gone or another one was taken or replaced. Tiles
    /// that do not match may come from a crash; they are built anew.
    /// </summary>
    private void Compare(byte[]? stored, List<Finding> findings)
    {
        var known = stored is null ? null : Read(stored);
        if (stored is null)
            findings.Add(
                new Finding(
                    Attacks.DroppedCheckpoint,
                    $"checkpoint {heads.Number}",
                    "was stored and is gone",
                    $"It was made on {Finding.Time(heads.At)}"
                )
            );
        else if (known?.Hash() != heads.Hash)
            findings.Add(
                new Finding(
                    Attacks.ReplacedCheckpoint,
                    $"checkpoint {heads.Number}",
                    "is not the one that was stored",
                    $"It was made on {Finding.Time(heads.At)}"
                )
            );
        if (known?.Hash() != heads.Hash || known.Chains != heads.Tree.Count || known.Root != Convert.ToHexStringLower(heads.Tree.Root()))
            heads.Reset();
    }

    private static Checkpoint? Read(byte[] stored)
    {
        try
        {
            return Checkpoint.FromJson(stored);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private async Task<bool> IsOursAsync(Checkpoint checkpoint, CancellationToken cancellation)
    {
        using var ecdsa = System.Security.Cryptography.ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(await key.PublicAsync(cancellation), out _);
        return checkpoint.IsSignedBy(ecdsa);
    }

    /// <param name="fresh">Gets, by chain, hashes of its new entries as they stand in the log.</param>
    private async Task<List<HeadChange>> ChangedAsync(
        DateTimeOffset now,
        Dictionary<string, IReadOnlyList<byte[]>> fresh,
        List<Finding> findings,
        CancellationToken cancellation
    )
    {
        var chains = new HashSet<string>(StringComparer.Ordinal);
        var from = heads.Cursor.UtcTicks > Overlap.Ticks ? heads.Cursor - Overlap : DateTimeOffset.UnixEpoch;
        await foreach (var (_, chain) in journal.ReadAsync(from, now + Overlap, cancellation))
            chains.Add(chain);
        var changes = new List<HeadChange>();
        var free = heads.Tree.Count;
        foreach (var some in chains.Order(StringComparer.Ordinal).Chunk(AtOnce))
        {
            foreach (var (change, leaves, problems) in await Task.WhenAll(some.Select(chain => LookAsync(chain, cancellation))))
            {
                findings.AddRange(problems);
                if (change is null)
                    continue;
                changes.Add(change.Leaf >= 0 ? change : change with { Leaf = free++ });
                fresh[change.Chain] = leaves;
            }
        }
        return changes;
    }

    /// <summary>Whether a chain grew as it must. Reads only what is new, and puts that into the index of entities.</summary>
    private async Task<(HeadChange? Change, IReadOnlyList<byte[]> Leaves, List<Finding> Problems)> LookAsync(
        string chain,
        CancellationToken cancellation
    )
    {
        var problems = new List<Finding>();
        var known = await heads.FindAsync(chain, cancellation);
        var head = await audit.HeadAsync(chain, cancellation);
        if (head is null && known is null)
            return (null, [], problems); // Noted, but the entries were never stored.
        if (known is not null && head == new ChainHead(known.Length, known.Hash))
            return (null, [], problems);
        var sealedHash = known is null ? null : await audit.HashOfAsync(chain, known.Length, cancellation);
        if (known is not null && !Compare(known, head, sealedHash, problems))
            return (null, [], problems);
        var entries = await audit.ReadAsync(chain, (known?.Length ?? 0) + 1, head!.Length, cancellation);
        if (!Continues(known, head, entries))
        {
            problems.Add(
                new Finding(
                    Attacks.Rewritten,
                    $"{chain} entries {(known?.Length ?? 0) + 1} to {head.Length}",
                    "do not lead to the head of the chain"
                )
            );
            return (null, [], problems);
        }
        await index.AddAsync(chain, entries, cancellation);
        return (
            new HeadChange(known?.Leaf ?? -1, chain, head.Length, head.Hash),
            [.. entries.Select(e => LogTree.LeafHash(e.BodyBytes()))],
            problems
        );
    }

    internal static bool Continues(HeadChange? known, ChainHead head, IReadOnlyList<AuditEntry> entries)
    {
        var (sequence, hash) = (known?.Length ?? 0, known?.Hash ?? AuditEntry.NoHash);
        foreach (var entry in entries)
        {
            if (entry.Sequence != sequence + 1 || entry.PreviousHash != hash || entry.ComputeHash() != entry.Hash)
                return false;
            (sequence, hash) = (entry.Sequence, entry.Hash);
        }
        return sequence == head.Length && hash == head.Hash;
    }

    private static bool Compare(HeadChange known, ChainHead? head, string? sealedHash, List<Finding> findings)
    {
        var before = findings.Count;
        if (head is null && sealedHash is null)
            findings.Add(new Finding(Attacks.DroppedChain, known.Chain, $"is gone; {known.Length} entries were sealed"));
        else if (sealedHash is null || head is null || head.Length < known.Length)
            findings.Add(new Finding(Attacks.Truncated, $"{known.Chain} entry {known.Length}", "was sealed and is gone"));
        else if (sealedHash != known.Hash)
            findings.Add(new Finding(Attacks.Rewritten, $"{known.Chain} entries 1 to {known.Length}", "are not the ones that were sealed"));
        return findings.Count == before;
    }

    /// <summary>Each finding once, however often it is found.</summary>
    private async Task ReportAsync(IReadOnlyList<Finding> findings, CancellationToken cancellation)
    {
        foreach (var finding in findings)
        {
            await audit.AppendAsync(
                RecordChains.Pipeline,
                [
                    new AuditFact(
                        $"broken-{RecordIndex.Digest(finding.Attack + finding.Where)}",
                        AuditKinds.RecordBroken,
                        finding.ToString(),
                        "pipeline",
                        AuditJson.Of(finding)
                    ),
                ],
                cancellation
            );
        }
    }

    private async Task<IReadOnlyList<Checkpoint>> SealAsync(DateTimeOffset now, List<HeadChange> changes, CancellationToken cancellation)
    {
        var made = new List<Checkpoint>();
        if (changes.Count == 0 && (heads.Number == 0 || now - heads.At < Heartbeat))
        {
            await heads.MoveAsync(now, cancellation);
            return made;
        }
        var parts =
            changes.Count == 0
                ?
                [
                    [],
                ]
                : changes.Chunk(MaxChanges).ToList();
        for (var part = 0; part < parts.Count; part++)
        {
            var checkpoint = await MakeAsync(now, parts[part], cancellation);
            if (!await store.TryAddAsync(checkpoint.Number, checkpoint.ToJson(), cancellation))
            {
                heads.Reset(); // Another process was faster; the next run starts from what it stored.
                return made;
            }
            await heads.StoreAsync(checkpoint, part == parts.Count - 1 ? now : heads.Cursor, cancellation);
            made.Add(checkpoint);
        }
        return made;
    }

    private async Task<Checkpoint> MakeAsync(DateTimeOffset now, HeadChange[] changes, CancellationToken cancellation)
    {
        var root = heads.Put(changes);
        var checkpoint = new Checkpoint
        {
            Number = heads.Number + 1,
            At = now,
            Chains = heads.Tree.Count,
            Root = Convert.ToHexStringLower(root),
            Changes = changes,
            ChangesHash = Checkpoint.HashOf(changes),
            Previous = heads.Hash,
            Key = KeyFingerprint.Of(await key.PublicAsync(cancellation)),
        };
        return checkpoint with { Signature = Convert.ToBase64String(await key.SignAsync(checkpoint.ToSign(), cancellation)) };
    }
}

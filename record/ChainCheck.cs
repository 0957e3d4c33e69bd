namespace IRFunctions.Record;

/// <summary>What a checkpoint says about a chain: this many entries, the last with this hash.</summary>
/// <param name="At">When the checkpoint was made.</param>
/// <param name="Before">When the checkpoint before it was made; what is new in this one cannot be much older.</param>
public sealed record SealedHead(long Length, string Hash, long Checkpoint, DateTimeOffset At, DateTimeOffset Before);

/// <summary>
/// Checks one chain as its entries are read, against what checkpoints sealed. Keeps going after the first problem, and names each.
/// </summary>
internal sealed class ChainCheck(string chain, IReadOnlyList<SealedHead>? seals = null)
{
    /// <summary>
    /// Entries are in the next checkpoint at the latest this long after they were written: timer, overlap and clocks that differ.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(15);

    private readonly IReadOnlyList<SealedHead> seals = seals ?? [];
    private readonly List<(long From, long To)> gaps = [];
    private readonly Dictionary<string, long> facts = new(StringComparer.Ordinal);
    private readonly List<(long Sequence, ulong Start)> hashes = []; // where each begins: enough to tell a copy from a fork
    private AuditEntry? last;
    private int seal;
    private SealedHead? intact;
    private AuditEntry? firstUnsealed;
    private bool diverged;

    public string Chain => chain;

    public List<Finding> Findings { get; } = [];

    public long Length => last?.Sequence ?? 0;

    public string Head => last?.Hash ?? AuditEntry.NoHash;

    /// <summary>Entries whose words are shredded.</summary>
    public long Shredded { get; private set; }

    /// <summary>The last entry whose words are shredded; 0 where none is.</summary>
    public long LastShredded { get; private set; }

    /// <summary>As many entries as any checkpoint sealed of this chain.</summary>
    public long SealedLength => seals.Count > 0 ? seals[^1].Length : 0;

    /// <summary>Another chain follows; what only replays need is let go, since a record has many chains.</summary>
    public void Rest() => facts.Clear();

    public void Next(AuditEntry entry)
    {
        if (entry.Form != AuditEntry.CurrentForm)
            Add(Attacks.UnknownForm, entry, $"is in canonical form {entry.Form}; this verifier knows form {AuditEntry.CurrentForm}");
        if (entry.Chain != chain)
            Add(Attacks.Moved, entry, $"belongs to the chain {entry.Chain}");
        if (!CheckPlace(entry))
            return;
        CheckOwn(entry);
        if (!facts.TryAdd(entry.FactId, entry.Sequence))
            Add(Attacks.Replayed, entry, $"says again what entry {facts[entry.FactId]} says (fact {entry.FactId})");
        last = entry;
        hashes.Add((entry.Sequence, Start(entry.Hash)));
        if (entry.Sequence > SealedLength)
            firstUnsealed ??= entry;
        CheckSeal(entry);
    }

    /// <summary>Call after the last entry.</summary>
    /// <param name="latest">Time of the latest checkpoint there is; null where there is none.</param>
    public void Finish(DateTimeOffset? latest)
    {
        foreach (var (from, to) in gaps)
            Add(
                Attacks.Deleted,
                from == to ? $"entry {from}" : $"entries {from} to {to}",
                from == to ? "is missing between others that are there" : "are missing between others that are there",
                from
            );
        if (seals.Count > 0 && seals[^1] is var final && Length < final.Length)
            Add(
                Attacks.Truncated,
                $"entries {Length + 1} to {final.Length}",
                $"are gone from the end; checkpoint {final.Checkpoint} sealed {final.Length} entries",
                final.Length
            );
        else if (firstUnsealed is not null && latest is { } sealedUntil && firstUnsealed.At < sealedUntil - Tolerance)
            Add(
                Attacks.BackDated,
                firstUnsealed,
                $"says {Finding.Time(firstUnsealed.At)}, but the checkpoint of {Finding.Time(sealedUntil)} does not know it: it was "
                    + "added later"
            );
    }

    /// <summary>Whether the entry continues the chain; otherwise it is reported and left aside.</summary>
    private bool CheckPlace(AuditEntry entry)
    {
        var expected = Length + 1;
        if (entry.Sequence == expected)
            return true;
        if (entry.Sequence > expected)
        {
            gaps.Add((expected, entry.Sequence - 1));
            return true;
        }
        var gap = gaps.FindIndex(g => g.From <= entry.Sequence && entry.Sequence <= g.To);
        if (gap >= 0)
        {
            var (from, to) = gaps[gap];
            gaps.RemoveAt(gap);
            if (from < entry.Sequence)
                gaps.Add((from, entry.Sequence - 1));
            if (entry.Sequence < to)
                gaps.Add((entry.Sequence + 1, to));
            Add(Attacks.Reordered, entry, $"stands after entry {Length}");
            return false;
        }
        // What was accepted has rising numbers; the second of a pair decides nothing where the number is there.
        var place = hashes.BinarySearch((entry.Sequence, 0));
        place = place < 0 ? ~place : place;
        if (place < hashes.Count && hashes[place] == (entry.Sequence, Start(entry.Hash)))
            Add(Attacks.Replayed, entry, "stands there twice");
        else
            Add(Attacks.Forked, entry, "is there twice, and the two differ");
        return false;
    }

    private void CheckOwn(AuditEntry entry)
    {
        var follows = last is null ? AuditEntry.NoHash : last.Hash;
        var afterGap = gaps.Count > 0 && gaps[^1].To == entry.Sequence - 1;
        if (entry.Content == ContentState.Damaged)
            Add(Attacks.Damaged, entry, "what is stored of its words does not open with the key of its chain");
        if (entry.Content == ContentState.Shredded)
            (Shredded, LastShredded) = (Shredded + 1, entry.Sequence);
        var earlier = last is not null && entry.At < last.At;
        if (entry.Content == ContentState.Readable && entry.ComputeContentHash() != entry.ContentHash)
            Add(Attacks.Edited, entry, "its words are not those that were written");
        else if (entry.ComputeHash() != entry.Hash)
            Add(
                earlier ? Attacks.BackDated : Attacks.Edited,
                entry,
                earlier ? $"its time was changed to one before entry {last!.Sequence}" : "its time, kind, author or place was changed"
            );
        else if (entry.PreviousHash != follows && !afterGap)
            Add(Attacks.Rewritten, entry, $"does not follow the entry before it: one of the two was replaced");
        else if (earlier)
            Add(Attacks.BackDated, entry, $"says {Finding.Time(entry.At)}, before the {Finding.Time(last!.At)} of the entry it follows");
    }

    private void CheckSeal(AuditEntry entry)
    {
        if (seal >= seals.Count)
            return;
        var next = seals[seal];
        if (entry.At < next.Before - Tolerance)
            Add(
                Attacks.BackDated,
                entry,
                $"says {Finding.Time(entry.At)}, but the checkpoint of {Finding.Time(next.Before)} did not know it"
            );
        else if (entry.At > next.At + Tolerance)
            Add(
                Attacks.BackDated,
                entry,
                $"says {Finding.Time(entry.At)}, but the checkpoint of {Finding.Time(next.At)} had sealed it already"
            );
        if (entry.Sequence < next.Length)
            return;
        if (entry.Hash == next.Hash)
            intact = next;
        else if (!diverged)
        {
            diverged = true; // Every later head differs as a consequence.
            Add(
                Attacks.Rewritten,
                $"entries {(intact?.Length ?? 0) + 1} to {next.Length}",
                $"are not the ones that checkpoint {next.Checkpoint} sealed on {Finding.Time(next.At)}",
                next.Length
            );
        }
        while (seal < seals.Count && seals[seal].Length <= entry.Sequence)
            seal++;
    }

    private static ulong Start(string hash) =>
        hash.Length >= 16 && ulong.TryParse(hash.AsSpan(0, 16), System.Globalization.NumberStyles.HexNumber, null, out var start)
            ? start
            : 0;

    private void Add(string attack, AuditEntry entry, string what) =>
        Add(attack, $"entry {entry.Sequence} ({entry.Kind})", what, entry.Sequence);

    private void Add(string attack, string where, string what, long sequence) =>
        Findings.Add(new Finding(attack, $"{chain} {where}", what, Since(sequence)));

    /// <summary>The first checkpoint that covers a place fixed what stood there: whatever differs was done later.</summary>
    private string Since(long sequence) =>
        seals.Count == 0 ? ""
        : seals.FirstOrDefault(s => s.Length >= sequence) is { } covering
            ? $"Done after {Finding.Time(covering.At)}, when checkpoint {covering.Checkpoint} sealed what was there"
        : $"No checkpoint had sealed it yet; the last one of this chain is of {Finding.Time(seals[^1].At)}";
}

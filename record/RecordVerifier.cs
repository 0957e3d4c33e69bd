using System.Buffers;
using System.Text.Json;

namespace IRFunctions.Record;

/// <summary>What verification came to.</summary>
/// <param name="Findings">Empty where the record is whole.</param>
/// <param name="Notes">What a reader should know that is no finding: what was not covered, whose key was believed.</param>
public sealed record VerifyReport(long Entries, long Chains, long Checkpoints, IReadOnlyList<Finding> Findings, IReadOnlyList<string> Notes)
{
    /// <summary>When the file says it was exported. Nothing signs that.</summary>
    public DateTimeOffset ExportedAt { get; init; }

    /// <summary>
    /// Time of the last checkpoint in it; null where there is none. Whoever cut off later ones shows only against one that was kept.
    /// </summary>
    public DateTimeOffset? SealedUntil { get; init; }

    /// <summary>Whether it says that it is of the whole record.</summary>
    public bool OfWhole { get; init; }

    /// <summary>Where each chain in it ends.</summary>
    public IReadOnlyDictionary<string, ChainHead> Heads { get; init; } = new Dictionary<string, ChainHead>();
}

/// <summary>
/// Checks an export alone: no access to the system, nothing believed but the signer's public key. One pass, memory for the longest chain
/// and the heads.
/// </summary>
public sealed class RecordVerifier : IDisposable
{
    private readonly CheckpointCheck checkpoints;
    private readonly Dictionary<string, ChainCheck> chains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> mayBeShredded = new(StringComparer.Ordinal); // entries a chain had then
    private readonly List<Finding> findings = [];
    private readonly List<string> notes = [];
    private readonly ArrayBufferWriter<byte> again = new(4096);
    private HeaderLine? header;
    private ChainCheck? chain;
    private Part part;
    private int place; // among the chains that the header names
    private long entries;
    private EndLine? end;

    private RecordVerifier(IReadOnlyList<byte[]> trusted, Checkpoint? seen) =>
        checkpoints = new CheckpointCheck(trusted, seen, findings, notes);

    /// <summary>Parts of a file, in their order.</summary>
    private enum Part
    {
        Header,
        Checkpoints,
        Proofs,
        Entries,
        End,
    }

    /// <param name="export">JSON lines as `RecordExport` writes them.</param>
    /// <param name="trusted">Public keys (SubjectPublicKeyInfo) whose signatures count; empty to believe the key in the file.</param>
    /// <param name="seen">A checkpoint kept from earlier, which must be in this record; null where there is none.</param>
    /// <exception cref="FormatException">This is no export of a record at all.</exception>
    public static async Task<VerifyReport> VerifyAsync(
        Stream export,
        IReadOnlyList<byte[]> trusted,
        Checkpoint? seen = null,
        CancellationToken cancellation = default
    )
    {
        using var verifier = new RecordVerifier(trusted, seen);
        var lines = new ExportLines(export);
        for (var number = 1L; await lines.NextAsync(cancellation) is { } line; number++)
            verifier.Next(line, $"line {number}");
        return verifier.Finish();
    }

    public void Dispose() => checkpoints.Dispose();

    private void Next(ExportLines.Line text, string where)
    {
        var line = Read(text, where);
        if (line is null)
            return;
        if (LineGrammar.Problem(line) is { } problem)
        {
            findings.Add(new Finding(Attacks.Malformed, Place(line, where), problem));
            if (line is not HeaderLine)
                return;
        }
        if (header is null)
            Begin((HeaderLine)line);
        else if (!IsInPlace(line))
            findings.Add(new Finding(Attacks.OutOfPlace, Place(line, where), $"stands where the file is at its part {part}"));
        else
            Next(line);
    }

    private void Begin(HeaderLine first)
    {
        // A time without sense is found already; what is compared with it needs one that does not overflow.
        header = LineGrammar.IsTime(first.ExportedAt) ? first : first with { ExportedAt = DateTimeOffset.UnixEpoch.AddYears(100) };
        if (header.Chains is { } named)
            header = header with { Chains = named.Where(c => !string.IsNullOrEmpty(c)).ToList() }; // JSON can hold null where no text is.
        checkpoints.Begin(header);
    }

    /// <summary>The line, where the bytes are one and are written as a line is; otherwise it is found.</summary>
    private RecordLine? Read(ExportLines.Line text, string where)
    {
        RecordLine line;
        try
        {
            line = text.TooLong ? throw new JsonException("it is too long") : LineGrammar.Read(text.Bytes.Span);
        }
        catch (JsonException e)
        {
            if (header is null)
                throw new FormatException($"{where} is no header of an exported record: {e.Message}", e);
            findings.Add(new Finding(Attacks.Malformed, where, text.TooLong ? "is longer than any line" : "is no line of a record"));
            return null;
        }
        if (header is null && line is not HeaderLine { FormatName: RecordLine.Format })
            throw new FormatException($"the file does not begin with a header of format {RecordLine.Format}");
        again.ResetWrittenCount();
        line.WriteTo(again);
        if (!text.Ended || !again.WrittenSpan.SequenceEqual(text.Bytes.Span))
            findings.Add(new Finding(Attacks.Malformed, Place(line, where), "is not written as an exporter writes it"));
        return line;
    }

    private static string Place(RecordLine line, string where) =>
        line switch
        {
            EntryLine entry => $"{where}: {entry.Chain} entry {entry.Sequence}",
            CheckpointLine { Checkpoint: { } checkpoint } => $"{where}: checkpoint {checkpoint.Number}",
            _ => where,
        };

    /// <summary>Whether a line may stand here; the file moves on to its part.</summary>
    private bool IsInPlace(RecordLine line)
    {
        var of = line switch
        {
            CheckpointLine => Part.Checkpoints,
            ProofLine proof when header!.Chains?.Contains(proof.Head.Chain) == true => Part.Proofs,
            EntryLine entry when header!.Chains?.Contains(entry.Chain) != false => Part.Entries,
            EndLine => Part.End,
            _ => Part.Header,
        };
        if (of < part || of == Part.Header || part == Part.End)
            return false;
        if (header!.Chains is { } named && Named(line) is { } chainOf)
        {
            // Both parts go through the chains as the header names them.
            var index = ((List<string>)named).IndexOf(chainOf);
            if (of == part && index < place)
                return false;
            place = index;
        }
        part = of;
        return true;
    }

    private static string? Named(RecordLine line) =>
        line switch
        {
            ProofLine proof => proof.Head.Chain,
            EntryLine entry => entry.Chain,
            _ => null,
        };

    private void Next(RecordLine line)
    {
        switch (line)
        {
            case CheckpointLine { Checkpoint: var checkpoint }:
                checkpoints.Next(checkpoint, whole: header!.Chains is null);
                break;
            case ProofLine proof:
                checkpoints.Next(proof);
                break;
            case EntryLine entry:
                Next(entry.ToEntry());
                break;
            case EndLine last:
                end = last;
                break;
        }
    }

    private void Next(AuditEntry entry)
    {
        entries++;
        if (chain is null || entry.Chain != chain.Chain)
        {
            chain?.Rest();
            if (!chains.TryGetValue(entry.Chain, out chain))
                chains[entry.Chain] = chain = new ChainCheck(entry.Chain, checkpoints.SealsOf(entry.Chain));
            else
                findings.Add(
                    new Finding(Attacks.Reordered, $"{entry.Chain} entry {entry.Sequence}", "stands apart from the others of its chain")
                );
        }
        chain.Next(entry);
        if (entry is { Chain: RecordChains.Pipeline, Kind: AuditKinds.Shredded } && RecordChains.ShreddedBy(entry) is var (gone, count))
            mayBeShredded[gone] = Math.Max(count, mayBeShredded.GetValueOrDefault(gone));
    }

    private VerifyReport Finish()
    {
        if (header is null)
            throw new FormatException("the file is empty");
        foreach (var one in chains.Values)
        {
            one.Finish(checkpoints.Latest?.At);
            findings.AddRange(one.Findings);
        }
        if (end is null || end.Entries != entries || end.Checkpoints != checkpoints.Count)
            findings.Add(
                new Finding(
                    Attacks.CutFile,
                    "end of the file",
                    end is null
                        ? "is missing"
                        : $"speaks of {end.Entries} entries and {end.Checkpoints} checkpoints; there are {entries} and {checkpoints.Count}"
                )
            );
        findings.AddRange(checkpoints.Dropped(chains.Keys));
        checkpoints.Finish(header, entries);
        CheckUnsealed();
        CheckShredded();
        if (header.Chains is { } some)
            notes.Add($"this is an export of {some.Count} chain(s); it says nothing of any other");
        return new VerifyReport(entries, chains.Count, checkpoints.Count, findings, notes)
        {
            ExportedAt = header.ExportedAt,
            SealedUntil = checkpoints.Latest?.At,
            Heads = chains.ToDictionary(c => c.Key, c => new ChainHead(c.Value.Length, c.Value.Head), StringComparer.Ordinal),
            OfWhole = header.Chains is null,
        };
    }

    /// <summary>Whatever no signature covers.</summary>
    private void CheckUnsealed()
    {
        if (end?.Newer is { } newer)
            notes.Add($"{newer} entries were left out: no checkpoint had sealed them yet when this was exported");
        foreach (var missing in (header!.Chains ?? []).Where(c => !chains.ContainsKey(c) && !checkpoints.Knows(c)))
            findings.Add(new Finding(Attacks.DroppedChain, missing, "is one that the file says it holds, and it holds nothing of it"));
        if (checkpoints.Count == 0)
            return; // One finding says it of the whole file.
        foreach (var one in chains.Values.Where(c => c.Length > c.SealedLength))
        {
            if (header.Chains is not null && one.SealedLength == 0)
                findings.Add(new Finding(Attacks.Unproved, one.Chain, "comes without a proof that a checkpoint sealed it"));
            else
                findings.Add(
                    new Finding(
                        Attacks.Unsealed,
                        $"{one.Chain} entries {one.SealedLength + 1} to {one.Length}",
                        "are in no checkpoint: they were added later, or checkpoints were cut off, or none were made"
                    )
                );
        }
    }

    private void CheckShredded()
    {
        var recorded = 0L;
        foreach (var one in chains.Values.Where(c => c.Shredded > 0))
        {
            var lawful = mayBeShredded.GetValueOrDefault(one.Chain);
            if (one.LastShredded <= lawful)
                recorded += one.Shredded;
            else if (lawful > 0)
                findings.Add(
                    new Finding(
                        Attacks.ContentRemoved,
                        $"{one.Chain} entry {one.LastShredded}",
                        $"has no words any more; what was shredded on the record were the first {lawful} entries, and this one came later"
                    )
                );
            else
                findings.Add(
                    new Finding(
                        Attacks.ContentRemoved,
                        one.Chain,
                        $"the words of {one.Shredded} entries are gone, and no shredding is on the record of this file"
                    )
                );
        }
        if (recorded > 0)
            notes.Add($"the words of {recorded} entries were shredded, as the chain {RecordChains.Pipeline} records");
    }
}

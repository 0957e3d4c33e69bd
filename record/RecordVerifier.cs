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
}

/// <summary>
/// Checks an export alone: no access to the system, nothing believed but the signer's public key. One pass, memory for the longest chain
/// and the heads.
/// </summary>
public sealed class RecordVerifier : IDisposable
{
    /// <summary>Entries this much older than the export must be in a checkpoint.</summary>
    private static readonly TimeSpan MayBeUnsealed = TimeSpan.FromMinutes(30);

    private readonly CheckpointCheck checkpoints;
    private readonly Dictionary<string, ChainCheck> chains = new(StringComparer.Ordinal);
    private readonly HashSet<string> mayBeShredded = new(StringComparer.Ordinal);
    private readonly List<Finding> findings = [];
    private readonly List<string> notes = [];
    private HeaderLine? header;
    private ChainCheck? chain;
    private DateTimeOffset? oldestUnsealed;
    private long entries;
    private long unsealed;
    private EndLine? end;

    private RecordVerifier(IReadOnlyList<byte[]> trusted, Checkpoint? seen) =>
        checkpoints = new CheckpointCheck(trusted, seen, findings, notes);

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
        using var reader = new StreamReader(export, System.Text.Encoding.UTF8, false, 1 << 16, leaveOpen: true);
        for (var number = 1L; await reader.ReadLineAsync(cancellation) is { } text; number++)
        {
            if (text.Length > 0)
                verifier.Next(text, number);
        }
        return verifier.Finish();
    }

    public void Dispose() => checkpoints.Dispose();

    private void Next(string text, long number)
    {
        RecordLine line;
        try
        {
            line = RecordLine.FromJson(System.Text.Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            if (header is null)
                throw new FormatException($"line {number} is no header of an exported record: {e.Message}", e);
            findings.Add(new Finding(Attacks.CutFile, $"line {number}", "is no line of a record"));
            return;
        }
        if (header is null && line is not HeaderLine { FormatName: RecordLine.Format })
            throw new FormatException($"the file does not begin with a header of format {RecordLine.Format}");
        switch (line)
        {
            case HeaderLine first when header is null:
                checkpoints.Begin(header = first);
                break;
            case CheckpointLine { Checkpoint: { } checkpoint }:
                checkpoints.Next(checkpoint, whole: header!.Chains is null);
                break;
            case ProofLine { Head: not null } proof:
                checkpoints.Next(proof);
                break;
            case EntryLine entry when IsComplete(entry):
                Next(entry.ToEntry());
                break;
            case EndLine last when end is null:
                end = last;
                break;
            default:
                findings.Add(new Finding(Attacks.CutFile, $"line {number}", "is incomplete or stands where it must not"));
                break;
        }
    }

    private static bool IsComplete(EntryLine e) =>
        e
            is {
                Chain: not null,
                FactId: not null,
                Kind: not null,
                Actor: not null,
                Text: not null,
                Salt: not null,
                ContentHash: not null,
                Previous: not null,
                Hash: not null
            };

    private void Next(AuditEntry entry)
    {
        entries++;
        if (chain is null || entry.Chain != chain.Chain)
        {
            chain?.Rest();
            if (!chains.TryGetValue(entry.Chain, out chain))
                chains[entry.Chain] = chain = new ChainCheck(entry.Chain, checkpoints.SealsOf(entry.Chain));
        }
        chain.Next(entry);
        if (entry.Sequence > checkpoints.SealedLengthOf(entry.Chain))
        {
            unsealed++;
            if (oldestUnsealed is null || entry.At < oldestUnsealed)
                oldestUnsealed = entry.At;
        }
        if (entry is { Chain: RecordChains.Pipeline, Kind: AuditKinds.Shredded } && RecordChains.ShreddedBy(entry) is { } gone)
            mayBeShredded.Add(gone);
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
        checkpoints.Finish(entries);
        CheckUnsealed();
        CheckShredded();
        if (header.Chains is { } some)
            notes.Add($"this is an export of {some.Count} chain(s); it says nothing of any other");
        return new VerifyReport(entries, chains.Count, checkpoints.Count, findings, notes)
        {
            ExportedAt = header.ExportedAt,
            SealedUntil = checkpoints.Latest?.At,
        };
    }

    private void CheckUnsealed()
    {
        if (unsealed == 0)
            return;
        if (oldestUnsealed < header!.ExportedAt - MayBeUnsealed)
            findings.Add(
                new Finding(
                    Attacks.Unsealed,
                    $"{unsealed} entries",
                    $"are in no checkpoint, the oldest of {Finding.Time(oldestUnsealed.Value)}, though the export is of "
                        + $"{Finding.Time(header.ExportedAt)}: "
                        + "checkpoints were cut off, or none were made"
                )
            );
        else
            notes.Add(
                $"{unsealed} entries are newer than the last checkpoint: their chains are checked, but nothing is signed over them yet"
            );
    }

    private void CheckShredded()
    {
        var shredded = chains.Values.Where(c => c.Shredded > 0).ToList();
        var recorded = shredded.Where(c => mayBeShredded.Contains(c.Chain)).Sum(c => c.Shredded);
        if (recorded > 0)
            notes.Add($"the words of {recorded} entries were shredded, as the chain {RecordChains.Pipeline} records");
        foreach (var (name, count) in shredded.Where(c => !mayBeShredded.Contains(c.Chain)).Select(c => (c.Chain, c.Shredded)))
        {
            if (header!.Chains is null)
                findings.Add(
                    new Finding(Attacks.ContentRemoved, name, $"the words of {count} entries are gone, and no shredding is on the record")
                );
            else
                notes.Add(
                    $"the words of {count} entries of {name} are gone; whether that was recorded stands on the chain "
                        + $"{RecordChains.Pipeline}, which is not in this export"
                );
        }
    }
}

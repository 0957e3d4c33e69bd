using System.CommandLine;
using System.Globalization;
using IRFunctions.Record;

namespace IRFunctions.Local.CommandLine;

/// <summary>Checks a log, or a proof out of one, with keys alone.</summary>
internal static class LogCheck
{
    public static async Task<int> TreeAsync(
        ParseResult result,
        DirectoryInfo folder,
        FileInfo? export,
        LogCheckpoint? earlier,
        LogTrust trust,
        CancellationToken stop
    )
    {
        byte[]? Read(string path) =>
            File.Exists(Path.Combine(folder.FullName, path)) ? File.ReadAllBytes(Path.Combine(folder.FullName, path)) : null;
        var report = await LogVerifier.VerifyAsync(Read, trust, earlier, stop);
        var findings = report.Findings.ToList();
        if (export is not null && report.Checkpoint is not null)
        {
            await using var file = export.OpenRead();
            var exported = await RecordVerifier.VerifyAsync(file, [], null, stop);
            findings.AddRange(exported.Findings);
            findings.AddRange(LogVerifier.Compare(report, exported));
        }
        foreach (var finding in findings)
            AuditCommands.Write(result, finding.ToString());
        AuditCommands.Write(
            result,
            findings.Count == 0
                ? $"the log is whole ({report.Checkpoint!.Size} entries on {report.Heads.Count} chains of {report.Checkpoint.Origin}"
                    + $"{Witnessed(report.Witnesses)})"
                : $"THE LOG IS NOT WHOLE: {findings.Count} finding(s)"
        );
        return findings.Count == 0 ? AuditCommands.Whole : AuditCommands.Broken;
    }

    public static int Proof(ParseResult result, FileInfo file, LogCheckpoint? earlier, LogTrust trust)
    {
        try
        {
            var proof = LogProof.Parse(File.ReadAllBytes(file.FullName));
            var (checkpoint, witnesses) = trust.Open(proof.Checkpoint);
            if (proof.Entry is null)
            {
                proof.Continues(earlier ?? throw new FormatException("say with --earlier which checkpoint the log should continue"), trust);
                AuditCommands.Write(
                    result,
                    $"the log of {checkpoint.Size} entries continues the one of {proof.Number}{Witnessed(witnesses)}"
                );
                return AuditCommands.Whole;
            }
            var entry = proof.Included(trust);
            AuditCommands.Write(
                result,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{entry.Chain} entry {entry.Sequence} is in the log of {checkpoint.Origin}, at {proof.Number} of {checkpoint.Size}: "
                        + $"{PolicyExplanation.Plain(entry.Kind)} by {PolicyExplanation.Plain(entry.Actor)} at {entry.At.UtcDateTime:O}, "
                        + $"words {entry.ContentHash}{Witnessed(witnesses)}"
                )
            );
            return AuditCommands.Whole;
        }
        catch (FormatException e)
        {
            AuditCommands.Write(result, $"{Attacks.FalseProof}: {file}: {e.Message}");
            return AuditCommands.Broken;
        }
    }

    private static string Witnessed(IReadOnlyList<NoteKey> witnesses) =>
        witnesses.Count == 0 ? "" : $", cosigned by {string.Join(", ", witnesses.Select(w => w.Name))}";
}

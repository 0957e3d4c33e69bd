using System.CommandLine;
using IRFunctions.Record;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `audit tlog | prove | check | witness`: the record as a transparency log that others' tools check. Exit codes as of the other audit
/// commands: 0 all is well, 1 something is forged, 2 something could not be read.
/// </summary>
internal static class LogCommands
{
    private static readonly Option<FileInfo> Out = new("--out") { Description = "File to write.", Required = true };

    private static readonly Option<string[]> Key = new("--key")
    {
        Description = "Key of the log (NAME+ID+BASE64), or a file with one a line; may be given more than once.",
        Required = true,
    };

    public static Command TreeCommand()
    {
        var to = new Option<DirectoryInfo>("--out") { Description = "Folder to write; it must not be there yet.", Required = true };
        var command = new Command("tlog", "Seal the record and write it as a transparency log: checkpoint, tiles, entries")
        {
            AuditCommands.State,
            to,
        };
        command.SetAction(
            (result, stop) =>
                AuditCommands.GuardedAsync(
                    result,
                    async () =>
                    {
                        var folder = result.GetValue(to)!.FullName;
                        if (System.IO.Directory.Exists(folder))
                            throw new IOException($"{folder} is there already; name another folder with --out");
                        await using var record = await AuditState.OpenAsync(result.GetValue(AuditCommands.State)!.FullName);
                        await SealAsync(result, record, stop);
                        var entries = await record.Log.WriteAsync(
                            (path, bytes) => WriteAsync(Path.Combine(folder, path), bytes, stop),
                            stop
                        );
                        AuditCommands.Write(
                            result,
                            $"{entries} entries in {result.GetValue(to)}; check it with: audit check --log {result.GetValue(to)} --key "
                                + await KeysAsync(record, stop)
                        );
                        return AuditCommands.Whole;
                    }
                )
        );
        return command;
    }

    public static Command ProveCommand()
    {
        var incident = new Option<string?>("--incident") { Description = "Chain of the entry to prove." };
        var sequence = new Option<long>("--sequence") { Description = "Its number on the chain." };
        var earlier = new Option<long?>("--earlier")
        {
            Description = "Prove instead that the log continues what it was with so many entries.",
        };
        var command = new Command("prove", "Prove one entry, or that the log continues an earlier one, in a file that needs nothing else")
        {
            AuditCommands.State,
            incident,
            sequence,
            earlier,
            Out,
        };
        command.SetAction(
            (result, stop) =>
                AuditCommands.GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(AuditCommands.State)!.FullName);
                        await SealAsync(result, record, stop);
                        var proof = result.GetValue(earlier) is { } entries
                            ? await record.Log.ContinuesAsync(entries, stop)
                            : await record.Log.ProveAsync(
                                result.GetValue(incident) ?? throw new FormatException("say which entry with --incident and --sequence"),
                                result.GetValue(sequence),
                                stop
                            );
                        var file = result.GetValue(Out)!;
                        await File.WriteAllTextAsync(file.FullName, proof.ToString(), stop);
                        AuditCommands.Write(
                            result,
                            $"{new FileInfo(file.FullName).Length} bytes in {file}; check it with: audit check --proof {file} --key "
                                + await KeysAsync(record, stop)
                        );
                        return AuditCommands.Whole;
                    }
                )
        );
        return command;
    }

    public static Command CheckCommand()
    {
        var log = new Option<DirectoryInfo?>("--log") { Description = "A log in its tiles." };
        var proof = new Option<FileInfo?>("--proof") { Description = "A proof of an entry, or that a log continues." };
        var earlier = new Option<FileInfo?>("--earlier") { Description = "A checkpoint kept from earlier, which the log must continue." };
        var export = new Option<FileInfo?>("--export") { Description = "An export as jsonl, which must tell the same as the log." };
        var witness = new Option<string[]>("--witness") { Description = "Key of a witness, or a file with one a line." };
        var quorum = new Option<int?>("--quorum") { Description = "How many of the witnesses must have cosigned; all, unless said." };
        var command = new Command("check", "Check a log or a proof out of it alone: signatures, tiles, entries")
        {
            log,
            proof,
            earlier,
            export,
            Key,
            witness,
            quorum,
        };
        command.SetAction(
            (result, stop) =>
                AuditCommands.GuardedAsync(
                    result,
                    async () =>
                    {
                        var witnesses = ReadKeys(result.GetValue(witness) ?? []);
                        var trust = new LogTrust(ReadKeys(result.GetValue(Key)!), witnesses, result.GetValue(quorum) ?? witnesses.Count);
                        var kept = result.GetValue(earlier) is { } file ? await ReadAsync(file, trust, stop) : null;
                        return result.GetValue(log) is { } folder
                            ? await LogCheck.TreeAsync(result, folder, result.GetValue(export), kept, trust, stop)
                            : LogCheck.Proof(
                                result,
                                result.GetValue(proof) ?? throw new FormatException("say what to check with --log or --proof"),
                                kept,
                                trust
                            );
                    }
                )
        );
        return command;
    }

    /// <summary>A checkpoint that was kept: signed by the log; witnesses need not have seen it.</summary>
    private static async Task<LogCheckpoint> ReadAsync(FileInfo file, LogTrust trust, CancellationToken stop) =>
        (trust with { Quorum = 0 }).Open(SignedNote.Parse(await File.ReadAllBytesAsync(file.FullName, stop))).Checkpoint;

    internal static List<NoteKey> ReadKeys(IEnumerable<string> given) =>
        [
            .. given
                .SelectMany(k => File.Exists(k) ? File.ReadAllLines(k) : [k])
                .Where(k => !string.IsNullOrWhiteSpace(k))
                .Select(NoteKey.Parse),
        ];

    private static async Task SealAsync(ParseResult result, AuditState record, CancellationToken stop)
    {
        foreach (var finding in (await record.Checkpointer.RunAsync(stop)).Findings)
            await result.InvocationConfiguration.Error.WriteLineAsync(finding.ToString());
    }

    /// <summary>The keys of the log beside the key of the record, for whoever verifies.</summary>
    private static async Task<string> KeysAsync(AuditState record, CancellationToken stop)
    {
        var file = Path.Combine(Path.GetDirectoryName(record.PublicKeyPath)!, "log.vkeys");
        await File.WriteAllTextAsync(file, string.Concat((await record.Transparency.KeysAsync(stop)).Select(k => k + "\n")), stop);
        return file;
    }

    private static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, stop);
    }
}

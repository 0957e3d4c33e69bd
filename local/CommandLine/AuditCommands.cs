using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// `audit export | verify | story | find | attack | recovery-points`. Exit codes: 0 all is well, 1 the record is not whole, 2 something
/// could not be read.
/// </summary>
internal static class AuditCommands
{
    internal const int Whole = 0;
    internal const int Broken = 1;
    private const int Unreadable = 2;

    internal static readonly Option<DirectoryInfo> State = new("--state")
    {
        Description = "Folder of a local run that has ended.",
        DefaultValueFactory = _ => new DirectoryInfo(".local"),
    };
    private static readonly Option<string?> Incident = new("--incident") { Description = "Key of one incident (\"incident-...\")." };

    public static Command Create() =>
        new("audit", "Export, verify and read the record")
        {
            ExportCommand(),
            VerifyCommand(),
            StoryCommand(),
            FindCommand(),
            AttackCommand(),
            RecoveryCommand(),
            LogCommands.TreeCommand(),
            LogCommands.ProveCommand(),
            LogCommands.CheckCommand(),
            WitnessCommand.Create(),
        };

    private static Command ExportCommand()
    {
        var to = new Option<FileInfo>("--out") { Description = "File to write.", Required = true };
        var format = new Option<string>("--format")
        {
            Description = "jsonl, which can be verified; ocsf for a SIEM; cacao, what was done for one incident as a playbook.",
            DefaultValueFactory = _ => "jsonl",
        };
        format.AcceptOnlyFromAmong("jsonl", "ocsf", "cacao");
        var command = new Command("export", "Seal the record and write it to a file that proves itself") { State, to, format, Incident };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(State)!.FullName);
                        var run = await record.Checkpointer.RunAsync(stop);
                        foreach (var finding in run.Findings)
                            await result.InvocationConfiguration.Error.WriteLineAsync(finding.ToString());
                        await using var file = new BufferedStream(new FileStream(result.GetValue(to)!.FullName, FileMode.Create), 1 << 16);
                        var incident = result.GetValue(Incident);
                        if (result.GetValue(format) == "ocsf")
                        {
                            Write(result, $"{await record.Export.WriteOcsfAsync(file, incident, stop)} events in {result.GetValue(to)}");
                            return Whole;
                        }
                        if (result.GetValue(format) == "cacao")
                            return await PlaybookAsync(result, record, file, incident, stop);
                        var (end, missing) = incident is null
                            ? await record.Export.WriteAllAsync(file, stop)
                            : await record.Export.WriteChainsAsync(file, [incident], stop);
                        foreach (var number in missing)
                            await result.InvocationConfiguration.Error.WriteLineAsync(
                                $"checkpoint {number} is missing or cannot be read; the verifier will find that"
                            );
                        Write(
                            result,
                            $"{end.Entries} entries and {end.Checkpoints} checkpoints in {result.GetValue(to)}; verify it with: "
                                + $"audit verify --from {result.GetValue(to)} --key {record.PublicKeyPath}"
                        );
                        return Whole;
                    }
                )
        );
        return command;
    }

    private static async Task<int> PlaybookAsync(
        ParseResult result,
        AuditState record,
        Stream file,
        string? incident,
        CancellationToken stop
    )
    {
        if (incident is null || Cacao.Of(await record.Audit.ReadAsync(incident, stop)) is not { } playbook)
            return Complain(result, "a playbook is of one incident: say which with --incident");
        await JsonSerializer.SerializeAsync(file, playbook, PolicyJson.Options, stop);
        Write(result, $"what was done for {incident} as a CACAO 2.0 playbook");
        return Whole;
    }

    private static Command VerifyCommand()
    {
        var from = new Option<FileInfo>("--from") { Description = "An exported record.", Required = true };
        var key = new Option<FileInfo[]>("--key")
        {
            Description = "Public key of the signer (PEM), kept apart from the record; may be given more than once.",
        };
        var seen = new Option<FileInfo?>("--seen") { Description = "A checkpoint kept from earlier (JSON): it must be in this record." };
        var command = new Command("verify", "Check an exported record alone: chains, proofs, signatures") { from, key, seen };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        var keys = (result.GetValue(key) ?? []).Select(f => PublicKeys.Read(f.FullName)).ToList();
                        var kept = result.GetValue(seen) is { } file
                            ? Checkpoint.FromJson(await File.ReadAllBytesAsync(file.FullName, stop))
                            : null;
                        var started = Stopwatch.GetTimestamp();
                        await using var export = new FileStream(
                            result.GetValue(from)!.FullName,
                            FileMode.Open,
                            FileAccess.Read,
                            FileShare.Read,
                            1 << 16
                        );
                        var report = await RecordVerifier.VerifyAsync(export, keys, kept, stop);
                        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                        foreach (var finding in report.Findings)
                            Write(result, finding.ToString());
                        foreach (var note in report.Notes)
                            Write(result, $"note: {note}");
                        var verdict =
                            report.Findings.Count == 0
                                ? "the record is whole"
                                : $"THE RECORD IS NOT WHOLE: {report.Findings.Count} finding(s)";
                        Write(
                            result,
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{verdict} ({report.Entries} entries on {report.Chains} chains, {report.Checkpoints} checkpoints, "
                                    + $"the last of {Time(report.SealedUntil)}, exported {Time(report.ExportedAt)}; {seconds:0.0} s, "
                                    + $"{report.Entries / Math.Max(seconds, 0.001):0} entries a second)"
                            )
                        );
                        return report.Findings.Count == 0 ? Whole : Broken;
                    }
                )
        );
        return command;
    }

    private static string Time(DateTimeOffset? at) =>
        at is { } time ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "never";

    private static Command StoryCommand()
    {
        var command = new Command("story", "Tell an incident, or all of them, in plain words") { State, Incident };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(State)!.FullName);
                        var chains = result.GetValue(Incident) is { } one ? [one] : await record.IncidentsAsync(stop);
                        foreach (var chain in chains)
                        {
                            if (Story.Of(await record.Audit.ReadAsync(chain, stop)) is not { } story)
                                return Complain(result, $"there is no incident {chain}");
                            Write(result, AuditText.Of(story));
                        }
                        return Whole;
                    }
                )
        );
        return command;
    }

    private static Command FindCommand()
    {
        var about = new Option<string?>("--about") { Description = "Object id, user name, address, host, message id." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Not before this time." };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Not after this time." };
        var kind = new Option<string?>("--kind") { Description = "Only entries of this kind, for example executed." };
        var top = new Option<int>("--top") { Description = "At most so many.", DefaultValueFactory = _ => 100 };
        var command = new Command("find", "Everything on the record about a person, address or host, and why")
        {
            State,
            about,
            from,
            to,
            kind,
            top,
        };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(State)!.FullName);
                        await record.Checkpointer.RunAsync(stop); // The index is brought up to date with it.
                        var most = result.GetValue(top);
                        var query = new RecordQuery(
                            result.GetValue(from) ?? DateTimeOffset.UnixEpoch,
                            result.GetValue(to) ?? record.Time.GetUtcNow(),
                            result.GetValue(about),
                            result.GetValue(kind),
                            most < int.MaxValue ? most + 1 : most
                        );
                        var found = await record.Index.FindAsync(query, stop);
                        foreach (var entry in found.Take(most))
                            Write(result, AuditText.Of(entry));
                        Write(
                            result,
                            found.Count > most
                                ? $"{most} entries, and there are more: say --top or --from {found[most - 1].At.UtcDateTime:O}"
                                : $"{found.Count} entries"
                        );
                        return Whole;
                    }
                )
        );
        return command;
    }

    private static Command AttackCommand()
    {
        var html = new Option<FileInfo?>("--html") { Description = "Write the picture here; otherwise JSON is printed." };
        var command = new Command("attack", "The attack an incident belongs to, across incidents") { State, Incident, html };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(State)!.FullName);
                        await record.Checkpointer.RunAsync(stop);
                        var incident = result.GetValue(Incident) ?? (await record.IncidentsAsync(stop) is [var first, ..] ? first : "");
                        if (await record.Attacks.AroundAsync(incident, stop) is not { } chain)
                            return Complain(result, $"there is no incident {incident}");
                        if (result.GetValue(html) is { } file)
                            await File.WriteAllTextAsync(file.FullName, AttackPicture.Html(chain), stop);
                        else
                            Write(result, JsonSerializer.Serialize(chain, PolicyJson.Options));
                        return Whole;
                    }
                )
        );
        return command;
    }

    private static Command RecoveryCommand()
    {
        var command = new Command("recovery-points", "What can be restored, how old it is and what depends on it") { State, Incident };
        command.SetAction(
            (result, stop) =>
                GuardedAsync(
                    result,
                    async () =>
                    {
                        await using var record = await AuditState.OpenAsync(result.GetValue(State)!.FullName);
                        await record.Checkpointer.RunAsync(stop);
                        var incidents = result.GetValue(Incident) is { } one ? [one] : await record.IncidentsAsync(stop);
                        foreach (var incident in incidents)
                        {
                            foreach (var point in await record.Points.OfIncidentAsync(incident, stop))
                                Write(result, AuditText.Of(point));
                        }
                        return Whole;
                    }
                )
        );
        return command;
    }

    internal static async Task<int> GuardedAsync(ParseResult result, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or FormatException
                        or JsonException
                        or InvalidOperationException
                        or CryptographicException
            )
        {
            return Complain(result, e.Message);
        }
    }

    private static int Complain(ParseResult result, string text)
    {
        result.InvocationConfiguration.Error.WriteLine(text);
        return Unreadable;
    }

    internal static void Write(ParseResult result, string text) => result.InvocationConfiguration.Output.WriteLine(text);
}

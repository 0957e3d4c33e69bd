using System.Diagnostics;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Bench;

/// <summary>
/// The record by itself at a million entries: what an append costs as it grows, checkpoints over it, one incident's timeline, search,
/// export, and how many entries a second the verifier checks.
/// </summary>
internal static class RecordBenchmark
{
    private const string Scenario = "record";
    private const int EntriesAnIncident = 10;
    private const int AtOnce = 16;
    private const int Steps = 10;

    public static async Task RunAsync(Report report, int entries, bool onDisk)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("irf-record-bench-");
        try
        {
            report.Progress($"{entries:N0} entries, {EntriesAnIncident} an incident, {(onDisk ? "SQLite" : "in memory")}");
            await using var file = onDisk ? new SqliteFile(Path.Combine(folder.FullName, "tables.db"), "") : null;
            var tables = file is null
                ? new EmbeddedTableServiceClient(TimeProvider.System)
                : new EmbeddedTableServiceClient(file, TimeProvider.System);
            await MeasureAsync(report, tables, entries, Path.Combine(folder.FullName, "export.jsonl"), onDisk ? "SQLite" : "memory");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(Report report, EmbeddedTableServiceClient tables, int entries, string export, string where)
    {
        foreach (var name in (string[])[AuditChain.TableName, ChainKeys.TableName, ChangeJournal.TableName, RecordIndex.TableName])
            await tables.GetTableClient(name).CreateIfNotExistsAsync();
        var time = TimeProvider.System;
        var (keys, journal) = (new ChainKeys(tables, time), new ChangeJournal(tables));
        var audit = new AuditChain(tables, time, keys, journal);
        var index = new RecordIndex(tables, audit, journal);
        var (store, heads) = (new MemoryCheckpoints(), new HeadIndex(tables));
        using var key = new LocalCheckpointKey();
        using var http = new HttpClient();
        var log = new TransparencyLog(
            tables,
            audit,
            store,
            new LogIdentity("record.example/checkpoints", [new EcdsaLogSigner(key)], []),
            new WitnessClient(http, NullLogger<WitnessClient>.Instance)
        );
        using var checkpointer = new Checkpointer(audit, journal, heads, index, key, store, log, time);

        var incidents = entries / EntriesAnIncident;
        var costs = new List<Cost>();
        for (var step = 0; step < Steps; step++)
            costs.Add(await StepAsync(report, audit, checkpointer, step * incidents / Steps, (step + 1) * incidents / Steps));
        // The first tenth warms up.
        report.Add(
            Scenario,
            $"append to the record, {where}: second tenth of {entries:N0} entries, and last tenth",
            Report.Text($"{costs[1]} and {costs[^1]}"),
            "flat"
        );
        report.Add(
            Scenario,
            $"sealing {incidents / Steps:N0} changed chains, {where}: second tenth and last",
            Report.Text($"{costs[1].Sealing:0.0} s and {costs[^1].Sealing:0.0} s"),
            "flat"
        );
        await TimelineAsync(report, audit, incidents, where);
        await SearchAsync(report, index, incidents, where);
        await OneMoreAsync(report, audit, checkpointer, where);
        await VerifyAsync(report, new RecordExport(audit, heads, store, key, time), await key.PublicAsync(default), export, where);
        await LogAsync(report, log, new LogExport(log, audit), export, where);
    }

    /// <summary>The record as a log: written, checked whole, one proof. IRF_KEEP names a folder that keeps log, keys and export.</summary>
    private static async Task LogAsync(Report report, TransparencyLog log, LogExport export, string file, string where)
    {
        var folder = Environment.GetEnvironmentVariable("IRF_KEEP") ?? Path.GetDirectoryName(file)!;
        var (started, root) = (Stopwatch.GetTimestamp(), Path.Combine(folder, "log"));
        var entries = await export.WriteAsync(
            (path, bytes) =>
            {
                System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
                return File.WriteAllBytesAsync(Path.Combine(root, path), bytes);
            }
        );
        var written = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var keys = await log.KeysAsync(default);
        (started, var cpu) = (Stopwatch.GetTimestamp(), Cpu());
        var result = await LogVerifier.VerifyAsync(p => File.ReadAllBytes(Path.Combine(root, p)), new LogTrust(keys, [], 0));
        var (verified, worked) = (Stopwatch.GetElapsedTime(started).TotalSeconds, (Cpu() - cpu).TotalSeconds);
        if (result.Findings.Count > 0)
            throw new InvalidOperationException($"the log is not whole: {result.Findings[0]}");
        started = Stopwatch.GetTimestamp();
        var proof = (await export.ProveAsync(NameOf(0), EntriesAnIncident)).ToString();
        report.Add(Scenario, $"writing the log, {where}", Report.Text($"{entries / written:N0} entries/s"), "");
        report.Add(
            Scenario,
            $"checking a log of {entries:N0} entries",
            Report.Text($"{entries / verified:N0} entries/s ({entries / worked:N0}/s of one processor)"),
            ""
        );
        report.Add(
            Scenario,
            $"proof of one of {entries:N0} entries, {where}",
            Report.Text($"{proof.Length:N0} bytes in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms"),
            "under 2 KB"
        );
        if (folder == Path.GetDirectoryName(file))
            return;
        await File.WriteAllLinesAsync(Path.Combine(folder, "keys"), keys.Select(k => k.ToString()));
        File.Copy(file, Path.Combine(folder, "export.jsonl"), overwrite: true);
    }

    /// <summary>A tenth of the incidents: five appends each, as the pipeline makes them; then a checkpoint over them.</summary>
    private static async Task<Cost> StepAsync(Report report, AuditChain audit, Checkpointer checkpointer, int from, int to)
    {
        var (started, cpu, allocated) = (Stopwatch.GetTimestamp(), Cpu(), GC.GetTotalAllocatedBytes());
        await Parallel.ForAsync(
            from,
            to,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (i, stop) =>
            {
                var chain = NameOf(i);
                for (var append = 0; append < EntriesAnIncident / 2; append++)
                    await audit.AppendAsync(chain, [FactOf(i, 2 * append), FactOf(i, 2 * append + 1)], stop);
            }
        );
        var count = (to - from) * EntriesAnIncident;
        var (elapsed, worked, bytes) = (Stopwatch.GetElapsedTime(started), Cpu() - cpu, GC.GetTotalAllocatedBytes() - allocated);
        started = Stopwatch.GetTimestamp();
        await checkpointer.RunAsync();
        var cost = new Cost(
            elapsed.TotalMicroseconds / count,
            worked.TotalMicroseconds / count,
            bytes / 1024.0 / count,
            Stopwatch.GetElapsedTime(started).TotalSeconds
        );
        report.Progress(
            Report.Text($"up to {Report.Text($"{to * EntriesAnIncident:N0}").PadLeft(9)}: {cost}; sealing {cost.Sealing:0.0} s")
        );
        return cost;
    }

    /// <param name="Elapsed">Microseconds an entry by the clock, with <see cref="AtOnce"/> writers.</param>
    /// <param name="Processor">Microseconds of a processor an entry.</param>
    /// <param name="Allocated">KiB an entry.</param>
    /// <param name="Sealing">Seconds of the checkpoint after it.</param>
    private readonly record struct Cost(double Elapsed, double Processor, double Allocated, double Sealing)
    {
        public override string ToString() =>
            Report.Text($"{Elapsed:0.0} µs an entry ({Processor:0} µs of a processor, {Allocated:0.0} KiB)");
    }

    private static async Task TimelineAsync(Report report, AuditChain audit, int incidents, string where)
    {
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var story = Story.Of(await audit.ReadAsync(NameOf((int)(i * 2654435761L % incidents))));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (story is null)
                throw new InvalidOperationException("no story");
        }
        times.Sort();
        report.Add(
            Scenario,
            $"timeline of one incident in plain words, {where}",
            Report.Text($"median {times[100]:0.00} ms, 99th percentile {times[198]:0.00} ms of 200"),
            "under 50 ms"
        );
    }

    private static async Task SearchAsync(Report report, RecordIndex index, int incidents, string where)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (
            var (what, query) in ((string, RecordQuery)[])
                [
                    ("one person", new RecordQuery(now.AddDays(-1), now, UserOf(incidents / 2))),
                    ("the first 100 entries of a minute", new RecordQuery(FullMinute(now.AddMinutes(-1)), now)),
                    (
                        "the first 100 entries after a moment within a minute (everything noted in it before has to be looked at)",
                        new RecordQuery(now.AddMinutes(-1), now)
                    ),
                ]
        )
        {
            var started = Stopwatch.GetTimestamp();
            var found = await index.FindAsync(query);
            report.Add(
                Scenario,
                $"search for {what}, {where}",
                Report.Text($"{found.Count} entries in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.0} ms"),
                "fast"
            );
        }
    }

    private static DateTimeOffset FullMinute(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);

    private static async Task OneMoreAsync(Report report, AuditChain audit, Checkpointer checkpointer, string where)
    {
        await audit.AppendAsync(NameOf(0), [FactOf(0, EntriesAnIncident)]);
        var started = Stopwatch.GetTimestamp();
        var run = await checkpointer.RunAsync();
        report.Add(
            Scenario,
            $"checkpoint over {run.Made[^1].Chains:N0} chains of which {run.Made[^1].Changes!.Count} changed, {where}",
            Report.Text($"{Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms (looks again at what the last ten minutes noted)"),
            ""
        );
    }

    private static async Task VerifyAsync(Report report, RecordExport export, byte[] key, string path, string where)
    {
        var started = Stopwatch.GetTimestamp();
        await using (var to = new BufferedStream(File.Create(path), 1 << 16))
            await export.WriteAllAsync(to);
        var exported = Stopwatch.GetElapsedTime(started).TotalSeconds;
        (started, var cpu) = (Stopwatch.GetTimestamp(), Cpu());
        await using var from = File.OpenRead(path);
        var result = await RecordVerifier.VerifyAsync(from, [key]);
        var (verified, worked) = (Stopwatch.GetElapsedTime(started).TotalSeconds, (Cpu() - cpu).TotalSeconds);
        if (result.Findings.Count > 0)
            throw new InvalidOperationException($"the record does not verify: {result.Findings[0]}");
        report.Add(Scenario, $"export, {where}", Report.Text($"{result.Entries / exported:N0} entries/s ({from.Length / 1e6:N0} MB)"), "");
        report.Add(
            Scenario,
            $"verification of {result.Entries:N0} entries and {result.Checkpoints} checkpoints from the export alone",
            Report.Text($"{result.Entries / verified:N0} entries/s ({result.Entries / worked:N0}/s of one processor)"),
            "linear"
        );
        await LinearAsync(report, path, key);
    }

    /// <summary>A tenth of the chains by themselves, then all: the time an entry must not grow.</summary>
    private static async Task LinearAsync(Report report, string path, byte[] key)
    {
        using var part = new MemoryStream();
        var (entries, checkpoints) = (0L, 0L);
        using (var reader = new StreamReader(path))
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("{\"type\":\"end\"", StringComparison.Ordinal))
                    break;
                if (line.StartsWith("{\"type\":\"checkpoint\"", StringComparison.Ordinal))
                    continue; // What they say of other chains would be findings.
                if (line.StartsWith("{\"type\":\"entry\"", StringComparison.Ordinal) && ++entries > 100_000)
                    continue;
                await part.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
            }
        }
        entries = Math.Min(entries, 100_000);
        await part.WriteAsync(new EndLine(entries, checkpoints).ToJson());
        part.WriteByte((byte)'\n');
        part.Position = 0;
        var started = Stopwatch.GetTimestamp();
        var result = await RecordVerifier.VerifyAsync(part, [key]);
        report.Add(
            Scenario,
            $"verification of the first {result.Entries:N0} of them, chains only",
            Report.Text($"{result.Entries / Stopwatch.GetElapsedTime(started).TotalSeconds:N0} entries/s"),
            "linear"
        );
    }

    /// <summary>Processor time of this process: says more than the clock where the machine is shared.</summary>
    private static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;

    private static string NameOf(int incident) => $"incident-{incident:x32}";

    private static string UserOf(int incident) => $"00000000-0000-4000-8000-{incident / 3:x12}";

    private static AuditFact FactOf(int incident, int number)
    {
        var user = UserOf(incident);
        var data =
            number == 0
                ? AuditJson.Of(
                    new
                    {
                        title = "Unfamiliar sign-in properties",
                        severity = "High",
                        entities = new[]
                        {
                            new
                            {
                                id = "e1",
                                type = "account",
                                display = user,
                                names = new[] { user },
                            },
                        },
                    }
                )
                : AuditJson.Of(
                    new { tier = 1, reason = "the action is reversible and the confidence is high enough" },
                    new About("disable_user_account_temporarily", $"account:{user}", user)
                );
        return new AuditFact(
            $"incident-{incident:x32}-{number}",
            number == 0 ? AuditKinds.Received : AuditKinds.Decided,
            "a sentence of the length that sentences on the record usually have, with its reasons",
            "pipeline",
            data
        );
    }
}

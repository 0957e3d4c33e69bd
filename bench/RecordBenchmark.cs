using System.Diagnostics;
using System.Globalization;
using IRFunctions.Audit;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;

namespace IRFunctions.Bench;

/// <summary>
/// `record [entries] [memory|sqlite]`: a million entries: what an append costs as the record grows, how fast checkpoints, search and one incident's
/// timeline are, and how many entries a second the verifier checks.
/// </summary>
internal static class RecordBenchmark
{
    private const int EntriesAnIncident = 10;
    private const int AtOnce = 16;
    private const int Steps = 10;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var entries = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1_000_000;
        var folder = Directory.CreateTempSubdirectory("irf-record-bench-");
        try
        {
            var onDisk = arguments.Length <= 1 || arguments[1] != "memory";
            Console.WriteLine($"{entries:N0} entries, {EntriesAnIncident} an incident, {(onDisk ? "SQLite" : "in memory")}");
            await using var file = onDisk ? new SqliteFile(Path.Combine(folder.FullName, "tables.db"), "") : null;
            var tables = file is null ? new EmbeddedTableServiceClient(TimeProvider.System) : new EmbeddedTableServiceClient(file, TimeProvider.System);
            await MeasureAsync(tables, entries, Path.Combine(folder.FullName, "export.jsonl"));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(EmbeddedTableServiceClient tables, int entries, string export)
    {
        foreach (var name in (string[])[AuditChain.TableName, ChainKeys.TableName, ChangeJournal.TableName, RecordIndex.TableName]) await tables.GetTableClient(name).CreateIfNotExistsAsync();
        var time = TimeProvider.System;
        var (keys, journal) = (new ChainKeys(tables, time), new ChangeJournal(tables));
        var audit = new AuditChain(tables, time, keys, journal);
        var index = new RecordIndex(tables, audit, journal);
        var (store, heads) = (new MemoryCheckpoints(), new HeadIndex(tables));
        using var key = new LocalCheckpointKey();
        using var checkpointer = new Checkpointer(audit, journal, heads, index, key, store, time);

        var incidents = entries / EntriesAnIncident;
        for (var step = 0; step < Steps; step++) await StepAsync(audit, checkpointer, step * incidents / Steps, (step + 1) * incidents / Steps);
        await TimelineAsync(audit, incidents);
        await SearchAsync(index, incidents);
        await OneMoreAsync(audit, checkpointer);
        await VerifyAsync(new RecordExport(audit, heads, store, key, time), await key.PublicAsync(default), export);
    }

    /// <summary>A tenth of the incidents: five appends each, as the pipeline makes them; then a checkpoint over them.</summary>
    private static async Task StepAsync(AuditChain audit, Checkpointer checkpointer, int from, int to)
    {
        var (started, cpu) = (Stopwatch.GetTimestamp(), Cpu());
        await Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, stop) =>
        {
            var chain = NameOf(i);
            for (var append = 0; append < EntriesAnIncident / 2; append++) await audit.AppendAsync(chain, [FactOf(i, 2 * append), FactOf(i, 2 * append + 1)], stop);
        });
        var (appended, worked) = (Stopwatch.GetElapsedTime(started), Cpu() - cpu);
        started = Stopwatch.GetTimestamp();
        var run = await checkpointer.RunAsync();
        var count = (to - from) * EntriesAnIncident;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  up to {to * EntriesAnIncident,9:N0}: {appended.TotalMicroseconds / count,6:0.0} µs an entry ({worked.TotalMicroseconds / count:0} µs of a processor; {count / appended.TotalSeconds:N0} a second); sealing {run.Made.Sum(c => c.Changes!.Count):N0} changed chains {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
    }

    private static async Task TimelineAsync(AuditChain audit, int incidents)
    {
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var story = Story.Of(await audit.ReadAsync(NameOf((int)(i * 2654435761L % incidents))));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (story is null) throw new InvalidOperationException("no story");
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  timeline of one incident: median {times[100]:0.00} ms, 99th of 200 {times[198]:0.00} ms"));
    }

    private static async Task SearchAsync(RecordIndex index, int incidents)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (what, query) in ((string, RecordQuery)[])
                 [("one person", new RecordQuery(now.AddDays(-1), now, UserOf(incidents / 2))), ("the first 100 entries of a minute", new RecordQuery(now.AddMinutes(-1), now))])
        {
            var started = Stopwatch.GetTimestamp();
            var found = await index.FindAsync(query);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  search for {what}: {found.Count} entries in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.0} ms"));
        }
    }

    private static async Task OneMoreAsync(AuditChain audit, Checkpointer checkpointer)
    {
        await audit.AppendAsync(NameOf(0), [FactOf(0, EntriesAnIncident)]);
        var started = Stopwatch.GetTimestamp();
        var run = await checkpointer.RunAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  checkpoint over {run.Made[^1].Chains:N0} chains of which {run.Made[^1].Changes!.Count} changed: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms (looks again at what the last ten minutes noted)"));
    }

    private static async Task VerifyAsync(RecordExport export, byte[] key, string path)
    {
        var started = Stopwatch.GetTimestamp();
        await using (var to = new BufferedStream(File.Create(path), 1 << 16)) await export.WriteAllAsync(to);
        var exported = Stopwatch.GetElapsedTime(started).TotalSeconds;
        (started, var cpu) = (Stopwatch.GetTimestamp(), Cpu());
        await using var from = File.OpenRead(path);
        var report = await RecordVerifier.VerifyAsync(from, [key]);
        var verified = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  export {report.Entries / exported:N0} entries a second ({from.Length / 1e6:N0} MB)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  verification {report.Entries / verified:N0} entries a second ({report.Entries / (Cpu() - cpu).TotalSeconds:N0} a second of one processor; {report.Findings.Count} findings, {report.Checkpoints} checkpoints)"));
        foreach (var finding in report.Findings.Take(5)) Console.WriteLine($"    {finding}");
    }

    /// <summary>Processor time of this process: says more than the clock where the machine is shared.</summary>
    private static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;

    private static string NameOf(int incident) => $"incident-{incident:x32}";

    private static string UserOf(int incident) => $"00000000-0000-4000-8000-{incident / 3:x12}";

    private static AuditFact FactOf(int incident, int number)
    {
        var user = UserOf(incident);
        var data = number == 0
            ? AuditJson.Of(new { title = "Unfamiliar sign-in properties", severity = "High", entities = new[] { new { id = "e1", type = "account", display = user, names = new[] { user } } } })
            : AuditJson.Of(new { tier = 1, reason = "the action is reversible and the confidence is high enough" }, new About("disable_user_account_temporarily", $"account:{user}", user));
        return new AuditFact($"incident-{incident:x32}-{number}", number == 0 ? AuditKinds.Received : AuditKinds.Decided, "a sentence of the length that sentences on the record usually have, with its reasons", "pipeline", data);
    }
}

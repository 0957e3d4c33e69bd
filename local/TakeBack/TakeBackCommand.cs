using System.CommandLine;
using System.Globalization;
using Azure;
using IRFunctions.Containment;
using IRFunctions.Local.CommandLine;
using IRFunctions.Record;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// `take-back`: what is live, back to how it was, where the pipeline itself is dead. Exit codes: 0 nothing of ours is left but what a
/// person confirmed, 1 something has to be done by hand, 2 nothing was done because something could not be read.
/// </summary>
internal static class TakeBackCommand
{
    private const int Done = 0;
    private const int ByHand = 1;
    private const int Unreadable = 2;

    private static readonly Option<string?> Tables = new("--tables")
    {
        Description = "Tables of the app: connection string, https address, or the state folder of a local run that has ended.",
    };
    private static readonly Option<FileInfo?> From = new("--from") { Description = "An exported record (JSON lines) instead of tables." };
    private static readonly Option<FileInfo[]> Key = new("--key")
    {
        Description = "Public key of the record's signer (PEM); may be repeated.",
    };
    private static readonly Option<bool> Unproved = new("--unproved") { Description = "Believe an export that is not whole." };
    private static readonly Option<string?> Tenant = new("--tenant")
    {
        Description = "A simulated tenant: http://127.0.0.1:PORT/ of a local run, or the state folder of one that has ended.",
    };
    private static readonly Option<string[]> Target = new("--target")
    {
        Description = "Only what has this in its id or name; may be repeated.",
    };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would be done, and change nothing." };
    private static readonly Option<FileInfo?> Log = new("--log") { Description = "Log to write; take-back-TIME.jsonl by default." };

    public static Command Create()
    {
        var command = new Command("take-back", "Where the pipeline is dead: puts back what is in effect, directly")
        {
            Tables,
            From,
            Key,
            Unproved,
            Tenant,
            Target,
            DryRun,
            Log,
        };
        command.Add(TakeBackImport.Create());
        command.SetAction((result, stop) => GuardedAsync(result, () => RunAsync(result, stop)));
        return command;
    }

    internal static async Task<int> GuardedAsync(ParseResult result, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (RequestFailedException e)
        {
            return Complain(result, $"The tables cannot be read: {Places.Words(e)}.");
        }
        catch (AggregateException e) when (e.InnerException is RequestFailedException last)
        {
            return Complain(result, $"The tables cannot be read: {Places.Words(last)}. It was tried {e.InnerExceptions.Count} times.");
        }
#pragma warning disable CA1031 // At 3 AM a person needs words, whatever it is.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return Complain(result, e.Message);
        }
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken stop)
    {
        if ((result.GetValue(Tables) is null) == (result.GetValue(From) is null))
            return Complain(result, "Say where what is live is to be read: --tables or --from, one of them.");
        await using var tables = result.GetValue(Tables) is { } named ? await Places.OfTablesAsync(named, stop) : null;
        var found = tables is not null ? await OfTablesAsync(tables, stop) : await OfExportAsync(result, stop);
        if (found is null)
            return Unreadable;
        foreach (var note in found.Notes)
            Say(result, $"note: {note}");
        var words = result.GetValue(Target) ?? [];
        var wanted = words.Length == 0 ? found.All : [.. found.All.Where(l => words.Any(l.Matches))];
        foreach (var word in words.Where(w => !wanted.Any(l => l.Matches(w))))
            Say(result, $"note: nothing that is live has '{word}' in its id or name.");
        if (wanted.Count == 0)
        {
            Say(result, "Nothing is live there; nothing was done.");
            return Done;
        }
        // The tenant goes with its tables where no other is named.
        await using var own =
            tables is not null && result.GetValue(Tenant) is null ? null : await Places.OfTenantAsync(result.GetValue(Tenant), stop);
        return await WithAsync(result, wanted, tables, own ?? tables!, words.Length > 0, stop);
    }

    private static async Task<int> WithAsync(
        ParseResult result,
        IReadOnlyList<LiveContainment> wanted,
        Places? tables,
        Places tenant,
        bool named,
        CancellationToken stop
    )
    {
        var catalogue = tenant.Services.GetRequiredService<ActionCatalog>();
        var by = $"{Environment.UserName} on {Environment.MachineName}";
        void Told(string text) => Say(result, text);
        if (result.GetValue(DryRun))
        {
            var would = new TakeBackRun(catalogue, tenant.Time, null, by, Told);
            foreach (var what in wanted)
                Say(result, $"{what.Name}, since {Time(what.Since)}: {await would.WouldAsync(what, named, stop)}");
            Say(result, $"Dry run: {wanted.Count} looked at, nothing was changed.");
            return Done;
        }
        var path = result.GetValue(Log)?.FullName ?? Path.GetFullPath($"take-back-{tenant.Time.GetUtcNow():yyyyMMdd-HHmmss}.jsonl");
        await using var log = new TakeBackLog(path);
        var source = result.GetValue(From)?.FullName ?? "tables";
        await log.WriteAsync(
            new BeginLine(TakeBackLine.Format, Guid.CreateVersion7().ToString("N"), tenant.Time.GetUtcNow(), by, source),
            stop
        );
        var results = await new TakeBackRun(catalogue, tenant.Time, log, by, Told).RunAsync(wanted, named, stop);
        int Count(TakeBackOutcome outcome) => results.Count(r => r.Outcome == outcome);
        await log.WriteAsync(
            new EndLine(
                tenant.Time.GetUtcNow(),
                Count(TakeBackOutcome.TakenBack),
                Count(TakeBackOutcome.Nothing),
                Count(TakeBackOutcome.Left),
                Count(TakeBackOutcome.Failed)
            ),
            stop
        );
        if (tables is not null)
            await MarkAsync(result, tables, tenant.Time.GetUtcNow(), by, results, stop);
        Summarise(result, results, path);
        return Count(TakeBackOutcome.Failed) == 0 ? Done : ByHand;
    }

    /// <summary>So that a pipeline that comes back leaves alone what people did since.</summary>
    private static async Task MarkAsync(
        ParseResult result,
        Places tables,
        DateTimeOffset at,
        string by,
        IReadOnlyList<TakeBackResult> results,
        CancellationToken stop
    )
    {
        try
        {
            foreach (var (what, outcome, _) in results)
                if (outcome is TakeBackOutcome.TakenBack or TakeBackOutcome.Nothing)
                    await tables.Holds.MarkTakenBackAsync(what.Key, new TakenBack(what.Generation, at, by), stop);
        }
        catch (Exception e) when (TableTrouble.Is(e))
        {
            Say(
                result,
                $"note: the tables could not be told ({Places.Words(e)}); take the log into the record before the pipeline runs again."
            );
        }
    }

    private static async Task<LiveList> OfTablesAsync(Places tables, CancellationToken stop)
    {
        var unreadable = new List<string>();
        var rows = await tables.Holds.AllAsync(e => unreadable.Add(e.Message), stop);
        var live = new List<LiveContainment>();
        var taken = 0;
        foreach (var row in rows)
        {
            var state = row.State;
            if (await tables.Holds.TakenBackAsync(row, stop) is not null)
            {
                taken++;
                continue;
            }
            live.Add(
                new LiveContainment
                {
                    Key = row.Key,
                    Action = state.Action,
                    Target = state.Target!,
                    Prior = state.Prior,
                    Before = state.Prior!.Summary,
                    Generation = state.Generation,
                    Incidents = state.Incidents,
                    Since = state.Holds.Count > 0 ? state.Holds.Min(h => h.Since) : state.HeldAt ?? DateTimeOffset.MinValue,
                    Confirmed = state.Status is ContainmentStatus.Confirmed,
                    DriftedAt = state.DriftedAt,
                }
            );
        }
        var notes = unreadable.Select(u => $"{u}: take it back by hand, from an export (--from) or the record.").ToList();
        if (taken > 0)
            notes.Add($"{taken} were taken back before by this command.");
        return new LiveList(live, null, notes);
    }

    /// <summary>Null, and said, where the export is not to be believed.</summary>
    private static async Task<LiveList?> OfExportAsync(ParseResult result, CancellationToken stop)
    {
        var path = result.GetValue(From)!.FullName;
        var keys = (result.GetValue(Key) ?? []).Select(f => PublicKeys.Read(f.FullName)).ToList();
        await using var export = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        var report = await RecordVerifier.VerifyAsync(export, keys, null, stop);
        foreach (var finding in report.Findings)
            Say(result, $"not whole: {finding}");
        if (report.Findings.Count > 0 && !result.GetValue(Unproved))
        {
            Complain(result, "This export is not whole: what it says may be somebody's invention. --unproved believes it all the same.");
            return null;
        }
        export.Position = 0;
        var found = await RecordedContainments.ReadAsync(export, stop);
        var notes = new List<string>(found.Notes);
        if (keys.Count == 0)
            notes.Add("Signatures were checked with the key in the file itself; --key gives one that was kept apart.");
        notes.Add($"It ends at {Time(report.ExportedAt)}: what was contained or released after that is not in it.");
        return found with { Notes = notes };
    }

    private static void Summarise(ParseResult result, IReadOnlyList<TakeBackResult> results, string log)
    {
        Say(result, "");
        foreach (var outcome in Enum.GetValues<TakeBackOutcome>())
        {
            var those = results.Where(r => r.Outcome == outcome).ToList();
            if (those.Count == 0)
                continue;
            Say(result, $"{TakeBackRun.Word(outcome).ToUpperInvariant()} ({those.Count})");
            foreach (var (what, _, text) in those)
                Say(result, $"  {what.Name}: {text}{(outcome is TakeBackOutcome.Failed ? $". Before: {what.Before}" : "")}");
        }
        var failed = results.Count(r => r.Outcome is TakeBackOutcome.Failed);
        Say(
            result,
            failed == 0
                ? "Everything that was to be taken back is back."
                : $"{failed} OF {results.Count} HAVE TO BE DONE BY HAND, or run this again: what is back already is left alone."
        );
        Say(result, $"Log: {log}. Take it into the record when there is one again: take-back import --log {log} --tables TABLES");
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    internal static int Complain(ParseResult result, string text)
    {
        result.InvocationConfiguration.Error.WriteLine(text);
        return Unreadable;
    }

    internal static void Say(ParseResult result, string text) => result.InvocationConfiguration.Output.WriteLine(text);
}

using System.CommandLine;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// `take-back import`: the record takes in what a log claims. Every entry has the time at which it was taken in and says who claims what
/// for which time; a second import of the same log adds nothing.
/// </summary>
internal static class TakeBackImport
{
    private const string Actor = "take-back";

    /// <summary>Clocks of two machines differ by less; a later time is one that has not come.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private static readonly Option<FileInfo> Log = new("--log") { Description = "Log of a take-back.", Required = true };
    private static readonly Option<string> Tables = new("--tables")
    {
        Description = "Tables of the record: connection string, https address, or the state folder of a local run that has ended.",
        Required = true,
    };

    public static Command Create()
    {
        var command = new Command("import", "Take the log of a take-back into the record, as a claim") { Log, Tables };
        command.SetAction(
            (result, stop) =>
                TakeBackCommand.GuardedAsync(
                    result,
                    async () =>
                    {
                        var lines = await TakeBackLog.ReadAsync(result.GetValue(Log)!.FullName, stop);
                        await using var places = await Places.OfTablesAsync(result.GetValue(Tables)!, stop);
                        await Pipeline.CreateTablesAsync(places.Services, stop);
                        var (written, before) = await TakeInAsync(places, lines, stop);
                        TakeBackCommand.Say(
                            result,
                            $"{written} entries were taken in, {before} stood there already. Each says that it is a claim, and has the "
                                + "time at which it was taken in."
                        );
                        return 0;
                    }
                )
        );
        return command;
    }

    private static async Task<(int Written, int Before)> TakeInAsync(
        Places places,
        IReadOnlyList<(TakeBackLine Line, string Hash)> lines,
        CancellationToken stop
    )
    {
        var audit = places.Services.GetRequiredService<AuditChain>();
        var begin = (BeginLine)lines[0].Line;
        var intents = lines.Select(l => l.Line).OfType<IntentLine>().DistinctBy(i => i.Number).ToDictionary(i => i.Number);
        var outcomes = lines.Where(l => l.Line is OutcomeLine o && intents.ContainsKey(o.Number)).ToList();
        var ended = outcomes.Select(o => ((OutcomeLine)o.Line).Number).ToHashSet();
        var (written, before) = (0, 0);
        foreach (var (line, hash) in lines)
        {
            var (intent, outcome) = line switch
            {
                OutcomeLine o when intents.TryGetValue(o.Number, out var of) => (of, o),
                IntentLine i when !ended.Contains(i.Number) => (i, (OutcomeLine?)null), // The run died over it.
                _ => (null, null),
            };
            if (intent is null)
                continue;
            foreach (var chain in await ChainsAsync(audit, intent, stop))
            {
                var added = await audit.AppendAsync(chain, [FactOf(begin, intent, outcome, hash)], stop);
                written += added.Count;
                before += 1 - added.Count;
            }
            await MarkAsync(places, begin, intent, outcome, stop);
        }
        return (written, before);
    }

    /// <summary>A log makes no chains: what it says of an incident that the record does not know stands on the pipeline's own.</summary>
    private static async Task<IReadOnlyList<string>> ChainsAsync(AuditChain audit, IntentLine intent, CancellationToken stop)
    {
        var known = new List<string>();
        foreach (var incident in intent.Incidents.Distinct(StringComparer.Ordinal))
            if (await audit.HeadAsync(incident, stop) is not null)
                known.Add(incident);
        return known.Count > 0 ? known : [RecordChains.Pipeline];
    }

    private static AuditFact FactOf(BeginLine begin, IntentLine intent, OutcomeLine? outcome, string hash)
    {
        var claimed = outcome?.At ?? intent.At;
        var came = outcome is null
            ? "it was begun, and the log does not say what became of it"
            : $"{TakeBackRun.Word(outcome.Outcome)}: {TextBounds.OneLine(outcome.Text, 500)}";
        return new AuditFact(
            $"take-back-{begin.Run}-{intent.Number}-{hash}",
            ContainmentKinds.TakenBack,
            $"a log of take-back claims for {TimeText.Utc(claimed)}, by {TextBounds.OneLine(begin.By, 120)}, without the pipeline: {came}. "
                + "Nobody saw it from here; this entry has the time at which the log was taken in",
            Actor,
            AuditJson.Of(
                new
                {
                    claimed = true,
                    outcome = outcome?.Outcome.ToString(),
                    claimedAt = claimed,
                    claimedBy = begin.By,
                    begin.Run,
                    begin.Source,
                    intent.Generation,
                    intent.Incidents,
                    line = hash,
                },
                new About(intent.Action, intent.Target, TextBounds.OneLine(intent.Display, 120))
            )
        );
    }

    /// <summary>Where it is still written down as live, a pipeline that comes back leaves alone what people did since.</summary>
    private static async Task MarkAsync(Places places, BeginLine begin, IntentLine intent, OutcomeLine? outcome, CancellationToken stop)
    {
        if (outcome is not { Outcome: TakeBackOutcome.TakenBack or TakeBackOutcome.Nothing })
            return;
        if (outcome.At > places.Time.GetUtcNow() + Ahead)
            return; // A time that has not come would speak about what is not done yet.
        foreach (
            var row in (await places.Holds.AllAsync(cancellation: stop)).Where(r => r.Key == intent.Key && !(r.State.HeldAt >= outcome.At))
        )
            if (await places.Holds.TakenBackAsync(row, stop) is null)
                await places.Holds.MarkTakenBackAsync(row.Key, new TakenBack(row.State.Generation, outcome.At, begin.By), stop);
    }
}

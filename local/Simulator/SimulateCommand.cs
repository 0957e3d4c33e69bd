using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IRFunctions.Local.Simulator.Running;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator;

/// <summary>`simulate`: plays seeded stories of the whole pipeline and judges them.</summary>
internal static class SimulateCommand
{
    private static readonly Option<long> Seed = new("--seed") { Description = "The first story's seed.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Seeds = new("--seeds")
    {
        Description = "How many stories, from --seed on.",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<int?> Alerts = new("--alerts") { Description = "Alerts to begin with; drawn where left out." };
    private static readonly Option<double?> Hours = new("--hours") { Description = "Virtual hours; drawn where left out." };
    private static readonly Option<string?> Faults = new("--faults")
    {
        Description = $"all, none, or some of: {string.Join(", ", StoryOptions.Kinds)}.",
    };
    private static readonly Option<bool> UntilFailure = new("--until-failure") { Description = "Go on to the first story that breaks." };
    private static readonly Option<string?> Keep = new("--keep") { Description = "Play only these items of the story: 3,17,21." };
    private static readonly Option<bool> NoShrink = new("--no-shrink") { Description = "Report a violation without its shortest story." };
    private static readonly Option<string[]> Known = new("--known")
    {
        Description = "Violations that are known and no failure, by id: S7.outlives.",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> Rule = new("--rule") { Description = "Shrink to this violation, by id; otherwise the first." };
    private static readonly Option<FileInfo?> Trace = new("--trace") { Description = "Writes everything seen to this file." };
    private static readonly Option<string?> Shard = new("--shard")
    {
        Description = "Part of the seeds, as 2/8, with --summary to go on where it stopped.",
    };
    private static readonly Option<FileInfo?> Summary = new("--summary")
    {
        Description = "JSON that is read at the start, where it is there, and written every few seeds.",
    };
    private static readonly Option<FileInfo?> Ids = new("--ids") { Description = "Writes what each seed broke to this JSON file." };
    private static readonly Option<FileInfo?> Baseline = new("--baseline")
    {
        Description = "A file of --ids: what a seed broke there is no news.",
    };
    private static readonly Option<int> Workers = new("--workers")
    {
        Description = "Stories at once.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    public static Command Create()
    {
        var command = new Command("simulate", "Plays seeded stories of the whole pipeline under virtual time, and judges S1 to S14.")
        {
            Seed,
            Seeds,
            Alerts,
            Hours,
            Faults,
            UntilFailure,
            Keep,
            NoShrink,
            Known,
            Rule,
            Trace,
            Shard,
            Summary,
            Ids,
            Baseline,
            Workers,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        StoryOptions options;
        try
        {
            options = new StoryOptions(parsed.GetValue(Alerts), parsed.GetValue(Hours), FaultsOf(parsed.GetValue(Faults)));
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        if (parsed.GetValue(Keep) is { } keep)
            return await OneAsync(parsed, options, [.. keep.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))]);
        var (first, count) = (parsed.GetValue(Seed), parsed.GetValue(Seeds));
        if (parsed.GetValue(UntilFailure) && count == 1)
            count = int.MaxValue;
        if (count == 1)
            return await OneAsync(parsed, options, null);
        var run = new ManySeeds(options, parsed.GetValue(Known)!.ToHashSet(StringComparer.Ordinal), Console.Out)
        {
            Summary = parsed.GetValue(Summary)?.FullName,
            Shard = ManySeeds.ParseShard(parsed.GetValue(Shard)),
            ToFirst = parsed.GetValue(UntilFailure),
            Shrink = !parsed.GetValue(NoShrink),
            Ids = parsed.GetValue(Ids)?.FullName,
            Baseline = parsed.GetValue(Baseline) is { } file
                ? JsonSerializer.Deserialize<Dictionary<long, string[]>>(await File.ReadAllBytesAsync(file.FullName, stop))
                : null,
        };
        return await run.RunAsync(first, count, Math.Max(1, parsed.GetValue(Workers)), stop);
    }

    private static async Task<int> OneAsync(ParseResult parsed, StoryOptions options, IReadOnlyList<int>? keep)
    {
        var story = StoryTeller.Tell(parsed.GetValue(Seed), options);
        if (keep is not null)
            story = story.Keep(keep);
        var clock = Stopwatch.StartNew();
        var result = await Simulation.RunAsync(story);
        if (parsed.GetValue(Trace) is { } file)
            await File.WriteAllTextAsync(file.FullName, result.Trace);
        Report.Print(Console.Out, result, clock.Elapsed);
        string[] known = parsed.GetValue(Known)!;
        var rule = parsed.GetValue(Rule);
        var news = result.Violations.Where(v => rule is null ? !known.Contains(v.Id) : v.Id == rule).ToList();
        if (news.Count == 0)
            return 0;
        if (keep is null && !parsed.GetValue(NoShrink))
            await Report.ShrinkAsync(Console.Out, story, news[0]);
        return 1;
    }

    /// <exception cref="FormatException">A kind is none.</exception>
    private static HashSet<string>? FaultsOf(string? text)
    {
        if (text is null or "all")
            return null;
        if (text == "none")
            return [];
        var kinds = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return kinds.FirstOrDefault(k => !StoryOptions.Kinds.Contains(k)) is { } wrong
            ? throw new FormatException($"There is no kind of fault called {wrong}; there are {string.Join(", ", StoryOptions.Kinds)}.")
            : kinds.ToHashSet(StringComparer.Ordinal);
    }
}

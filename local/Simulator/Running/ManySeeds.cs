using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>What many seeds came to, kept as JSON so that a run of days can stop, go on and be summed.</summary>
internal sealed class RunSummary
{
    /// <summary>The next seed of each shard, "1/1" where there are none.</summary>
    public Dictionary<string, long> Next { get; init; } = [];

    public long Seeds { get; set; }

    public long Steps { get; set; }

    public long Effects { get; set; }

    public long Deaths { get; set; }

    public double Seconds { get; set; }

    public SortedDictionary<string, long> Injected { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Seeds that broke each rule, by id.</summary>
    public SortedDictionary<string, long> Broken { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The first seeds that broke each rule.</summary>
    public SortedDictionary<string, List<long>> First { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Seconds from Graph's answer to the undo, counted by whole seconds; the last is sixty and more.</summary>
    public long[] UndoneAfter { get; init; } = new long[61];

    public void Add(SimulationResult result)
    {
        const int most = 20;
        Seeds++;
        Steps += result.Steps;
        Effects += result.Effects;
        Deaths += result.Deaths;
        foreach (var (kind, count) in result.Injected)
            Injected[kind] = Injected.GetValueOrDefault(kind) + count;
        foreach (var seconds in result.UndoneAfter)
            UndoneAfter[Math.Min(60, (int)Math.Ceiling(seconds))]++;
        foreach (var id in result.Violations.Select(v => v.Id).Distinct())
        {
            Broken[id] = Broken.GetValueOrDefault(id) + 1;
            if (!First.TryGetValue(id, out var first))
                First[id] = first = [];
            if (first.Count < most)
                first.Add(result.Story.Seed);
        }
    }

    /// <summary>Seconds within which that share of undos was done; null where there were none.</summary>
    public int? UndoneWithin(double share)
    {
        var all = UndoneAfter.Sum();
        for (long i = 0, sum = 0; i < UndoneAfter.Length; i++)
            if (all > 0 && (sum += UndoneAfter[i]) >= Math.Ceiling(all * share))
                return (int)i;
        return null;
    }
}

/// <summary>Plays many seeds on several threads, each story on one.</summary>
internal sealed class ManySeeds(StoryOptions options, IReadOnlySet<string> known, TextWriter to)
{
    private const int Batch = 50;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string? Summary { get; init; }

    /// <summary>Which part of how many; (1, 1) is all.</summary>
    public (int Part, int Of) Shard { get; init; } = (1, 1);

    /// <summary>Stop at the first violation that is not known.</summary>
    public bool ToFirst { get; init; }

    public bool Shrink { get; init; } = true;

    /// <summary>What each seed broke in another run, which is no news here; null: nothing. For mutants (docs/simulator.md).</summary>
    public IReadOnlyDictionary<long, string[]>? Baseline { get; init; }

    /// <summary>File that gets what each seed broke; null: none.</summary>
    public string? Ids { get; init; }

    /// <exception cref="FormatException">It is not of the form 2/8.</exception>
    public static (int, int) ParseShard(string? text)
    {
        if (text is null)
            return (1, 1);
        return text.Split('/') is [var part, var of] && int.TryParse(part, out var p) && int.TryParse(of, out var n) && p >= 1 && p <= n
            ? (p, n)
            : throw new FormatException("A shard is written like 2/8.");
    }

    /// <returns>0, or 1 where a seed broke a rule that is not known.</returns>
    public async Task<int> RunAsync(long first, int count, int workers, CancellationToken stop)
    {
        var sum = await ReadAsync();
        var name = string.Create(CultureInfo.InvariantCulture, $"{Shard.Part}/{Shard.Of}");
        var next = Math.Max(first, sum.Next.GetValueOrDefault(name, first));
        var last = count == int.MaxValue ? long.MaxValue : first + count - 1;
        SimulationResult? failed = null;
        var ids = new SortedDictionary<long, string[]>();
        var broken = false;
        var batch = ToFirst ? 2 * workers : Batch;
        while (next <= last && failed is null && !stop.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            var until = Math.Min(last, next + (long)batch * Shard.Of - 1);
            var results = await BatchAsync(next, until, workers, stop);
            foreach (var result in results)
            {
                sum.Add(result);
                ids[result.Story.Seed] = [.. result.Violations.Select(v => v.Id).Distinct()];
                if (News(result).Any())
                    (failed, broken) = (failed ?? (ToFirst ? result : null), true);
            }
            next = until + 1;
            sum.Next[name] = next;
            sum.Seconds += clock.Elapsed.TotalSeconds;
            await WriteAsync(sum);
            to.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{sum.Seeds} seeds in {sum.Seconds:0} s ({sum.Seconds / Math.Max(1, sum.Seeds):0.00} s each), {sum.Steps} steps, "
                        + $"{sum.Effects} effects; "
                        + $"broken: {(sum.Broken.Count == 0 ? "nothing" : string.Join(", ", sum.Broken.Select(b => $"{b.Key} {b.Value}")))}"
                )
            );
        }
        Print(sum);
        if (Ids is not null)
            await File.WriteAllBytesAsync(Ids, JsonSerializer.SerializeToUtf8Bytes(ids, Json), CancellationToken.None);
        if (failed is not null)
        {
            to.WriteLine(
                $"seed {failed.Story.Seed}: {string.Join(", ", News(failed).Select(v => v.Id).Distinct())}: {News(failed).First().Text}"
            );
            if (Shrink)
                await Report.ShrinkAsync(to, failed.Story, News(failed).First());
        }
        return broken || sum.Broken.Keys.Any(id => !known.Contains(id) && Baseline is null) ? 1 : 0;
    }

    private IEnumerable<Violation> News(SimulationResult result) =>
        result.Violations.Where(v => !known.Contains(v.Id) && !(Baseline?.GetValueOrDefault(result.Story.Seed)?.Contains(v.Id) ?? false));

    private async Task<IReadOnlyList<SimulationResult>> BatchAsync(long from, long until, int workers, CancellationToken stop)
    {
        var seeds = new List<long>();
        for (var seed = from; seed <= until; seed++)
            if (seed % Shard.Of == Shard.Part % Shard.Of)
                seeds.Add(seed);
        return await PlayAsync(seeds, options, workers, stop);
    }

    /// <summary>Plays seeds, ordered as they are given; traces are dropped.</summary>
    public static async Task<IReadOnlyList<SimulationResult>> PlayAsync(
        IReadOnlyList<long> seeds,
        StoryOptions options,
        int workers,
        CancellationToken stop = default
    )
    {
        var results = new SimulationResult?[seeds.Count];
        await Parallel.ForAsync(
            0,
            seeds.Count,
            new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = stop },
            async (i, _) => results[i] = await Simulation.RunAsync(StoryTeller.Tell(seeds[i], options)) with { Trace = "" }
        );
        return [.. results.OfType<SimulationResult>()];
    }

    private void Print(RunSummary sum)
    {
        to.WriteLine($"faults: {string.Join(", ", sum.Injected.Select(i => $"{i.Key} {i.Value}"))}");
        to.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"undone after Graph answered: {sum.UndoneAfter.Sum()} times, half within {sum.UndoneWithin(0.5)} s, 99 of 100 within "
                    + $"{sum.UndoneWithin(0.99)} s (60 stands for more)"
            )
        );
        foreach (var (id, seeds) in sum.First)
            to.WriteLine(
                $"{id}: {sum.Broken[id]} seeds, the first {string.Join(", ", seeds.Take(10))}{(known.Contains(id) ? " (known)" : "")}"
            );
    }

    private async Task<RunSummary> ReadAsync() =>
        Summary is not null && File.Exists(Summary)
            ? JsonSerializer.Deserialize<RunSummary>(await File.ReadAllBytesAsync(Summary), Json)!
            : new RunSummary();

    /// <summary>Beside it and then in its place: a kill leaves the old one or the new one.</summary>
    private async Task WriteAsync(RunSummary sum)
    {
        if (Summary is null)
            return;
        await File.WriteAllBytesAsync(Summary + ".new", JsonSerializer.SerializeToUtf8Bytes(sum, Json));
        File.Move(Summary + ".new", Summary, overwrite: true);
    }
}

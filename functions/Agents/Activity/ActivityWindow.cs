using System.Text.Json.Serialization;
using IRFunctions.Alerts;

namespace IRFunctions.Agents;

/// <summary>One slice of time. Adding is commutative, so that late and reordered events give the same slice.</summary>
public sealed record Slice
{
    public int Requests { get; set; }
    public int Failed { get; set; }
    public long Bytes { get; set; }
    public int Timed { get; set; }
    public double Latency { get; set; }
    public double LatencySquared { get; set; }

    /// <summary>Requests by second since the slice began.</summary>
    public Dictionary<int, int> Seconds { get; init; } = [];

    public HashSet<string> Endpoints { get; init; } = [];

    /// <summary>Short hashes of targets.</summary>
    public HashSet<string> Targets { get; init; } = [];

    /// <summary>Tools by correlation id, both as short hashes.</summary>
    public Dictionary<string, HashSet<string>> Chains { get; init; } = [];

    /// <summary>More names than are kept: what is beyond could be anything, and counts as unusual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Overflow Overflow { get; set; }
}

/// <summary>Of what a slice had more names than it keeps.</summary>
[Flags]
public enum Overflow
{
    None = 0,
    Endpoints = 1,
    Targets = 2,
    Chains = 4,
}

/// <summary>What happened in a stretch of time.</summary>
public sealed record WindowTotals
{
    public int Requests { get; init; }
    public int Failed { get; init; }
    public long Bytes { get; init; }

    /// <summary>Milliseconds squared; 0 with fewer than two measured requests.</summary>
    public double LatencyVariance { get; init; }

    /// <summary>Most requests in one second.</summary>
    public int Peak { get; init; }
    public HashSet<string> Endpoints { get; init; } = [];
    public HashSet<string> Targets { get; init; } = [];

    /// <summary>Most different tools under one correlation id.</summary>
    public int LongestChain { get; init; }

    /// <summary>Of what there were more names than are kept.</summary>
    public Overflow Overflow { get; init; }
}

/// <summary>The last minutes of one identity by slices of <see cref="SliceSeconds"/>. Bounded, whatever arrives.</summary>
public sealed record ActivityWindow
{
    public const int SliceSeconds = 5;
    private const int MostNames = 60; // a slice; bounds the state
    private const int MostChains = 200; // forty tasks a second

    /// <summary>By number of the slice since the Unix epoch.</summary>
    public SortedDictionary<long, Slice> Slices { get; init; } = [];

    /// <summary>Time of the newest event.</summary>
    public DateTimeOffset Newest { get; set; }

    /// <summary>Takes an event in; false where it is too late to count.</summary>
    /// <param name="now">A sender's clock that is ahead counts as now.</param>
    public bool Add(ActivityEvent e, DateTimeOffset now, TimeSpan window, TimeSpan lateness)
    {
        var time = e.Time < now ? e.Time : now;
        var horizon = window + lateness;
        if (time < (Newest > now ? Newest : now) - horizon)
            return false;
        if (time > Newest)
            Newest = time;
        var number = Number(time);
        if (!Slices.TryGetValue(number, out var slice))
            Slices[number] = slice = new Slice();
        slice.Requests++;
        if (e.IsFailed)
            slice.Failed++;
        slice.Bytes = long.MaxValue - slice.Bytes < e.Bytes ? long.MaxValue : slice.Bytes + e.Bytes;
        slice.Timed++;
        slice.Latency += e.LatencyMs;
        slice.LatencySquared += e.LatencyMs * e.LatencyMs;
        var second = (int)(time.ToUnixTimeSeconds() - number * SliceSeconds);
        slice.Seconds[second] = slice.Seconds.GetValueOrDefault(second) + 1;
        if (!Note(slice.Endpoints, e.Endpoint))
            slice.Overflow |= Overflow.Endpoints;
        if (e.Target is { } target && !Note(slice.Targets, HashOf(target)))
            slice.Overflow |= Overflow.Targets;
        if (e is { CorrelationId: { } id, Tool: { } tool })
            Chain(slice, HashOf(id), HashOf(tool));
        return true;
    }

    /// <summary>What happened from <paramref name="from"/> (with it) to <paramref name="to"/> (without it), in whole slices.</summary>
    public WindowTotals Totals(DateTimeOffset from, DateTimeOffset to)
    {
        var slices = Slices.Where(s => s.Key >= Number(from) && s.Key < Number(to)).Select(s => s.Value).ToList();
        var timed = slices.Sum(s => s.Timed);
        var mean = timed == 0 ? 0 : slices.Sum(s => s.Latency) / timed;
        var chains = new Dictionary<string, HashSet<string>>();
        foreach (var (id, tools) in slices.SelectMany(s => s.Chains))
        {
            if (!chains.TryGetValue(id, out var all))
                chains[id] = all = [];
            all.UnionWith(tools);
        }
        return new WindowTotals
        {
            Requests = slices.Sum(s => s.Requests),
            Failed = slices.Sum(s => s.Failed),
            Bytes = slices.Aggregate(0L, (sum, s) => long.MaxValue - sum < s.Bytes ? long.MaxValue : sum + s.Bytes),
            LatencyVariance = timed < 2 ? 0 : Math.Max(0, slices.Sum(s => s.LatencySquared) / timed - mean * mean),
            Peak = slices.Count == 0 ? 0 : slices.Max(s => s.Seconds.Values.Max()),
            Endpoints = slices.SelectMany(s => s.Endpoints).ToHashSet(),
            Targets = slices.SelectMany(s => s.Targets).ToHashSet(),
            LongestChain = chains.Count == 0 ? 0 : chains.Values.Max(t => t.Count),
            Overflow = slices.Aggregate(Overflow.None, (all, s) => all | s.Overflow),
        };
    }

    /// <summary>What happened in the window that ends with the newest event.</summary>
    public WindowTotals Current(TimeSpan window)
    {
        if (Slices.Count == 0)
            return new WindowTotals();
        var end = EndOf(Newest);
        return Totals(end - window, end);
    }

    /// <summary>Forgets what nothing asks for any more.</summary>
    public void Forget(DateTimeOffset before)
    {
        foreach (var old in Slices.Keys.TakeWhile(n => n < Number(before)).ToList())
            Slices.Remove(old);
    }

    /// <summary>End of the slice that holds this moment.</summary>
    public static DateTimeOffset EndOf(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds((Number(time) + 1) * SliceSeconds);

    /// <summary>Names that attackers choose are kept as hashes: bounded, and nothing to inject.</summary>
    public static string HashOf(string name) => Fingerprint.Of(name)[..12];

    private static long Number(DateTimeOffset time) => time.ToUnixTimeSeconds() / SliceSeconds;

    /// <summary>False where there is no room for a name that is not there yet.</summary>
    private static bool Note(HashSet<string> names, string name)
    {
        if (names.Contains(name))
            return true;
        if (names.Count >= MostNames)
            return false;
        names.Add(name);
        return true;
    }

    private static void Chain(Slice slice, string id, string tool)
    {
        if (!slice.Chains.TryGetValue(id, out var tools))
        {
            if (slice.Chains.Count >= MostChains)
            {
                slice.Overflow |= Overflow.Chains;
                return;
            }
            slice.Chains[id] = tools = [];
        }
        if (!Note(tools, tool))
            slice.Overflow |= Overflow.Chains;
    }
}

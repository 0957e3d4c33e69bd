using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>Usual values of one window.</summary>
public sealed record UsualValues(double Requests, double Bytes, double LatencyVariance, double Peak);

/// <summary>An endpoint on its way to being usual.</summary>
/// <param name="Days">Different days it was seen on in quiet windows.</param>
/// <param name="LastDay">Days since the Unix epoch.</param>
public sealed record EndpointSeen(int Days, long LastDay);

/// <summary>
/// What is usual for one identity. It learns slowly, from quiet windows only, and never moves further from its anchor than the policy's
/// bound: patience teaches it no attack. Further only with a person, who anchors it anew.
/// </summary>
public sealed record Baseline
{
    private const int MostTargets = 1_000;
    private const int MostCandidates = 200;

    public int Windows { get; init; }
    public UsualValues? Mean { get; init; }

    /// <summary>Where the learning period left it; null while it lasts.</summary>
    public UsualValues? Anchor { get; init; }

    /// <summary>Usual endpoints at the anchor; bounds how many may join.</summary>
    public int AnchoredEndpoints { get; init; }

    /// <summary>Values at the start of <see cref="Day"/>; bounds a day's drift.</summary>
    public UsualValues? DayStart { get; init; }

    /// <summary>Days since the Unix epoch.</summary>
    public long Day { get; init; }

    public HashSet<string> UsualEndpoints { get; init; } = [];
    public Dictionary<string, EndpointSeen> Candidates { get; init; } = [];

    /// <summary>Short hashes of targets seen in quiet windows.</summary>
    public HashSet<string> Targets { get; init; } = [];

    public bool IsAnchored => Anchor is not null;

    public bool IsUsual(string endpoint) => UsualEndpoints.Contains(endpoint);

    /// <summary>
    /// What a window is compared with: the mean, or the policy's floor where that is more. While learning, the floor alone.
    /// </summary>
    /// <param name="declared">
    /// In force from the first minute: until something is learnt it counts alone, and later the learnt never counts for more than it.
    /// </param>
    public UsualValues Usual(BaselineRules rules, DeclaredBaseline? declared = null)
    {
        var learnt = Learnt(rules);
        if (declared is null)
            return learnt;
        var peak = Anchor is null ? Math.Max(1, declared.Requests / 10.0) : learnt.Peak;
        var wanted = new UsualValues(declared.Requests, declared.Bytes, learnt.LatencyVariance, peak);
        return Anchor is null || Mean is null
            ? wanted
            : learnt with
            {
                Requests = Math.Min(learnt.Requests, wanted.Requests),
                Bytes = Math.Min(learnt.Bytes, wanted.Bytes),
            };
    }

    private UsualValues Learnt(BaselineRules rules)
    {
        var floor = new UsualValues(rules.LeastRequests, rules.LeastBytes, rules.LeastLatency * (double)rules.LeastLatency, 1);
        return Anchor is null || Mean is null
            ? floor
            : new UsualValues(
                Math.Max(floor.Requests, Mean.Requests),
                Math.Max(floor.Bytes, Mean.Bytes),
                Math.Max(floor.LatencyVariance, Mean.LatencyVariance),
                Math.Max(floor.Peak, Mean.Peak)
            );
    }

    /// <summary>Learns from a window that has ended.</summary>
    /// <param name="score">The window's own score; a risky one teaches nothing.</param>
    public Baseline Learn(WindowTotals window, RiskScore score, DateTimeOffset at, BaselineRules rules)
    {
        if (window.Requests == 0 || score.Value > rules.LearnBelow)
            return this;
        var day = at.ToUnixTimeSeconds() / 86_400;
        var seen = new UsualValues(window.Requests, window.Bytes, window.LatencyVariance, window.Peak);
        if (Anchor is null)
            return LearnFirst(window, seen, day, rules);
        var start = day == Day ? DayStart! : Mean!;
        return (
            this with
            {
                Windows = Windows + 1,
                Mean = new UsualValues(
                    Move(Mean!.Requests, seen.Requests, start.Requests, Anchor.Requests, rules),
                    Move(Mean.Bytes, seen.Bytes, start.Bytes, Anchor.Bytes, rules),
                    Move(Mean.LatencyVariance, seen.LatencyVariance, start.LatencyVariance, Anchor.LatencyVariance, rules),
                    Move(Mean.Peak, seen.Peak, start.Peak, Anchor.Peak, rules)
                ),
                DayStart = start,
                Day = day,
                Targets = [.. Targets.Union(window.Targets).Take(MostTargets)],
            }
        ).LearnEndpoints(window, day, rules);
    }

    /// <summary>A person says that what is usual now may stay so: the drift starts from here.</summary>
    public Baseline Rebased() => this with { Anchor = Mean, AnchoredEndpoints = UsualEndpoints.Count, DayStart = Mean };

    private Baseline LearnFirst(WindowTotals window, UsualValues seen, long day, BaselineRules rules)
    {
        // A plain mean: every window of the learning period counts the same.
        var share = 1.0 / (Windows + 1);
        var mean = Mean is null
            ? seen
            : new UsualValues(
                Mean.Requests + share * (seen.Requests - Mean.Requests),
                Mean.Bytes + share * (seen.Bytes - Mean.Bytes),
                Mean.LatencyVariance + share * (seen.LatencyVariance - Mean.LatencyVariance),
                Math.Max(Mean.Peak, seen.Peak)
            );
        HashSet<string> endpoints = [.. UsualEndpoints.Union(window.Endpoints).Take(rules.EndpointsMost)];
        var done = Windows + 1 >= rules.LearnWindows;
        return this with
        {
            Windows = Windows + 1,
            Mean = mean,
            UsualEndpoints = endpoints,
            Targets = [.. Targets.Union(window.Targets).Take(MostTargets)],
            Anchor = done ? mean : null,
            AnchoredEndpoints = done ? endpoints.Count : 0,
            DayStart = mean,
            Day = day,
        };
    }

    private static double Move(double mean, double seen, double dayStart, double anchor, BaselineRules rules)
    {
        var (perDay, most) = ((double)rules.DriftPerDay * anchor, (double)rules.DriftMost * anchor);
        var wanted = mean + (double)rules.Pace * (seen - mean);
        return Math.Clamp(Math.Clamp(wanted, dayStart - perDay, dayStart + perDay), anchor - most, anchor + most);
    }

    /// <summary>A new endpoint is usual after enough different days, and only so many may join before a person looks.</summary>
    private Baseline LearnEndpoints(WindowTotals window, long day, BaselineRules rules)
    {
        var fresh = window.Endpoints.Where(e => !UsualEndpoints.Contains(e)).Order(StringComparer.Ordinal).ToList();
        if (fresh.Count == 0)
            return this;
        var room = Math.Min(rules.EndpointsMost, AnchoredEndpoints + (int)Math.Max(1, Math.Floor(rules.DriftMost * AnchoredEndpoints)));
        var (usual, candidates) = (new HashSet<string>(UsualEndpoints), new Dictionary<string, EndpointSeen>(Candidates));
        foreach (var endpoint in fresh)
        {
            var seen = candidates.GetValueOrDefault(endpoint) ?? new EndpointSeen(0, -1);
            if (seen.LastDay != day)
                seen = new EndpointSeen(seen.Days + 1, day);
            if (seen.Days >= rules.EndpointDays && usual.Count < room)
            {
                usual.Add(endpoint);
                candidates.Remove(endpoint);
            }
            else if (candidates.Count < MostCandidates || candidates.ContainsKey(endpoint))
            {
                candidates[endpoint] = seen;
            }
        }
        return this with { UsualEndpoints = usual, Candidates = candidates };
    }
}

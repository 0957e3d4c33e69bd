using System.Collections.Frozen;

namespace IRFunctions.Policies;

/// <summary>One metric of the score.</summary>
/// <param name="Limit">What is allowed: a count, or a multiple of the baseline. 0 where the metric has none.</param>
/// <param name="Weight">Contribution once the limit is passed; for shares and counts, the contribution of one whole share or one
/// more.</param>
/// <param name="Most">Highest contribution; the weight where it does not grow.</param>
public sealed record MetricRule(decimal Limit, decimal Weight, decimal Most);

/// <summary>The metrics a score is made of.</summary>
public sealed record MetricRules
{
    public required MetricRule FailedAuthentications { get; init; }
    public required MetricRule Volume { get; init; }
    public required MetricRule UnusualEndpoints { get; init; }
    public required MetricRule LatencyVariance { get; init; }
    public required MetricRule RequestRate { get; init; }
    public required MetricRule ToolChaining { get; init; }
    public required MetricRule FirstTimeTargets { get; init; }

    /// <summary>A key that is in public; a policy without a line has this one.</summary>
    public MetricRule ExposedKey { get; init; } = new(0, 0.8m, 0.8m);

    /// <summary>Highest contribution of the metric of this name; null where there is none.</summary>
    public decimal? MostOf(string metric) =>
        metric switch
        {
            "failed_authentications" => FailedAuthentications.Most,
            "volume" => Volume.Most,
            "unusual_endpoints" => UnusualEndpoints.Most,
            "latency_variance" => LatencyVariance.Most,
            "request_rate" => RequestRate.Most,
            "tool_chaining" => ToolChaining.Most,
            "first_time_targets" => FirstTimeTargets.Most,
            "exposed_key" => ExposedKey.Most,
            _ => null,
        };
}

/// <summary>What an owner declared as usual for one identity, in force from its first minute, beside what is learnt.</summary>
/// <param name="Id">Identity, lower case.</param>
/// <param name="Requests">A window.</param>
/// <param name="Bytes">A window.</param>
public sealed record DeclaredBaseline(string Id, int Requests, long Bytes, FrozenSet<string> Endpoints, FrozenSet<string> Targets)
{
    /// <summary>Short hashes of the targets, as windows keep them.</summary>
    public FrozenSet<string> TargetHashes { get; } =
        Targets.Select(t => IRFunctions.Alerts.Fingerprint.Of(t)[..HashLength]).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Digits of the short hash of a name.</summary>
    public const int HashLength = 12;
}

/// <summary>What one identity may move in one kind of request, in any unit; the gate enforces it.</summary>
/// <param name="Id">Identity, lower case.</param>
/// <param name="Endpoint">Requests that it is about, as the activity feed writes them.</param>
/// <param name="Unit">Unit of the amounts: a currency, lots, tonnes, requests.</param>
/// <param name="PerRequest">Most in one request, whatever its sign; null for no limit.</param>
/// <param name="PerDay">Most in a day (UTC), amounts added up without their signs; null for no limit.</param>
/// <param name="Position">Most that may be open, amounts added up with their signs, either way; null for no limit.</param>
public sealed record AmountLimit(string Id, string Endpoint, string Unit, decimal? PerRequest, decimal? PerDay, decimal? Position);

/// <summary>How what is usual is learnt, and how far it may move.</summary>
public sealed record BaselineRules
{
    /// <summary>Quiet windows with traffic before the baseline is anchored.</summary>
    public required int LearnWindows { get; init; }

    /// <summary>Share of a window that goes into the mean.</summary>
    public required decimal Pace { get; init; }

    /// <summary>Share of the anchor it may move in a day.</summary>
    public required decimal DriftPerDay { get; init; }

    /// <summary>Share of the anchor it may move at all without a person.</summary>
    public required decimal DriftMost { get; init; }

    /// <summary>Windows with a higher score teach nothing.</summary>
    public required decimal LearnBelow { get; init; }

    /// <summary>Different days an endpoint must be seen on before it is usual.</summary>
    public required int EndpointDays { get; init; }

    public required int EndpointsMost { get; init; }

    /// <summary>Requests a window; a smaller baseline counts as this.</summary>
    public required int LeastRequests { get; init; }

    /// <summary>Bytes a window; a smaller baseline counts as this.</summary>
    public required long LeastBytes { get; init; }

    /// <summary>Standard deviation of latency in milliseconds; a smaller baseline counts as this.</summary>
    public required int LeastLatency { get; init; }
}

/// <summary>The gate's own token bucket.</summary>
/// <param name="Burst">Tokens of a full bucket.</param>
/// <param name="Times">Refill: usual requests a second, times this.</param>
/// <param name="UnusualCost">Tokens for an endpoint that is not usual.</param>
/// <param name="FailedCost">Tokens for a failed authentication.</param>
/// <param name="Hold">How long an empty bucket denies.</param>
public sealed record ReflexRules(int Burst, int Times, int UnusualCost, int FailedCost, TimeSpan Hold);

/// <summary>What half-open lets through and when it ends.</summary>
/// <param name="ScoreMost">A score above it opens the breaker again.</param>
/// <param name="RequestsPerMinute">More than that opens it again.</param>
/// <param name="ClosesAfter">Good behaviour needed to close.</param>
/// <param name="LeastRequests">Good requests needed to close.</param>
public sealed record HalfOpenRules(decimal ScoreMost, int RequestsPerMinute, TimeSpan ClosesAfter, int LeastRequests);

/// <summary>
/// How long interactions between agents are kept as evidence, and how many of them. Ages count from the end of the hour they happened in.
/// </summary>
/// <param name="RiskyAbove">In hours with a higher score everything is kept.</param>
/// <param name="QuietShare">Share of a quiet identity's interactions that outlives <paramref name="Hot"/>, above 0.</param>
/// <param name="Hot">Until this age everything is in the table.</param>
/// <param name="Warm">Until this age in a blob an hour.</param>
/// <param name="Cold">Until this age in the archive; then it is removed.</param>
public sealed record InteractionRules(decimal RiskyAbove, decimal QuietShare, TimeSpan Hot, TimeSpan Warm, TimeSpan Cold)
{
    /// <summary>For policies written before there were interactions.</summary>
    public static readonly InteractionRules Default = new(
        0.3m,
        0.1m,
        TimeSpan.FromHours(24),
        TimeSpan.FromDays(30),
        TimeSpan.FromDays(365)
    );
}

/// <summary>One step of the quarantine playbook.</summary>
/// <param name="Tier">1 to 3; the stricter of this and the tier map counts.</param>
public sealed record QuarantineStep(string Action, int Tier);

/// <summary>The circuit breaker's rules (breaker.yaml).</summary>
public sealed record BreakerPolicy
{
    public required TimeSpan Window { get; init; }

    /// <summary>How much older than the newest an event may be and still count.</summary>
    public required TimeSpan Lateness { get; init; }

    /// <summary>Scores above it open the breaker.</summary>
    public required decimal QuarantineAbove { get; init; }
    public required MetricRules Metrics { get; init; }
    public required BaselineRules Baseline { get; init; }
    public required ReflexRules Reflex { get; init; }

    /// <summary>How often an instance of the gate looks for changes.</summary>
    public required TimeSpan Refresh { get; init; }

    /// <summary>Without a fresh look for this long the gate answers limited.</summary>
    public required TimeSpan StaleMost { get; init; }

    /// <summary>How long the breaker stays open the first time.</summary>
    public required TimeSpan HalfOpenAfter { get; init; }

    /// <summary>Longest the doubling leads to.</summary>
    public required TimeSpan LongestOpen { get; init; }
    public required HalfOpenRules HalfOpen { get; init; }

    /// <summary>How long a registered identity stays limited instead of denied while a person decides.</summary>
    public required TimeSpan LimitedFor { get; init; }

    public InteractionRules Interactions { get; init; } = InteractionRules.Default;

    /// <summary>What owners declared as usual.</summary>
    public IReadOnlyList<DeclaredBaseline> Declared { get; init; } = [];

    /// <summary>What identities may move.</summary>
    public IReadOnlyList<AmountLimit> Limits { get; init; } = [];

    public DeclaredBaseline? DeclaredOf(string identity) => Declared.FirstOrDefault(d => d.Id == identity);

    /// <summary>The limit that a request of this identity falls under; null where none does.</summary>
    public AmountLimit? LimitOf(string identity, string? endpoint) =>
        Limits.Count == 0 ? null : Limits.FirstOrDefault(l => l.Id == identity && l.Endpoint == endpoint);

    /// <summary>The playbook of each identity type.</summary>
    public required FrozenDictionary<IdentityType, IReadOnlyList<QuarantineStep>> Quarantine { get; init; }

    /// <summary>The playbook of a type; people and break-glass accounts have none.</summary>
    public IReadOnlyList<QuarantineStep> PlaybookOf(IdentityType type) => Quarantine.TryGetValue(type, out var steps) ? steps : [];
}

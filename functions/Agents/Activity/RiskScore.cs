using System.Globalization;
using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>What one metric adds to the score, and why it adds that; nothing is a reason as well.</summary>
/// <param name="Metric">Name in breaker.yaml.</param>
public sealed record Contribution(string Metric, decimal Points, string Reason);

/// <summary>What happened in a window besides the requests that were counted.</summary>
[Flags]
public enum WindowMarks
{
    None = 0,

    /// <summary>The gate's own reflex had to deny, which counts as an exceeded request rate.</summary>
    Reflex = 1,

    /// <summary>A batch came under a number, or from a sender, that nobody expected; counts as unusual.</summary>
    OddSender = 2,

    /// <summary>A key of the identity is in public.</summary>
    ExposedKey = 4,
}

/// <summary>How risky one window of an identity is: 0 to 1.</summary>
public sealed record RiskScore(decimal Value, IReadOnlyList<Contribution> Contributions)
{
    public static readonly RiskScore None = new(0, []);

    /// <summary>A pure function: the same window, baseline and policy give the same score. More of anything never lowers it.</summary>
    /// <param name="marks">What happened besides requests.</param>
    /// <param name="declared">What its owner declared as usual; null where nobody did.</param>
    public static RiskScore Of(
        WindowTotals window,
        Baseline baseline,
        BreakerPolicy policy,
        WindowMarks marks = WindowMarks.None,
        DeclaredBaseline? declared = null
    )
    {
        var rules = policy.Metrics;
        var usual = baseline.Usual(policy.Baseline, declared);
        Contribution[] all =
        [
            Above(
                "failed_authentications",
                rules.FailedAuthentications,
                window.Failed,
                $"{window.Failed} failed, {rules.FailedAuthentications.Limit} allowed"
            ),
            Times("volume", rules.Volume, window.Bytes, usual.Bytes, "bytes"),
            Unusual(rules.UnusualEndpoints, window, baseline, declared, marks),
            Times("latency_variance", rules.LatencyVariance, window.LatencyVariance, usual.LatencyVariance, "ms²"),
            Rate(rules.RequestRate, window, usual.Requests, marks.HasFlag(WindowMarks.Reflex)),
            Chaining(rules.ToolChaining, window),
            FirstTime(rules.FirstTimeTargets, window, baseline, declared),
            .. Exposed(rules.ExposedKey, marks),
        ];
        return new RiskScore(Together(all, policy), all);
    }

    /// <summary>
    /// The sum, and never below the threshold where two signals are there in full: 0.4 and 0.3 make exactly 0.7, and two smaller ones less,
    /// which patience could live with for ever.
    /// </summary>
    private static decimal Together(Contribution[] all, BreakerPolicy policy)
    {
        var sum = Math.Min(1.0m, all.Sum(c => c.Points));
        var rules = policy.Metrics;
        var full = all.Count(c => c.Points > 0 && rules.MostOf(c.Metric) is { } most && c.Points >= most);
        return full >= 2 ? Math.Max(sum, policy.QuarantineAbove) : sum;
    }

    /// <summary>The contributions that count, heaviest first, as one sentence.</summary>
    public string InWords =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"score {Value:0.00}: {(Contributions.Any(c => c.Points > 0) ? Counting() : "nothing contributes")}"
        );

    private string Counting() =>
        string.Join(
            "; ",
            Contributions
                .Where(c => c.Points > 0)
                .OrderByDescending(c => c.Points)
                .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Metric} +{c.Points:0.00} ({c.Reason})"))
        );

    private static Contribution Above(string metric, MetricRule rule, int count, string reason) =>
        new(metric, count > rule.Limit ? rule.Weight : 0, reason);

    private static Contribution Times(string metric, MetricRule rule, double now, double usual, string unit)
    {
        var times = now / usual;
        return new Contribution(
            metric,
            times > (double)rule.Limit ? rule.Weight : 0,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{now:0} {unit} are {times:0.0} times the usual {usual:0}; more than {rule.Limit} times would count"
            )
        );
    }

    private static Contribution Rate(MetricRule rule, WindowTotals window, double usual, bool reflex)
    {
        var counted = Times("request_rate", rule, window.Requests, usual, "requests");
        return reflex && counted.Points == 0
            ? counted with
            {
                Points = rule.Weight,
                Reason = $"the gate's reflex had to deny a burst; {counted.Reason}",
            }
            : counted;
    }

    /// <summary>More correlation ids than can be kept hide a chain: they count as one.</summary>
    private static Contribution Chaining(MetricRule rule, WindowTotals window)
    {
        var counted = Above(
            "tool_chaining",
            rule,
            window.LongestChain,
            $"{window.LongestChain} tools under one correlation id, {rule.Limit} allowed"
        );
        return counted.Points == 0 && window.Overflow.HasFlag(Overflow.Chains)
            ? counted with
            {
                Points = rule.Weight,
                Reason = "more correlation ids than can be told apart",
            }
            : counted;
    }

    private static IEnumerable<Contribution> Exposed(MetricRule rule, WindowMarks marks) =>
        marks.HasFlag(WindowMarks.ExposedKey) ? [new Contribution("exposed_key", rule.Weight, "a key of it is in public")] : [];

    private static Contribution Unusual(
        MetricRule rule,
        WindowTotals window,
        Baseline baseline,
        DeclaredBaseline? declared,
        WindowMarks marks
    )
    {
        if (marks.HasFlag(WindowMarks.OddSender))
            return new Contribution("unusual_endpoints", rule.Most, "batches came that no known sender would have numbered so");
        if (window.Overflow.HasFlag(Overflow.Endpoints))
            return new Contribution("unusual_endpoints", rule.Most, "more endpoints than can be told apart");
        if (!baseline.IsAnchored && declared is null)
            return new Contribution("unusual_endpoints", 0, "still learning which endpoints are usual");
        var unusual = window.Endpoints.Count(e => !baseline.IsUsual(e) && declared?.Endpoints.Contains(e) != true);
        var usual = declared is null ? baseline.UsualEndpoints.Count : baseline.UsualEndpoints.Union(declared.Endpoints).Count();
        var share = unusual / (decimal)Math.Max(1, usual);
        return new Contribution(
            "unusual_endpoints",
            Math.Min(rule.Most, rule.Weight * share),
            string.Create(CultureInfo.InvariantCulture, $"{unusual} unusual endpoint(s), {share:0%} of the {usual} usual ones")
        );
    }

    private static Contribution FirstTime(MetricRule rule, WindowTotals window, Baseline baseline, DeclaredBaseline? declared)
    {
        var known = declared is { Targets.Count: > 0 } ? declared.TargetHashes : null;
        if (window.Overflow.HasFlag(Overflow.Targets) && (baseline.IsAnchored || known is not null))
            return new Contribution("first_time_targets", rule.Most, "more targets than can be told apart");
        if (!baseline.IsAnchored && known is null)
            return new Contribution("first_time_targets", 0, "still learning which targets are usual");
        var fresh = window.Targets.Count(t => !baseline.Targets.Contains(t) && known?.Contains(t) != true);
        return new Contribution(
            "first_time_targets",
            Math.Min(rule.Most, rule.Weight * Math.Max(0, fresh - rule.Limit)),
            $"{fresh} target(s) for the first time, {rule.Limit} allowed"
        );
    }
}

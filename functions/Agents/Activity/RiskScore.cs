using System.Globalization;
using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>What one metric adds to the score, and why it adds that; nothing is a reason as well.</summary>
/// <param name="Metric">Name in breaker.yaml.</param>
public sealed record Contribution(string Metric, decimal Points, string Reason);

/// <summary>How risky one window of an identity is: 0 to 1.</summary>
public sealed record RiskScore(decimal Value, IReadOnlyList<Contribution> Contributions)
{
    public static readonly RiskScore None = new(0, []);

    /// <summary>A pure function: the same window, baseline and policy give the same score. More of anything never lowers it.</summary>
    /// <param name="reflex">Whether the gate's own reflex had to deny in this window, which counts as an exceeded request rate.</param>
    public static RiskScore Of(WindowTotals window, Baseline baseline, BreakerPolicy policy, bool reflex = false)
    {
        var rules = policy.Metrics;
        var usual = baseline.Usual(policy.Baseline);
        Contribution[] all =
        [
            Above(
                "failed_authentications",
                rules.FailedAuthentications,
                window.Failed,
                $"{window.Failed} failed, {rules.FailedAuthentications.Limit} allowed"
            ),
            Times("volume", rules.Volume, window.Bytes, usual.Bytes, "bytes"),
            Unusual(rules.UnusualEndpoints, window, baseline),
            Times("latency_variance", rules.LatencyVariance, window.LatencyVariance, usual.LatencyVariance, "ms²"),
            Rate(rules.RequestRate, window, usual.Requests, reflex),
            Above(
                "tool_chaining",
                rules.ToolChaining,
                window.LongestChain,
                $"{window.LongestChain} tools under one correlation id, {rules.ToolChaining.Limit} allowed"
            ),
            FirstTime(rules.FirstTimeTargets, window, baseline),
        ];
        return new RiskScore(Math.Min(1.0m, all.Sum(c => c.Points)), all);
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

    private static Contribution Unusual(MetricRule rule, WindowTotals window, Baseline baseline)
    {
        if (!baseline.IsAnchored)
            return new Contribution("unusual_endpoints", 0, "still learning which endpoints are usual");
        var unusual = window.Endpoints.Count(e => !baseline.IsUsual(e));
        var share = unusual / (decimal)Math.Max(1, baseline.UsualEndpoints.Count);
        return new Contribution(
            "unusual_endpoints",
            Math.Min(rule.Most, rule.Weight * share),
            string.Create(
                CultureInfo.InvariantCulture,
                $"{unusual} unusual endpoint(s), {share:0%} of the {baseline.UsualEndpoints.Count} usual ones"
            )
        );
    }

    private static Contribution FirstTime(MetricRule rule, WindowTotals window, Baseline baseline)
    {
        if (!baseline.IsAnchored)
            return new Contribution("first_time_targets", 0, "still learning which targets are usual");
        var fresh = window.Targets.Count(t => !baseline.Targets.Contains(t));
        return new Contribution(
            "first_time_targets",
            Math.Min(rule.Most, rule.Weight * Math.Max(0, fresh - rule.Limit)),
            $"{fresh} target(s) for the first time, {rule.Limit} allowed"
        );
    }
}

using System.Collections.Frozen;

namespace IRFunctions.Policies;

/// <summary>Reads breaker.yaml.</summary>
internal sealed class BreakerReader(KnownNames known)
{
    private const string TargetKind = "workload";
    private static readonly IdentityType[] Types =
    [
        IdentityType.AiAgent,
        IdentityType.ServicePrincipal,
        IdentityType.ManagedIdentity,
        IdentityType.Unknown,
    ];

    public BreakerPolicy Read(Section file)
    {
        var window = Time(file, "window", TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));
        var policy = new BreakerPolicy
        {
            Window = window,
            Lateness = Time(file, "lateness", TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            QuarantineAbove = file.Share("quarantine_above"),
            Metrics = ReadMetrics(file.Map("metrics")),
            Baseline = ReadBaseline(file.Map("baseline")),
            Reflex = ReadReflex(file.Map("reflex")),
            Refresh = TimeSpan.FromSeconds(1),
            StaleMost = TimeSpan.FromSeconds(10),
            HalfOpenAfter = TimeSpan.FromMinutes(15),
            LongestOpen = TimeSpan.FromHours(4),
            HalfOpen = ReadHalfOpen(file.Map("half_open")),
            LimitedFor = ReadCritical(file.Map("business_critical")),
            Interactions = ReadInteractions(file.Map("interactions", required: false), file),
            Quarantine = ReadQuarantine(file.Map("quarantine")),
            Declared = DeclaredReader.ReadBaselines(file),
            Limits = DeclaredReader.ReadLimits(file),
        };
        policy = ReadTimes(file, policy);
        CheckReachable(file, policy);
        file.Close();
        return policy;
    }

    private static BreakerPolicy ReadTimes(Section file, BreakerPolicy policy)
    {
        if (file.Map("gate") is { } gate)
        {
            policy = policy with
            {
                Refresh = Time(gate, "refresh", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
                StaleMost = Time(gate, "stale_most", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            };
            if (policy.StaleMost < policy.Refresh)
                gate.Problem("stale_most", "between two looks every answer would count as stale");
            gate.Close();
        }

        if (file.Map("open") is not { } open)
            return policy;
        policy = policy with
        {
            HalfOpenAfter = Time(open, "half_open_after", TimeSpan.FromMinutes(1), TimeSpan.FromDays(7)),
            LongestOpen = Time(open, "longest", TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)),
        };
        if (policy.LongestOpen < policy.HalfOpenAfter)
            open.Problem("longest", "the breaker would stay open for longer the first time than ever after");
        open.Close();
        return policy;
    }

    private static TimeSpan Time(Section section, string key, TimeSpan least, TimeSpan most)
    {
        if (section.Time(key) is not { } time)
            return least;
        if (time >= least && time <= most)
            return time;
        section.Problem(key, $"a time from {Shown(least)} to {Shown(most)} is expected");
        return least;
    }

    private static string Shown(TimeSpan time) =>
        time.TotalSeconds < 120 ? $"{time.TotalSeconds:0} s"
        : time.TotalHours < 48 ? $"{time.TotalMinutes:0} min"
        : $"{time.TotalDays:0} d";

    private static MetricRules ReadMetrics(Section? section)
    {
        var rules = new MetricRules
        {
            FailedAuthentications = Metric(section, "failed_authentications", "allowed", grows: false),
            Volume = Metric(section, "volume", "times", grows: false),
            UnusualEndpoints = Metric(section, "unusual_endpoints", null, grows: true),
            LatencyVariance = Metric(section, "latency_variance", "times", grows: false),
            RequestRate = Metric(section, "request_rate", "times", grows: false),
            ToolChaining = Metric(section, "tool_chaining", "allowed", grows: false),
            FirstTimeTargets = Metric(section, "first_time_targets", "allowed", grows: true),
        };
        if (section?.Has("exposed_key") == true)
            rules = rules with { ExposedKey = Metric(section, "exposed_key", null, grows: false) };
        section?.Close();
        return rules;
    }

    private static MetricRule Metric(Section? metrics, string name, string? limitKey, bool grows)
    {
        if (metrics?.Map(name) is not { } section)
            return new MetricRule(0, 0, 0);
        var limit = limitKey is null ? 0 : section.Number(limitKey, limitKey == "times" ? 2 : 0, 10_000);
        var weight = section.Share("weight");
        var most = grows ? section.Share("most") : weight;
        if (grows && most < weight)
            section.Problem("most", "the most is below the weight of a single one");
        section.Close();
        return new MetricRule(limit, weight, most);
    }

    private static BaselineRules ReadBaseline(Section? section)
    {
        var rules = new BaselineRules
        {
            LearnWindows = section?.Number("learn_windows", 1, 100_000) ?? 1,
            Pace = section?.Share("pace") ?? 0,
            DriftPerDay = section?.Share("drift_per_day") ?? 0,
            DriftMost = section?.Share("drift_most") ?? 0,
            LearnBelow = section?.Share("learn_below") ?? 0,
            EndpointDays = section?.Number("endpoint_days", 1, 30) ?? 1,
            EndpointsMost = section?.Number("endpoints_most", 1, 1_000) ?? 1,
            LeastRequests = section?.Number("least_requests", 1, 1_000_000) ?? 1,
            LeastBytes = (section?.Number("least_kilobytes", 1, 1_000_000) ?? 1) * 1024L,
            LeastLatency = section?.Number("least_latency_ms", 1, 60_000) ?? 1,
        };
        if (rules.DriftMost < rules.DriftPerDay)
            section?.Problem("drift_most", "one day alone could move the baseline further than it may ever move");
        section?.Close();
        return rules;
    }

    private static ReflexRules ReadReflex(Section? section)
    {
        var rules = section is null
            ? new ReflexRules(1, 1, 1, 1, TimeSpan.Zero)
            : new ReflexRules(
                section.Number("burst", 1, 100_000),
                section.Number("times", 1, 1_000),
                section.Number("unusual_cost", 1, 1_000),
                section.Number("failed_cost", 1, 1_000),
                Time(section, "hold", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))
            );
        section?.Close();
        return rules;
    }

    private static HalfOpenRules ReadHalfOpen(Section? section)
    {
        var rules = section is null
            ? new HalfOpenRules(0, 1, TimeSpan.Zero, 1)
            : new HalfOpenRules(
                section.Share("score_most"),
                section.Number("requests_per_minute", 1, 1_000_000),
                Time(section, "closes_after", TimeSpan.FromSeconds(10), TimeSpan.FromDays(7)),
                section.Number("least_requests", 1, 1_000_000)
            );
        section?.Close();
        return rules;
    }

    private static TimeSpan ReadCritical(Section? section)
    {
        var time = section is null ? TimeSpan.Zero : Time(section, "limited_for", TimeSpan.Zero, TimeSpan.FromHours(24));
        section?.Close();
        return time;
    }

    /// <summary>May be missing: incidents keep the policy they opened with, and older ones have none.</summary>
    private static InteractionRules ReadInteractions(Section? section, Section file)
    {
        if (section is null)
            return InteractionRules.Default;
        var rules = new InteractionRules(
            section.Share("risky_above"),
            section.Share("quiet_share"),
            Time(section, "hot", TimeSpan.FromHours(6), TimeSpan.FromDays(7)),
            Time(section, "warm", TimeSpan.FromHours(12), TimeSpan.FromDays(180)),
            Time(section, "cold", TimeSpan.FromDays(1), TimeSpan.FromDays(366))
        );
        if (section.Has("quiet_share") && rules.QuietShare < 0.001m)
            section.Problem("quiet_share", "at least 0.001 is expected: from a share of nothing no count can be estimated", "0.1");
        if (file.Has("quarantine_above") && rules.RiskyAbove > file.Share("quarantine_above"))
            section.Problem("risky_above", "an identity would be quarantined while it still counts as quiet");
        if (section.Has("warm") && rules.Warm <= rules.Hot)
            section.Problem("warm", "evidence would leave this tier before it comes into it: the age must be above that of hot");
        if (section.Has("cold") && rules.Cold <= rules.Warm)
            section.Problem("cold", "evidence would be removed before it reaches the archive: the age must be above that of warm");
        section.Close();
        return rules;
    }

    private FrozenDictionary<IdentityType, IReadOnlyList<QuarantineStep>> ReadQuarantine(Section? section)
    {
        var playbooks = new Dictionary<IdentityType, IReadOnlyList<QuarantineStep>>();
        foreach (var type in section is null ? [] : Types)
            playbooks[type] = ReadSteps(section!, PolicyWords.Of(type));
        section?.Close();
        return playbooks.ToFrozenDictionary();
    }

    private List<QuarantineStep> ReadSteps(Section section, string type)
    {
        var steps = new List<QuarantineStep>();
        foreach (var item in section.Items(type))
        {
            var step = new QuarantineStep(item.Text("action"), item.Number("tier", 1, 3));
            known.RequireActions(item, "action", [step.Action]);
            if (steps.Exists(other => other.Action == step.Action))
                item.Problem("action", $"{step.Action} is in this playbook twice");
            if (known.Actions?.GetValueOrDefault(step.Action) is { } rule)
                CheckStep(item, step, rule);
            item.Close();
            steps.Add(step);
        }

        return steps;
    }

    private static void CheckStep(Section item, QuarantineStep step, ActionRule rule)
    {
        if (step.Tier < rule.Tier)
            item.Problem("tier", $"the tier map puts {step.Action} at tier {rule.Tier}; a playbook can only be stricter", $"{rule.Tier}");
        if (rule is { TargetKind: { } kind } && kind != TargetKind)
            item.Problem("action", $"{step.Action} concerns the kind {kind}, not a workload identity");
    }

    /// <summary>A threshold nothing reaches protects nobody.</summary>
    private static void CheckReachable(Section file, BreakerPolicy policy)
    {
        var rules = policy.Metrics;
        MetricRule[] all =
        [
            rules.FailedAuthentications,
            rules.Volume,
            rules.UnusualEndpoints,
            rules.LatencyVariance,
            rules.RequestRate,
            rules.ToolChaining,
            rules.FirstTimeTargets,
        ];
        if (all.Sum(rule => rule.Most) is var together && together <= policy.QuarantineAbove && together > 0)
            file.Problem("quarantine_above", $"all metrics together come to {together}, so the breaker could never open");
        if (file.Has("quarantine_above") && policy.HalfOpen.ScoreMost > policy.QuarantineAbove)
            file.Problem("quarantine_above", "a half-open breaker would forgive more than a closed one");
    }
}

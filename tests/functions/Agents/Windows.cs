using IRFunctions.Agents;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Agents;

/// <summary>Windows and baselines for tests of the score, under the shipped policy.</summary>
internal static class Windows
{
    public static readonly BreakerPolicy Rules = Shipped.Policy.Breaker;

    public static readonly string[] Endpoints = ["GET /quotes", "GET /positions", "POST /orders", "GET /orders", "GET /news"];

    /// <summary>A quiet minute: 120 requests, 2 MB, five endpoints.</summary>
    public static WindowTotals Quiet() =>
        new()
        {
            Requests = 120,
            Bytes = 2 * 1024 * 1024,
            LatencyVariance = 400,
            Peak = 5,
            Endpoints = Endpoints.ToHashSet(),
            Targets = new HashSet<string> { "a", "b" },
            LongestChain = 3,
        };

    /// <summary>What an identity has learnt from quiet windows.</summary>
    public static Baseline Learnt(int windows = 60)
    {
        var (baseline, at) = (new Baseline(), new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        for (var i = 0; i < windows; i++, at += Rules.Window)
            baseline = Learn(baseline, Quiet(), at);
        return baseline;
    }

    public static Baseline Learn(Baseline baseline, WindowTotals window, DateTimeOffset at) =>
        baseline.Learn(window, RiskScore.Of(window, baseline, Rules), at, Rules.Baseline);

    public static RiskScore Score(WindowTotals window, Baseline? baseline = null) => RiskScore.Of(window, baseline ?? Learnt(), Rules);
}

using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Agents;

namespace IRFunctions.Tests.Agents;

/// <summary>The score of a window: the issue's numbers, its bounds, and that it never falls when something gets worse.</summary>
public sealed class ScoreTests
{
    private static readonly Baseline Learnt = Windows.Learnt();

    [Fact]
    public void A_quiet_window_scores_nothing_and_every_metric_says_why()
    {
        var score = Windows.Score(Windows.Quiet());
        Assert.Equal(0, score.Value);
        Assert.Equal(7, score.Contributions.Count);
        Assert.All(score.Contributions, c => Assert.NotEmpty(c.Reason));
    }

    [Fact]
    public void The_shipped_weights_are_those_of_the_issue()
    {
        var quiet = Windows.Quiet();
        Assert.Equal(0.3m, Windows.Score(quiet with { Failed = 6 }).Value);
        Assert.Equal(0m, Windows.Score(quiet with { Failed = 5 }).Value);
        Assert.Equal(0.4m, Windows.Score(quiet with { Bytes = (long)(3.01 * quiet.Bytes) }).Value);
        Assert.Equal(0m, Windows.Score(quiet with { Bytes = 3 * quiet.Bytes }).Value);
        Assert.Equal(0.2m, Windows.Score(quiet with { LatencyVariance = 4.1 * quiet.LatencyVariance }).Value);
        // One unusual endpoint is a fifth of five usual ones; as many unusual ones as usual ones are 0.2; 0.3 is the most.
        Assert.Equal(0.04m, Windows.Score(With(quiet, 1)).Value);
        Assert.Equal(0.2m, Windows.Score(With(quiet, 5)).Value);
        Assert.Equal(0.3m, Windows.Score(With(quiet, 50)).Value);
        Assert.Equal(0.7m, Windows.Rules.QuarantineAbove);
    }

    [Fact]
    public void The_score_is_capped_at_one()
    {
        var quiet = Windows.Quiet();
        var all = With(quiet, 50) with
        {
            Failed = 100,
            Bytes = 100 * quiet.Bytes,
            LatencyVariance = 1e9,
            Requests = 1_000_000,
            LongestChain = 40,
            Targets = Names(50),
        };
        Assert.Equal(1.0m, Windows.Score(all).Value);
    }

    [Fact]
    public void Never_below_zero_or_above_one_and_never_lower_when_something_gets_worse() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var window = Any(random);
                    var worse = Worse(window, random);
                    var (before, after) = (Windows.Score(window, Learnt), Windows.Score(worse, Learnt));
                    Assert.InRange(before.Value, 0m, 1m);
                    Assert.InRange(after.Value, 0m, 1m);
                    Assert.True(after.Value >= before.Value, $"{before.InWords} -> {after.InWords}");
                    foreach (var (first, second) in before.Contributions.Zip(after.Contributions))
                        Assert.True(second.Points >= first.Points, second.Metric);
                }
            )
        );

    /// <summary>The false positives a quiet week holds: neither quarantines, and the reason can be read.</summary>
    [Fact]
    public void A_nightly_batch_of_two_and_a_half_times_the_volume_and_a_new_endpoint_after_a_release_do_not_quarantine()
    {
        var quiet = Windows.Quiet();
        var batch = Windows.Score(With(quiet, 1) with { Bytes = (long)(2.5 * quiet.Bytes), Requests = 300 });
        Assert.True(batch.Value <= 0.1m, batch.InWords);
        Assert.True(batch.Value < Windows.Rules.QuarantineAbove);
        Assert.Contains("2.5 times the usual", batch.Contributions.Single(c => c.Metric == "volume").Reason, StringComparison.Ordinal);
        Assert.Contains(
            "1 unusual endpoint(s), 20% of the 5 usual ones",
            batch.Contributions.Single(c => c.Metric == "unusual_endpoints").Reason.Replace(" %", "%", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void While_nothing_is_learnt_only_the_floors_count()
    {
        var window = Windows.Quiet() with { Bytes = 2 * 1024 * 1024 };
        Assert.Equal(0m, Windows.Score(window, new Baseline()).Value);
        Assert.Equal(0.4m, Windows.Score(window with { Bytes = 4 * 1024 * 1024 }, new Baseline()).Value);
    }

    private static WindowTotals With(WindowTotals window, int unusual) =>
        window with
        {
            Endpoints = [.. window.Endpoints, .. Names(unusual)],
        };

    private static HashSet<string> Names(int count) => [.. Enumerable.Range(0, count).Select(i => $"odd-{i}")];

    private static WindowTotals Any(Random random) =>
        new()
        {
            Requests = random.Next(5_000),
            Failed = random.Next(12),
            Bytes = random.NextInt64(20_000_000),
            LatencyVariance = random.NextDouble() * 4_000,
            Peak = random.Next(100),
            Endpoints = [.. Windows.Endpoints.Where(_ => random.Next(2) == 0), .. Names(random.Next(8))],
            Targets = Names(random.Next(10)),
            LongestChain = random.Next(14),
        };

    private static WindowTotals Worse(WindowTotals window, Random random) =>
        window with
        {
            Requests = window.Requests + random.Next(3_000),
            Failed = window.Failed + random.Next(4),
            Bytes = window.Bytes + random.NextInt64(5_000_000),
            LatencyVariance = window.LatencyVariance + random.NextDouble() * 2_000,
            Endpoints = [.. window.Endpoints, .. Names(window.Endpoints.Count + random.Next(4))],
            Targets = [.. window.Targets, .. Names(random.Next(14))],
            LongestChain = window.LongestChain + random.Next(4),
        };
}

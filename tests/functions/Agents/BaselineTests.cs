using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Agents;

namespace IRFunctions.Tests.Agents;

/// <summary>What is usual moves slowly and only so far: patience teaches no attack.</summary>
public sealed class BaselineTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The patient attacker: every window a little more, each quiet enough to be learnt from, for a year.</summary>
    [Fact]
    public void A_year_of_patience_moves_the_baseline_by_half_at_most_and_ten_times_the_anchor_still_scores()
    {
        var baseline = Windows.Learnt();
        var anchor = baseline.Anchor!;
        for (var day = 0; day < 365; day++)
        {
            for (var i = 0; i < 20; i++)
            {
                // As much as still scores nothing: just below three times what is usual by now, with one new endpoint a day.
                var usual = baseline.Usual(Windows.Rules.Baseline);
                var sly = Windows.Quiet() with
                {
                    Bytes = (long)(2.99 * usual.Bytes),
                    Endpoints = [.. Windows.Endpoints, $"POST /exfiltrate/{day / 4}"],
                };
                baseline = Windows.Learn(baseline, sly, Start.AddDays(day).AddMinutes(i));
            }
        }
        Assert.InRange(baseline.Mean!.Bytes, anchor.Bytes, 1.5 * anchor.Bytes + 1);
        Assert.InRange(baseline.UsualEndpoints.Count, 5, 7); // Half of five may join, no more.
        var attack = Windows.Quiet() with
        {
            Bytes = (long)(4.6 * anchor.Bytes),
            Endpoints = [.. Windows.Endpoints, .. Enumerable.Range(0, 12).Select(i => $"POST /attack/{i}")],
            Targets = new HashSet<string>(Enumerable.Range(0, 9).Select(i => $"t{i}")),
        };
        Assert.True(Windows.Score(attack, baseline).Value > Windows.Rules.QuarantineAbove, Windows.Score(attack, baseline).InWords);
    }

    [Fact]
    public void Whatever_windows_come_the_baseline_stays_within_its_bounds_of_the_anchor_and_of_the_day() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(200),
            Prop.ForAll(
                Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var (baseline, at) = (Windows.Learnt(), Start);
                    var rules = Windows.Rules.Baseline;
                    for (var i = 0; i < 200; i++)
                    {
                        at += TimeSpan.FromMinutes(random.Next(1, 600));
                        var before = baseline;
                        baseline = baseline.Learn(
                            Windows.Quiet() with
                            {
                                Bytes = random.NextInt64(1_000_000_000),
                                Requests = random.Next(1, 100_000),
                                LatencyVariance = random.NextDouble() * 1e6,
                            },
                            RiskScore.None,
                            at,
                            rules
                        ); // Even if no score kept a window from being learnt.
                        var (most, day) = ((double)rules.DriftMost, (double)rules.DriftPerDay);
                        Assert.InRange(
                            baseline.Mean!.Bytes,
                            baseline.Anchor!.Bytes * (1 - most) - 1,
                            baseline.Anchor.Bytes * (1 + most) + 1
                        );
                        Assert.InRange(
                            baseline.Mean.Requests,
                            baseline.Anchor.Requests * (1 - most) - 1,
                            baseline.Anchor.Requests * (1 + most) + 1
                        );
                        Assert.InRange(
                            baseline.Mean.Bytes,
                            baseline.DayStart!.Bytes - day * baseline.Anchor.Bytes - 1,
                            baseline.DayStart.Bytes + day * baseline.Anchor.Bytes + 1
                        );
                        Assert.Equal(before.Anchor, baseline.Anchor);
                    }
                }
            )
        );

    [Fact]
    public void A_risky_window_teaches_nothing()
    {
        var baseline = Windows.Learnt();
        Assert.Same(baseline, Windows.Learn(baseline, Windows.Quiet() with { Bytes = 100 * 1024 * 1024 }, Start));
    }

    [Fact]
    public void An_endpoint_is_usual_after_three_different_days()
    {
        var baseline = Windows.Learnt();
        var released = Windows.Quiet() with { Endpoints = [.. Windows.Endpoints, "GET /v2/quotes"] };
        for (var i = 0; i < 50; i++)
            baseline = Windows.Learn(baseline, released, Start.AddMinutes(i));
        Assert.False(baseline.IsUsual("GET /v2/quotes"));
        for (var day = 1; day < 3; day++)
            baseline = Windows.Learn(baseline, released, Start.AddDays(day));
        Assert.True(baseline.IsUsual("GET /v2/quotes"));
    }

    [Fact]
    public void A_person_may_anchor_it_anew_and_then_it_may_move_from_there()
    {
        var baseline = Windows.Learnt();
        for (var day = 0; day < 30; day++)
        {
            for (var i = 0; i < 20; i++)
                baseline = Windows.Learn(baseline, Windows.Quiet() with { Bytes = 4 * 1024 * 1024 }, Start.AddDays(day).AddMinutes(i));
        }
        var before = baseline.Mean!.Bytes;
        baseline = baseline.Rebased();
        Assert.Equal(before, baseline.Anchor!.Bytes);
        for (var i = 0; i < 20; i++)
            baseline = Windows.Learn(baseline, Windows.Quiet() with { Bytes = 8 * 1024 * 1024 }, Start.AddDays(31).AddMinutes(i));
        Assert.True(baseline.Mean!.Bytes > before);
    }
}

using IRFunctions.Agents;

namespace IRFunctions.Tests.Agents;

/// <summary>
/// Counts that are estimated from a sample and its share are right on average, and as far off as the sample is small; on a replay that is
/// always the same.
/// </summary>
public sealed class InteractionEstimateTests
{
    private const int Replays = 400;
    private const int Calls = 5_000;

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void The_estimate_is_unbiased_and_its_spread_is_that_of_the_share(double share)
    {
        var errors = Enumerable
            .Range(0, Replays)
            .Select(replay => Estimate(Whole(replay).Sampled(share, $"salt-{replay}")) - Calls)
            .ToList();
        // Of n calls kept with probability p each, the estimate spreads by sqrt(n (1 - p) / p).
        var spread = Math.Sqrt(Calls * (1 - share) / share);
        Assert.InRange(errors.Average(), -4 * spread / Math.Sqrt(Replays), 4 * spread / Math.Sqrt(Replays));
        Assert.InRange(Math.Sqrt(errors.Average(e => e * e)), 0.8 * spread, 1.2 * spread);
        Assert.All(errors, e => Assert.InRange(e, -6 * spread, 6 * spread));
    }

    [Fact]
    public void The_same_batch_is_sampled_the_same_and_another_salt_keeps_others()
    {
        var whole = Whole(1);
        Assert.Equal(whole.Sampled(0.1, "a").Events, whole.Sampled(0.1, "a").Events);
        var (one, other) = (whole.Sampled(0.1, "a").Events.ToHashSet(), whole.Sampled(0.1, "b").Events.ToHashSet());
        // A tenth of a tenth: nobody who does not know the salt can choose what is forgotten.
        Assert.InRange(one.Intersect(other).Count(), 20, 90);
    }

    [Fact]
    public void The_events_of_one_task_share_one_fate_on_every_side()
    {
        var whole = Whole(2) with { Events = [.. Whole(2).Events.Select(e => e with { CorrelationId = $"task-{e.Index / 5}" })] };
        var other = whole with { Id = "other", Direction = InteractionDirection.In };
        var kept = whole.Sampled(0.1, "a").Events;
        Assert.All(kept.GroupBy(e => e.CorrelationId), task => Assert.Equal(5, task.Count()));
        Assert.Equal(kept, other.Sampled(0.1, "a").Events);
    }

    [Fact]
    public void A_violation_is_never_dropped_and_counts_for_one()
    {
        var whole = Whole(3) with
        {
            Events = [.. Whole(3).Events.Select(e => e.Index % 7 == 0 ? e with { Violation = Violations.Gate } : e)],
        };
        var kept = whole.Sampled(0.001, "a");
        Assert.Equal(whole.Events.Count(e => e.Violation is not null), kept.Events.Count(e => e.Violation is not null));
        Assert.All(kept.Events.Where(e => e.Violation is not null), e => Assert.Equal(1, kept.WeightOf(e)));
    }

    private static double Estimate(EvidenceBatch batch) => batch.Events.Sum(batch.WeightOf);

    private static EvidenceBatch Whole(int replay) =>
        new()
        {
            Identity = "agent",
            Direction = InteractionDirection.Out,
            Id = $"s-{replay:D19}-x",
            Hour = 1,
            ReceivedAt = default,
            Seen = Calls,
            Covered = [0, Calls - 1],
            Events =
            [
                .. Enumerable
                    .Range(0, Calls)
                    .Select(i => new InteractionEvent(i, default, "other", "POST /ask", null, null, 1, null, $"{replay}-{i}")),
            ],
        };
}

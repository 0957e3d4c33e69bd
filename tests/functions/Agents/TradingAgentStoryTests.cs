using IRFunctions.Agents;
using IRFunctions.Local.Demonstration;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Agents;

/// <summary>The worked example ends as it is told.</summary>
public sealed class TradingAgentStoryTests
{
    [Fact]
    public async Task The_story_of_the_trading_agent_is_what_happens()
    {
        var told = new List<string>();
        await using var story = await TradingAgentStory.OpenAsync(
            Path.Combine(AppContext.BaseDirectory, "policies"),
            Path.Combine(AppContext.BaseDirectory, "samples"),
            told.Add
        );
        await story.NormalDayAsync();
        Assert.Equal(BreakerStatus.Closed, (await story.Agent.StateAsync()).Status);
        Assert.Equal(0, story.Agent.Calls.Denied);
        await story.ExceededLimitAsync();
        Assert.Equal((6, BreakerStatus.Closed), (story.Agent.Calls.OverLimit, (await story.Agent.StateAsync()).Status));
        await story.StolenKeyAsync();
        Assert.Equal(BreakerStatus.Open, (await story.Agent.StateAsync()).Status);
        Assert.Equal("paused", await story.Agent.AspectAsync("session"));
        await story.RecoveryAsync();
        Assert.Equal(BreakerStatus.Closed, (await story.Agent.StateAsync()).Status);
        Assert.Equal("normal", await story.Agent.AspectAsync("session"));
        await story.SlowPoisoningAsync();
        var state = await story.Agent.StateAsync();
        Assert.Equal(BreakerStatus.Open, state.Status);
        Assert.InRange(state.Baseline.Mean!.Bytes, state.Baseline.Anchor!.Bytes, 1.5 * state.Baseline.Anchor.Bytes + 1);
        Assert.Contains(told, line => line.Contains("risk-agent moved on", StringComparison.Ordinal));
        var evidence = await story.Agent.EvidenceAsync(story.Agent.Now.AddDays(-11));
        Assert.Equal(evidence.Windows[0].Seen, evidence.Windows[0].Kept); // The hour of the stolen key.
        // Quiet days, and those on which the poison showed.
        Assert.Equal([0.1, 1], evidence.Windows.Where(w => w.Tier == "warm").Select(w => w.Share).Distinct().Order());
        Assert.Equal(story.Agent.Calls.OverLimit, evidence.Edges.Single(e => e.Other == "limit").Kept);
        Assert.Contains(
            told,
            line => line.Contains("violations:", StringComparison.Ordinal) && line.Contains("by the limit", StringComparison.Ordinal)
        );
        Assert.Contains(told, line => line.Contains("Denied after", StringComparison.Ordinal));
        Assert.DoesNotContain(Sources.Root, string.Join('\n', told), StringComparison.Ordinal);
    }
}

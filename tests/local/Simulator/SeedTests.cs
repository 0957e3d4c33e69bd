using IRFunctions.Local.Simulator.Running;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Tests.Simulator;

/// <summary>The simulator over the first three hundred seeds.</summary>
public sealed class SeedTests
{
    private const int Seeds = 300;
    private const int Workers = 2;

    [Fact]
    public async Task Three_hundred_seeds_break_no_promise()
    {
        var results = await ManySeeds.PlayAsync([.. Enumerable.Range(1, Seeds).Select(s => (long)s)], new StoryOptions(), Workers);
        Assert.Equal(Seeds, results.Count);
        var broken = results
            .SelectMany(r => r.Violations.Select(v => (r.Story, Violation: v)))
            .GroupBy(b => b.Violation.Id)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        Assert.True(broken.Count == 0, string.Join('\n', broken.Values.Select(b => $"{b.Violation}\n  {b.Story.Command(whole: true)}")));
        // The seeds are worth something only where much went wrong.
        foreach (var kind in StoryOptions.Kinds.Except(["model", "alerts"]))
            Assert.Contains(results, r => r.Injected.ContainsKey(kind));
        Assert.True(results.Sum(r => r.Effects) > Seeds * 3);
    }
}

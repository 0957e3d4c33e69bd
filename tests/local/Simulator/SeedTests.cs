using IRFunctions.Local.Simulator.Running;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Tests.Simulator;

/// <summary>The simulator over the first three hundred seeds.</summary>
public sealed class SeedTests
{
    private const int Seeds = 300;
    private const int Workers = 2;

    /// <summary>
    /// Rules that the pipeline still breaks, each with the kind of violation that was found by attack (docs/simulator.md has the kinds). A
    /// rule that no seed breaks any more fails the test until it is taken out of this list.
    /// </summary>
    private static readonly Dictionary<string, string> Open = new(StringComparer.Ordinal)
    {
        ["S3.conflicted-change"] = "13: a recipient releases the mail of the own mailbox",
        ["S4.innocent-copy"] = "14: a copied Message-ID takes an innocent mail along",
        ["S9.alone-mailMessage"] = "3: protection is missed under another name of a mailbox",
        ["S9.never-host"] = "3: protection is missed under another name of a host",
        ["S14.name"] = "19: the alert's name of an account leads",
        ["S14.touched"] = "16: people are told that the pipeline has not touched what it has",
    };

    /// <summary>The same, but broken by one or two of the seeds: a change of the pipeline may move the stories past them.</summary>
    private static readonly Dictionary<string, string> Rare = new(StringComparer.Ordinal)
    {
        ["S3.conflicted-answer"] = "13: a recipient answers about the mail of the own mailbox",
        ["S3.conflicted-withdraw"] = "13: a recipient withdraws a request about the mail of the own mailbox",
        ["S4.not-named"] = "15: of two values under one name the first is the target; one seed still finds it",
        ["S7.abandoned"] = "2: an effect that the key does not tell apart from another is not put back",
        ["S7.outlives"] = "one seed in 200, not looked at yet",
        ["S9.alone-ip"] = "low: 0.0.0.0 and 127.0.0.1 are watchlisted when the model says so",
        ["S9.never-ip"] = "low: 6to4 and NAT64 forms of our own address pass protection",
        ["S10.dead"] = "new: while the engine's store refuses, ten redeliveries at once dead-letter a good alert",
        ["S10.no-ticket"] = "one seed in 200, not looked at yet",
        ["S14.state"] = "2: shown as ended, and still in effect",
    };

    [Fact]
    public async Task Three_hundred_seeds_break_no_promise_but_those_that_are_known_to_be_open()
    {
        var results = await ManySeeds.PlayAsync([.. Enumerable.Range(1, Seeds).Select(s => (long)s)], new StoryOptions(), Workers);
        Assert.Equal(Seeds, results.Count);
        var broken = results
            .SelectMany(r => r.Violations.Select(v => (r.Story, Violation: v)))
            .GroupBy(b => b.Violation.Id)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var news = broken
            .Where(b => !Open.ContainsKey(b.Key) && !Rare.ContainsKey(b.Key))
            .Select(b => $"{b.Value.Violation}\n  {b.Value.Story.Command(whole: true)}");
        Assert.True(!news.Any(), string.Join('\n', news));
        var mended = Open.Keys.Where(id => !broken.ContainsKey(id));
        Assert.True(!mended.Any(), $"No seed breaks these any more; take them out of the list: {string.Join(", ", mended)}");
        // The seeds are worth something only where much went wrong.
        foreach (var kind in StoryOptions.Kinds.Except(["model", "alerts"]))
            Assert.Contains(results, r => r.Injected.ContainsKey(kind));
        Assert.True(results.Sum(r => r.Effects) > Seeds * 3);
    }
}

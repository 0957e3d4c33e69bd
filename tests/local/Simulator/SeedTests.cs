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
    private static readonly IReadOnlyDictionary<string, string> Open = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["S3.conflicted-answer"] = "13: a recipient answers about the mail of the own mailbox",
        ["S3.conflicted-change"] = "7, 13: owners are not a union; a recipient releases the mail of the own mailbox",
        ["S3.conflicted-withdraw"] = "4: the target can withdraw the request about itself",
        ["S3.disagree"] = "8: the register says approved, the orchestration never grants",
        ["S3.not-approved"] = "7: two accounts of one person make a quorum of two",
        ["S4.innocent-copy"] = "14: a copied Message-ID takes an innocent mail along",
        ["S4.not-named"] = "15: of two values under one name in a nested object the first is the target",
        ["S7.abandoned"] = "1, 2: an effect outlives its hold and nobody tries to undo it",
        ["S7.outlives"] = "1: an effect outlives its hold by more than five seconds of Graph answering",
        ["S8.asked-twice"] = "17: several requests for one action on one target",
        ["S8.budget"] = "9: the tenant's budget follows the tenant that the alert claims",
        ["S9.alone-ip"] = "low: 0.0.0.0 and 127.0.0.1 are watchlisted when the model says so",
        ["S9.alone-mailMessage"] = "3: protection is missed under another name of a mailbox",
        ["S9.never-host"] = "3: protection is missed under another name of a host",
        ["S9.never-ip"] = "low: 6to4 and NAT64 forms of our own address pass protection",
        ["S10.dead"] = "new: while the engine's store refuses, ten redeliveries at once dead-letter a good alert",
        ["S10.news"] = "11: raised severity is swallowed as a duplicate",
        ["S10.no-ticket"] = "5: ticketed without a ticket",
        ["S12.no-ticket"] = "4: a withdrawn request opens no ticket",
        ["S14.capped"] = "low: an extension beyond the maximum is cut without a word",
        ["S14.hidden"] = "low: a confirmed containment disappears from the list of what is in effect",
        ["S14.name"] = "19: the alert's name of an account leads",
        ["S14.state"] = "1, 2: shown as ended, and still in effect",
        ["S14.touched"] = "16: people are told that the pipeline has not touched what it has",
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
        var news = broken.Where(b => !Open.ContainsKey(b.Key)).Select(b => $"{b.Value.Violation}\n  {b.Value.Story.Command(whole: true)}");
        Assert.True(!news.Any(), string.Join('\n', news));
        var mended = Open.Keys.Where(id => !broken.ContainsKey(id));
        Assert.True(!mended.Any(), $"No seed breaks these any more; take them out of the list: {string.Join(", ", mended)}");
        // The seeds are worth something only where much went wrong.
        foreach (var kind in StoryOptions.Kinds.Except(["model", "alerts"]))
            Assert.Contains(results, r => r.Injected.ContainsKey(kind));
        Assert.True(results.Sum(r => r.Effects) > Seeds * 3);
    }
}

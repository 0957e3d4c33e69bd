using IRFunctions.Agents;
using IRFunctions.Local.Engine;
using IRFunctions.Record;

namespace IRFunctions.Tests.Agents;

/// <summary>
/// A stolen key's batch, its redelivery and the quarantine, with a machine that dies on the way and another that starts on what was on
/// disk.
/// </summary>
public sealed class CrashTests
{
    // Every fourth step of the story dies once; tests/functions/Containment kills each action's containment at every one.
    private const int Stride = 4;

    [Theory]
    [InlineData(CrashMoment.BeforeCommit, 1)]
    [InlineData(CrashMoment.AfterCommit, 2)]
    [InlineData(CrashMoment.AfterActivity, 1)]
    public async Task Killed_on_the_way_it_opens_once_denies_and_quarantines_once(CrashMoment moment, int first)
    {
        var stories = 0;
        for (var step = first; await DiesAsync(moment, step); step += Stride)
            stories++;
        Assert.InRange(stories, 3, 100);
    }

    /// <returns>False where the story has no such step.</returns>
    private static async Task<bool> DiesAsync(CrashMoment moment, int step)
    {
        await using var mortal = await CrashingWorld.StartAsync(moment, step);
        var agent = new Agent(mortal.World);
        var batch = agent.Batch([
            .. Enumerable
                .Range(0, 120)
                .Select(i =>
                    agent.At(-i / 20.0, $"GET /export/{i % 6}", 400_000, i < 8 ? Authentication.Failed : Authentication.Ok) with
                    {
                        LatencyMs = i % 2 * 2_000,
                    }
                ),
        ]);
        await agent.SendAsync(batch, "first");
        await agent.SendAsync(batch, "again");
        await mortal.SurviveAsync(w => w.RunAsync());
        await AssertOnceAsync(new Agent(mortal.World));
        return mortal.Deaths > 0;
    }

    private static async Task AssertOnceAsync(Agent agent)
    {
        var state = await agent.StateAsync();
        Assert.Equal((BreakerStatus.Open, 1, 1), (state.Status, state.Number, state.Duplicates));
        Assert.Equal([BreakerKinds.Opened], await agent.KindsAsync());
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync()).Verdict);
        Assert.Equal("paused", await agent.AspectAsync("session"));
        var incident = Assert.Single(await agent.World.IncidentsAsync());
        var record = await agent.World.RecordAsync(incident.Incident);
        Assert.Equal(record.Count, record.Select(e => e.FactId).Distinct().Count());
        Assert.Equal(4, record.Count(e => e.Kind == AuditKinds.Executed && e.Text.StartsWith(agent.Id, StringComparison.Ordinal)));
        Assert.Single(agent.World.Effects("connector.set", "x-irfunctions:workload trading-agent-1 session"));
    }
}

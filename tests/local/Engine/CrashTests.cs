using DurableTask.Core.History;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Histories;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

public class CrashTests
{
    private const string Expected = "1,2,3 sub:4 a-decided late 8 done";
    private static readonly EntityInstanceId Tally = new("counter", "tally");
    private static readonly string[] Instances = ["i", "i-sub", "again"];

    [Theory]
    [InlineData(Setup.Memory, null)]
    [InlineData(Setup.Memory, 1)]
    [InlineData(Setup.Memory, 2)]
    [InlineData(Setup.Sqlite, null)]
    [InlineData(Setup.Sqlite, 3)]
    public async Task A_crash_at_any_step_changes_no_result_and_repeats_nothing_recorded(Setup setup, int? seed)
    {
        var crashes = 0;
        foreach (var moment in Enum.GetValues<CrashMoment>())
        {
            for (var k = 1; ; k++)
            {
                var crashed = await RunWithCrash(setup, moment, k, seed);
                if (!crashed)
                    break;
                crashes++;
            }
        }

        Assert.InRange(crashes, 40, 200);
    }

    private static async Task<bool> RunWithCrash(Setup setup, CrashMoment moment, int k, int? seed)
    {
        var crash = new Crash(moment, k);
        var options = crash.Engine with { ShuffleSeed = seed };
        await using var rig = new EngineRig(setup, options);
        Workflow(rig);
        foreach (var act in Script(rig))
        {
            try
            {
                await act();
            }
            catch (SimulatedCrash)
            {
                var before = Recorded(rig);
                rig.Ran.Clear();
                await rig.RestartAsync(new EngineOptions { ShuffleSeed = seed });
                before.IntersectWith(Recorded(rig));
                await rig.Engine.RunUntilIdleAsync();
                Assert.Empty(rig.Ran.Intersect(before));
            }
        }

        Assert.Equal(Expected, (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(3, (await rig.GetAsync("again")).ReadOutputAs<int>());
        Assert.Equal(108, (await rig.Entities.GetEntityAsync<int>(Tally))!.State);
        Assert.Empty(rig.Store.LoadWork().Messages);
        return crash.Happened;
    }

    private static void Workflow(EngineRig rig) =>
        rig.Entity<Counter>("counter")
            .Activity<int, int>("work", x => x)
            .Orchestrator(
                "main",
                async c =>
                {
                    var work = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => c.CallActivityAsync<int>("work", i)));
                    var sub = await c.CallSubOrchestratorAsync<string>("sub", 4, new SubOrchestrationOptions(instanceId: "i-sub"));
                    var decided = await c.WaitForExternalEvent<string>("decision", TimeSpan.FromHours(1));
                    string second;
                    try
                    {
                        second = await c.WaitForExternalEvent<string>("never", TimeSpan.FromMinutes(5));
                    }
                    catch (TaskCanceledException)
                    {
                        second = "late";
                    }

                    int tally;
                    await using (await c.Entities.LockEntitiesAsync(Tally))
                    {
                        await c.Entities.CallEntityAsync(Tally, "add", 5);
                        tally = await c.Entities.CallEntityAsync<int>(Tally, "add", 3);
                    }

                    await c.Entities.SignalEntityAsync(
                        Tally,
                        "add",
                        100,
                        new SignalEntityOptions { SignalTime = c.CurrentUtcDateTime.AddMinutes(1) }
                    );
                    return $"{string.Join(',', work)} {sub} {decided} {second} {tally} done";
                }
            )
            .Orchestrator<int>("sub", async (c, input) => $"sub:{await c.CallActivityAsync<int>("work", input)}")
            .Orchestrator<int>(
                "again",
                async (c, input) =>
                {
                    var n = await c.CallActivityAsync<int>("work", 100 + input) - 100;
                    if (n == 3)
                        return n;
                    await c.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                    c.ContinueAsNew(n + 1);
                    return null;
                }
            );

    // Each is what a caller does; one that the crash interrupted was acknowledged before, so it is not done again.
    private static IEnumerable<Func<Task>> Script(EngineRig rig)
    {
        yield return () => rig.Client.ScheduleNewOrchestrationInstanceAsync("main", new StartOrchestrationOptions("i"));
        yield return () => rig.Client.ScheduleNewOrchestrationInstanceAsync("again", (object?)1, new StartOrchestrationOptions("again"));
        yield return () => rig.Engine.RunUntilIdleAsync();
        yield return () => rig.Client.RaiseEventAsync("i", "decision", "a-decided");
        yield return () => rig.Engine.RunUntilIdleAsync();
        for (var minute = 0; minute < 10; minute++)
            yield return () => rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>Activities whose result is in a history.</summary>
    private static HashSet<string> Recorded(EngineRig rig)
    {
        var recorded = new HashSet<string>();
        foreach (var id in Instances)
        {
            if (rig.Store.Read(id) is not { } record)
                continue;
            foreach (var e in HistoryJson.Decode(rig.Store.ReadHistory(record.Execution)).OfType<TaskCompletedEvent>())
                recorded.Add($"work:{e.Result}");
        }

        return recorded;
    }
}

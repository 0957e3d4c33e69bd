using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>A failed orchestration goes on where it failed: what succeeded is not done again.</summary>
public class RewindTests
{
    private static readonly EntityInstanceId Tally = new("counter", "tally");

    [Theory]
    [InlineData(Setup.Memory, 1)]
    [InlineData(Setup.MemoryReplaying, 2)]
    [InlineData(Setup.Sqlite, 2)]
    [InlineData(Setup.SqliteReplaying, 1)]
    public async Task Failed_activities_run_again_in_nested_children_and_nothing_else(Setup setup, int failures)
    {
        await using var rig = new EngineRig(setup);
        var runs = new Dictionary<string, int>();
        rig.Entity<Counter>("counter")
            .Activity<string, int>(
                "work",
                name =>
                    (runs[name] = runs.GetValueOrDefault(name) + 1) <= failures && name.EndsWith("bad", StringComparison.Ordinal)
                        ? throw new InvalidOperationException(name)
                        : 1
            );
        rig.Orchestrator(
                "parent",
                async c =>
                    (
                        await Task.WhenAll(
                            new[] { ("good", "g1"), ("middle", "m1"), ("middle", "m2"), ("good", "g2") }.Select(x =>
                                c.CallSubOrchestratorAsync<int>(x.Item1, x.Item2)
                            )
                        )
                    ).Sum()
            )
            .Orchestrator<string>("good", async (c, name) => await c.CallActivityAsync<int>("work", $"{name}-good"))
            .Orchestrator<string>(
                "middle",
                async (c, name) =>
                {
                    await c.CallActivityAsync<int>("work", $"{name}-before-good");
                    await c.Entities.CallEntityAsync(Tally, "add", 1);
                    return await c.CallSubOrchestratorAsync<int>("inner", name);
                }
            )
            .Orchestrator<string>(
                "inner",
                async (c, name) =>
                {
                    await c.Entities.SignalEntityAsync(Tally, "add", 10);
                    return (
                        await Task.WhenAll(new[] { "good", "1bad", "2bad" }.Select(x => c.CallActivityAsync<int>("work", $"{name}-{x}")))
                    ).Sum();
                }
            );
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await rig.RunAsync("parent")).RuntimeStatus);
        for (var i = 0; i < failures; i++)
        {
            await rig.RestartAsync();
            await rig.Client.RewindInstanceAsync("i", "mended");
            await rig.Engine.RunUntilIdleAsync();
        }

        var done = await rig.GetAsync();
        Assert.Equal((8, OrchestrationRuntimeStatus.Completed), (done.ReadOutputAs<int>(), done.RuntimeStatus));
        Assert.All(runs, run => Assert.Equal(run.Key.EndsWith("bad", StringComparison.Ordinal) ? failures + 1 : 1, run.Value));
        Assert.Equal(22, (await rig.Entities.GetEntityAsync<int>(Tally))!.State);
    }

    [Theory, EachSetup]
    public async Task Timers_and_events_of_before_hold(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var broken = true;
        rig.Activity<string, string>("say", x => broken ? throw new InvalidOperationException("no") : x)
            .Orchestrator(
                "long",
                async c =>
                {
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    var word = await c.CallActivityAsync<string>("say", await c.WaitForExternalEvent<string>("word"));
                    await c.CreateTimer(TimeSpan.FromHours(4), CancellationToken.None);
                    return word;
                }
            );
        await rig.RunAsync("long");
        await rig.Client.RaiseEventAsync("i", "word", "kept");
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await rig.GetAsync()).RuntimeStatus);
        broken = false;
        await rig.Client.RewindInstanceAsync("i", "mended");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.GetAsync()).RuntimeStatus);
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(4));
        Assert.Equal("kept", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task Only_what_failed_is_rewound_and_the_refusal_says_what_to_do(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("ends", _ => Task.FromResult<object?>(1))
            .Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        await rig.RunAsync("ends", id: "Completed");
        await rig.RunAsync("waits", id: "Running");
        await rig.RunAsync("waits", id: "Terminated");
        await rig.Client.TerminateInstanceAsync("Terminated");
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "ends",
            new StartOrchestrationOptions("Pending", rig.Clock.GetUtcNow().AddHours(1))
        );
        await rig.Engine.RunUntilIdleAsync();
        foreach (var id in new[] { "Completed", "Running", "Terminated", "Pending" })
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Client.RewindInstanceAsync(id, "why not"));
            Assert.Contains($"'{id}' is {id}. One that ended otherwise can be restarted.", refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => rig.Client.RewindInstanceAsync("nobody", "why not"));
    }
}

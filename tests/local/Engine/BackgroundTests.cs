using IRFunctions.Local.Engine;
using Microsoft.DurableTask;

namespace IRFunctions.Tests.Engine;

public class BackgroundTests
{
    private static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Theory, EachSetup]
    public async Task Workers_run_many_instances_at_once_and_clients_can_wait(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Activity<int, int>("work", x => x)
            .Orchestrator(
                "many",
                async c =>
                {
                    var sum = 0;
                    for (var i = 0; i < 5; i++)
                        sum += await c.CallActivityAsync<int>("work", i);
                    await c.Entities.CallEntityAsync(new("counter", "all"), "add", 1);
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    return sum;
                }
            );
        await rig.Engine.StartAsync();
        var ids = Enumerable.Range(0, 100).Select(i => $"m{i}").ToArray();
        foreach (var id in ids)
            await rig.Client.ScheduleNewOrchestrationInstanceAsync("many", new StartOrchestrationOptions(id));
        await Until(() => rig.Engine.WaitingTimers == ids.Length);
        rig.Clock.Advance(TimeSpan.FromHours(1));
        foreach (var id in ids)
            Assert.Equal(10, (await rig.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Limit)).ReadOutputAs<int>());
        Assert.Equal(100, (await rig.Client.Entities.GetEntityAsync<int>(new("counter", "all"), Limit))!.State);
        Assert.Equal(500, rig.Engine.ActivitiesRun);
    }

    [Theory, EachSetup]
    public async Task An_activity_that_was_running_when_the_engine_stopped_runs_again(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;
        rig.Add(r =>
            r.AddActivityFunc(
                "long",
                async _ =>
                {
                    if (++runs > 1)
                        return 1;
                    started.SetResult();
                    await new TaskCompletionSource().Task.WaitAsync(rig.Engine.Stopping);
                    return 0;
                }
            )
        );
        rig.Orchestrator("calls", async c => await c.CallActivityAsync<int>("long"));
        await rig.Engine.StartAsync();
        await rig.Client.ScheduleNewOrchestrationInstanceAsync("calls", new StartOrchestrationOptions("i"));
        await started.Task.WaitAsync(Limit);
        await rig.Engine.StopAsync(Limit);
        await rig.RestartAsync();
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1, (await rig.GetAsync()).ReadOutputAs<int>());
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task Under_the_real_clock_timers_fire_by_themselves()
    {
        await using var engine = DurableEngine.Create(tasks =>
            tasks.AddOrchestratorFunc(
                "naps",
                async c =>
                {
                    await c.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
                    return 1;
                }
            )
        );
        await engine.StartAsync();
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("naps");
        var done = await engine.Client.WaitForInstanceCompletionAsync(id, Limit);
        Assert.True(done.LastUpdatedAt - done.CreatedAt >= TimeSpan.FromMilliseconds(20));
    }

    // The timers become visible one by one; nothing announces the last.
    private static async Task Until(Func<bool> reached)
    {
        var limit = Limit;
        while (!reached())
        {
            limit.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

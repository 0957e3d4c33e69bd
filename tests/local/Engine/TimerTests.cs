using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

public class TimerTests
{
    [Theory, EachSetup]
    public async Task Twenty_four_hours_pass_exactly_and_at_once_under_virtual_time(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "holds",
            async c =>
            {
                var started = c.CurrentUtcDateTime;
                await c.CreateTimer(TimeSpan.FromHours(24), CancellationToken.None);
                return (c.CurrentUtcDateTime - started).TotalHours;
            }
        );
        await rig.RunAsync("holds");
        Assert.Equal(rig.Clock.GetUtcNow().AddHours(24), rig.Engine.NextDue);
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(24) - TimeSpan.FromTicks(1));
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.GetAsync()).RuntimeStatus);
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromTicks(1));
        Assert.Equal(24, (await rig.GetAsync()).ReadOutputAs<double>());
    }

    [Theory, EachSetup]
    public async Task The_timer_that_loses_a_race_is_removed(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "races",
            async c =>
            {
                try
                {
                    return await c.WaitForExternalEvent<string>("answer", TimeSpan.FromMinutes(15));
                }
                catch (TaskCanceledException)
                {
                    return "late";
                }
            }
        );
        await rig.RunAsync("races");
        await rig.RunAsync("races", id: "late");
        Assert.Equal(2, rig.Engine.WaitingTimers);
        await rig.Client.RaiseEventAsync("i", "answer", "yes");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("yes", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(1, rig.Engine.WaitingTimers);
        Assert.Single(rig.Store.LoadWork().Messages);
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(15));
        Assert.Equal("late", (await rig.GetAsync("late")).ReadOutputAs<string>());
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    [Theory, EachSetup]
    public async Task A_wait_that_lost_its_race_leaves_the_event_to_the_next_wait(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "twice",
            async c =>
            {
                try
                {
                    await c.WaitForExternalEvent<string>("answer", TimeSpan.FromMinutes(1));
                }
                catch (TaskCanceledException)
                {
                    return "second " + await c.WaitForExternalEvent<string>("answer");
                }

                return "first";
            }
        );
        await rig.RunAsync("twice");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(2));
        await rig.Client.RaiseEventAsync("i", "answer", "yes");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("second yes", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task A_policy_retries_with_growing_and_bounded_waits(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var tries = new List<double>();
        var start = rig.Clock.GetUtcNow();
        rig.Activity<int, int>(
            "flaky",
            _ =>
            {
                tries.Add((rig.Clock.GetUtcNow() - start).TotalSeconds);
                return tries.Count < 6 ? throw new InvalidOperationException("again") : 1;
            }
        );
        var policy = new RetryPolicy(6, TimeSpan.FromSeconds(10), 2, TimeSpan.FromSeconds(50));
        rig.Orchestrator("persists", async c => await c.CallActivityAsync<int>("flaky", 1, TaskOptions.FromRetryPolicy(policy)));
        await rig.RunAsync("persists");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(1, (await rig.GetAsync()).ReadOutputAs<int>());
        Assert.Equal([0, 10, 30, 70, 120, 170], tries);
    }

    [Theory, EachSetup]
    public async Task A_policy_gives_up_by_count_by_kind_and_by_time(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<string, int>("bad", _ => throw new InvalidOperationException("never"));
        var byCount = new RetryPolicy(3, TimeSpan.FromSeconds(1));
        var byKind = new RetryPolicy(3, TimeSpan.FromSeconds(1)) { HandleFailure = f => f.IsCausedBy<TimeoutException>() };
        var byTime = new RetryPolicy(99, TimeSpan.FromSeconds(10), retryTimeout: TimeSpan.FromSeconds(35));
        foreach (var (name, policy) in new[] { ("count", byCount), ("kind", byKind), ("time", byTime) })
            rig.Orchestrator(name, async c => await c.CallActivityAsync<int>("bad", name, TaskOptions.FromRetryPolicy(policy)));
        foreach (var name in new[] { "count", "kind", "time" })
            await rig.RunAsync(name, id: name);
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(3, rig.Ran.Count(r => r == "bad:count"));
        Assert.Equal(1, rig.Ran.Count(r => r == "bad:kind"));
        // Durable Task looks at the timeout before a wait, not after it: the last try is the one begun at 40 s.
        Assert.Equal(5, rig.Ran.Count(r => r == "bad:time"));
        Assert.All(
            new[] { "count", "kind", "time" },
            n => Assert.Equal(OrchestrationRuntimeStatus.Failed, rig.GetAsync(n).Result.RuntimeStatus)
        );
    }

    [Theory, EachSetup]
    public async Task A_handler_decides_itself_and_may_wait(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var tries = 0;
        rig.Activity<int, int>("flaky", _ => ++tries < 3 ? throw new InvalidOperationException("again") : tries);
        AsyncRetryHandler handler = async r =>
        {
            await r.OrchestrationContext.CreateTimer(TimeSpan.FromSeconds(30), CancellationToken.None);
            return r.LastAttemptNumber < 5 && r.LastFailure.ErrorMessage == "again";
        };
        rig.Orchestrator("asks", async c => await c.CallActivityAsync<int>("flaky", 1, TaskOptions.FromRetryHandler(handler)));
        await rig.RunAsync("asks");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, (await rig.GetAsync()).ReadOutputAs<int>());
    }
}

using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;

namespace IRFunctions.Tests.Engine;

/// <summary>A timer beyond the longest interval is several, one after another, as the official code makes them.</summary>
public class LongTimerTests
{
    [Theory]
    [InlineData(Setup.Memory, 7 * 24, 3 * 24, 3)]
    [InlineData(Setup.Sqlite, 7 * 24, 3 * 24, 3)]
    [InlineData(Setup.SqliteReplaying, 7, 3, 3)]
    [InlineData(Setup.MemoryReplaying, 6, 3, 2)]
    [InlineData(Setup.Memory, 3, 3, 1)]
    public async Task Seven_days_are_three_timers_of_at_most_three_days(Setup setup, int hours, int longest, int timers)
    {
        await using var rig = new EngineRig(
            setup,
            worker: new DurableTaskWorkerOptions { MaximumTimerInterval = TimeSpan.FromHours(longest) }
        );
        rig.Orchestrator(
            "sleeps",
            async c =>
            {
                var start = c.CurrentUtcDateTime;
                await c.CreateTimer(TimeSpan.FromHours(hours), CancellationToken.None);
                return (c.CurrentUtcDateTime - start).TotalHours;
            }
        );
        await rig.RunAsync("sleeps");
        for (var hour = 0; hour < hours; hour++)
        {
            Assert.Equal((OrchestrationRuntimeStatus.Running, 1), ((await rig.GetAsync()).RuntimeStatus, rig.Engine.WaitingTimers));
            if (hour % 24 == 0)
                await rig.RestartAsync();
            await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        }

        Assert.Equal(hours, (await rig.GetAsync()).ReadOutputAs<double>());
        var history = await rig.Client.GetOrchestrationHistoryAsync("i");
        Assert.Equal(timers, history.OfType<TimerCreatedEvent>().Count());
        Assert.Equal(timers, history.OfType<TimerFiredEvent>().Count());
    }

    [Theory, EachSetup]
    public async Task The_default_is_three_days_and_a_long_timer_can_be_cancelled(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "sleeps",
            async c =>
            {
                using var cancel = new CancellationTokenSource();
                var timer = c.CreateTimer(TimeSpan.FromDays(30), cancel.Token);
                await c.WaitForExternalEvent<int>("wake");
                cancel.Cancel();
                return timer.IsCanceled;
            }
        );
        await rig.RunAsync("sleeps");
        Assert.Equal(rig.Clock.GetUtcNow().AddDays(3), rig.Engine.NextDue);
        await rig.Engine.AdvanceAsync(TimeSpan.FromDays(4));
        await rig.Client.RaiseEventAsync("i", "wake", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.True((await rig.GetAsync()).ReadOutputAs<bool>());
        Assert.Null(rig.Engine.NextDue);
    }

    [Theory, EachSetup]
    public async Task A_timer_in_the_past_fires_at_once(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "late",
            async c =>
            {
                await c.CreateTimer(c.CurrentUtcDateTime.AddDays(-1), CancellationToken.None);
                return "on";
            }
        );
        Assert.Equal("on", (await rig.RunAsync("late")).ReadOutputAs<string>());
    }
}

using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

/// <summary>Several waits for one event: the last is served first, one that is cancelled not at all.</summary>
public class EventStackTests
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Theory, EachSetup]
    public async Task Of_five_waits_the_last_is_served_first(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => c.WaitForExternalEvent<int>("Event"))));
        await rig.RunAsync("waits");
        for (var i = 0; i < 5; i++)
        {
            await rig.Client.RaiseEventAsync("i", "Event", i);
            if (i == 2)
                await rig.RestartAsync();
            await rig.Engine.RunUntilIdleAsync();
        }

        Assert.Equal("[4,3,2,1,0]", (await rig.GetAsync()).SerializedOutput);
    }

    [Theory, EachSetup]
    public async Task A_cancelled_wait_leaves_the_event_to_the_next(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "waits",
            async c =>
            {
                using var cancelled = new CancellationTokenSource();
                cancelled.Cancel();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => c.WaitForExternalEvent<string>("Event", cancelled.Token));
                var wait = c.WaitForExternalEvent<string>("Event", CancellationToken.None);
                using var timer = new CancellationTokenSource();
                return await Task.WhenAny(wait, c.CreateTimer(TimeSpan.FromSeconds(2), timer.Token)) == wait
                    ? await End(wait, timer)
                    : "lost";
            }
        );
        await rig.RunAsync("waits");
        await rig.Client.RaiseEventAsync("i", "Event", "payload");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("payload", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(0, rig.Engine.WaitingTimers);
    }

    [Theory, EachSetup]
    public async Task An_event_before_its_wait_goes_to_the_first_that_comes(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "late",
            async c =>
            {
                await c.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                var first = c.WaitForExternalEvent<string>("Event");
                var second = c.WaitForExternalEvent<string>("Event");
                return $"{await first} {await second}";
            }
        );
        await rig.Client.ScheduleNewOrchestrationInstanceAsync("late", new StartOrchestrationOptions("i"));
        await rig.Client.RaiseEventAsync("i", "Event", "buffered");
        await rig.Engine.AdvanceAsync(TimeSpan.FromSeconds(1));
        await rig.Client.RaiseEventAsync("i", "Event", "fresh");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("buffered fresh", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task One_event_cannot_be_waited_for_with_two_types(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "waits",
            async c =>
            {
                var text = c.WaitForExternalEvent<string>("Event");
                var number = c.WaitForExternalEvent<int>("Event");
                return $"{await number} {await text}";
            }
        );
        var failed = (await rig.RunAsync("waits")).FailureDetails!;
        Assert.Equal(typeof(ArgumentException).FullName, failed.ErrorType);
        Assert.Contains("Events with the same name must have the same type argument", failed.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task An_event_that_is_not_of_the_waits_type_fails_the_wait(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("Event"));
        await rig.RunAsync("waits");
        await rig.Client.RaiseEventAsync("i", "Event", "no number");
        await rig.Engine.RunUntilIdleAsync();
        var failed = await rig.GetAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        Assert.Contains("JsonException", failed.FailureDetails!.ErrorType, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task Of_two_waits_with_a_week_each_the_one_that_loses_is_cancelled(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "races",
            async c =>
            {
                using CancellationTokenSource first = new(),
                    second = new();
                var (one, two) = (
                    c.WaitForExternalEvent<string>("One", Week, first.Token),
                    c.WaitForExternalEvent<string>("Two", Week, second.Token)
                );
                var won = await Task.WhenAny(one, two);
                (won == one ? second : first).Cancel();
                return await won;
            }
        );
        await rig.RunAsync("races");
        Assert.Equal(2, rig.Engine.WaitingTimers);
        await rig.Client.RaiseEventAsync("i", "One", "first");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("first", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(0, rig.Engine.WaitingTimers);
    }

    [Theory, EachSetup]
    public async Task A_wait_of_a_week_ends_by_its_event_by_its_time_or_by_the_callers_token(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<bool>(
            "waits",
            async (c, gives) =>
            {
                using var source = new CancellationTokenSource();
                var (trigger, wait) = (
                    c.CreateTimer(TimeSpan.FromDays(1), source.Token),
                    c.WaitForExternalEvent<string>("Event", Week, source.Token)
                );
                if (gives && await Task.WhenAny(trigger, wait) == trigger)
                    source.Cancel();
                try
                {
                    return await End(wait, source);
                }
                catch (OperationCanceledException)
                {
                    return $"ended on day {(c.CurrentUtcDateTime - new DateTime(2026, 1, 5, 3, 0, 0, DateTimeKind.Utc)).TotalDays}";
                }
            }
        );
        await rig.RunAsync("waits", true, "gives");
        await rig.RunAsync("waits", false, "waits");
        await rig.RunAsync("waits", false, "event");
        await rig.Client.RaiseEventAsync("event", "Event", "came");
        await rig.Engine.AdvanceAsync(Week);
        Assert.Equal("came", (await rig.GetAsync("event")).ReadOutputAs<string>());
        Assert.Equal("ended on day 1", (await rig.GetAsync("gives")).ReadOutputAs<string>());
        Assert.Equal("ended on day 7", (await rig.GetAsync("waits")).ReadOutputAs<string>());
    }

    /// <summary>What is waited for; the timers that are not needed any more are cancelled.</summary>
    private static async Task<string> End(Task<string> wait, CancellationTokenSource timers)
    {
        var result = await wait;
        timers.Cancel();
        return result;
    }
}

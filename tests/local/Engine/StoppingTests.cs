using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Status = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;

namespace IRFunctions.Tests.Engine;

/// <summary>Suspending, resuming and terminating.</summary>
public class StoppingTests
{
    [Theory, EachSetup]
    public async Task Suspended_it_keeps_events_timers_and_answers_in_their_order(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "collects",
            async c =>
            {
                var timer = c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                var words = new List<string>();
                for (var i = 0; i < 20; i++)
                    words.Add(await c.WaitForExternalEvent<string>("word"));
                await timer;
                words.Add($"{(c.CurrentUtcDateTime - new DateTime(2026, 1, 5, 3, 0, 0, DateTimeKind.Utc)).TotalHours}");
                return string.Join(' ', words);
            }
        );
        await rig.RunAsync("collects");
        await rig.Client.SuspendInstanceAsync("i");
        for (var i = 0; i < 20; i++)
        {
            await rig.Client.RaiseEventAsync("i", "word", $"{i}");
            await rig.Engine.RunUntilIdleAsync();
            if (i == 10)
                await rig.RestartAsync();
        }

        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(Status.Suspended, (await rig.GetAsync()).RuntimeStatus);
        await rig.Client.ResumeInstanceAsync("i");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal($"{string.Join(' ', Enumerable.Range(0, 20))} 2", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task Suspending_twice_resuming_what_runs_and_either_after_the_end_change_nothing(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        await rig.RunAsync("waits");
        await Then(rig.Client.ResumeInstanceAsync("i", "not suspended"), Status.Running);
        await Then(rig.Client.SuspendInstanceAsync("i"), Status.Suspended);
        await Then(rig.Client.SuspendInstanceAsync("i", "again"), Status.Suspended);
        await Then(rig.Client.ResumeInstanceAsync("i"), Status.Running);
        await Then(rig.Client.RaiseEventAsync("i", "go", 1), Status.Completed);
        await Then(rig.Client.SuspendInstanceAsync("i"), Status.Completed);
        await Then(rig.Client.ResumeInstanceAsync("i"), Status.Completed);
        await Then(rig.Client.TerminateInstanceAsync("i", "late"), Status.Completed);
        Assert.Equal(1, (await rig.GetAsync()).ReadOutputAs<int>());
        await rig.Client.SuspendInstanceAsync("nobody");
        await rig.Client.TerminateInstanceAsync("nobody");
        Assert.Empty(rig.Store.LoadWork().Messages);

        async Task Then(Task request, Status expected)
        {
            await request;
            await rig.Engine.RunUntilIdleAsync();
            Assert.Equal(expected, (await rig.GetAsync()).RuntimeStatus);
        }
    }

    [Theory, EachSetup]
    public async Task What_is_suspended_before_it_started_waits_and_can_be_terminated(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("work", x => x).Orchestrator("works", async c => await c.CallActivityAsync<int>("work", 1));
        foreach (var id in new[] { "resumed", "terminated" })
        {
            await rig.Client.ScheduleNewOrchestrationInstanceAsync("works", new StartOrchestrationOptions(id));
            await rig.Client.SuspendInstanceAsync(id);
        }

        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(Status.Suspended, (await rig.GetAsync("resumed")).RuntimeStatus);
        await rig.Client.TerminateInstanceAsync("terminated", new { quote = "I'll be back." });
        await rig.Client.ResumeInstanceAsync("resumed");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1, (await rig.GetAsync("resumed")).ReadOutputAs<int>());
        var ended = await rig.GetAsync("terminated");
        Assert.Equal((Status.Terminated, """{"quote":"I\u0027ll be back."}"""), (ended.RuntimeStatus, ended.SerializedOutput));
    }

    [Theory]
    [InlineData(Setup.Memory, true)]
    [InlineData(Setup.Memory, false)]
    [InlineData(Setup.SqliteReplaying, true)]
    [InlineData(Setup.Sqlite, false)]
    public async Task Terminating_ends_the_descendants_when_asked_and_only_then(Setup setup, bool recursive)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<int>(
            "nests",
            async (c, depth) =>
                depth == 3
                    ? await c.WaitForExternalEvent<int>("go")
                    : (
                        await Task.WhenAll(
                            Enumerable
                                .Range(0, 2)
                                .Select(i =>
                                    c.CallSubOrchestratorAsync<int>(
                                        "nests",
                                        depth + 1,
                                        new SubOrchestrationOptions(instanceId: $"{c.InstanceId}{i}")
                                    )
                                )
                        )
                    ).Sum()
        );
        await rig.RunAsync("nests", 0);
        await rig.RestartAsync();
        await rig.Client.TerminateInstanceAsync("i", new TerminateInstanceOptions("enough", recursive));
        await rig.Engine.RunUntilIdleAsync();
        var statuses = new Dictionary<string, Status>();
        await foreach (var instance in rig.Client.GetAllInstancesAsync())
            statuses[instance.InstanceId] = instance.RuntimeStatus;
        Assert.Equal(15, statuses.Count);
        Assert.Equal(Status.Terminated, statuses["i"]);
        Assert.All(statuses.Where(s => s.Key != "i"), s => Assert.Equal(recursive ? Status.Terminated : Status.Running, s.Value));
    }

    [Theory, EachSetup]
    public async Task A_parent_that_stops_waiting_for_its_child_lets_it_run(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("child", async c => await c.WaitForExternalEvent<int>("go"))
            .Orchestrator(
                "parent",
                async c =>
                {
                    var child = c.CallSubOrchestratorAsync<int>("child", null, new SubOrchestrationOptions(instanceId: "kid"));
                    var limit = c.CreateTimer(TimeSpan.FromMinutes(5), CancellationToken.None);
                    if (await Task.WhenAny(child, limit) == child)
                        return await child;
                    c.SendEvent("kid", "go", -1);
                    return $"gave up: {await child}";
                }
            );
        await rig.RunAsync("parent");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal("gave up: -1", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(Status.Completed, (await rig.GetAsync("kid")).RuntimeStatus);
    }

    [Theory, EachSetup]
    public async Task An_activity_that_answers_after_the_termination_changes_nothing(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Add(r =>
                r.AddActivityFunc(
                    "slow",
                    async _ =>
                    {
                        await rig.Client.TerminateInstanceAsync("i", "meanwhile");
                        return 1;
                    }
                )
            )
            .Orchestrator("calls", async c => await c.CallActivityAsync<int>("slow"));
        Assert.Equal("meanwhile", (await rig.RunAsync("calls")).ReadOutputAs<string>());
        Assert.Equal(Status.Terminated, (await rig.GetAsync()).RuntimeStatus);
        Assert.Empty(rig.Store.LoadWork().Messages);
    }
}

using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Histories;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using OrchestrationAlreadyExistsException = DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException;

namespace IRFunctions.Tests.Engine;

public class OrchestrationTests
{
    [Theory, EachSetup]
    public async Task Activities_run_once_each_however_often_the_code_is_replayed(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var runs = 0;
        rig.Activity<int, int>("double", x => x * 2)
            .Orchestrator(
                "sum",
                async c =>
                {
                    runs++;
                    var sum = 0;
                    for (var i = 1; i <= 5; i++)
                        sum += await c.CallActivityAsync<int>("double", i);
                    return sum;
                }
            );
        var done = await rig.RunAsync("sum");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, done.RuntimeStatus);
        Assert.Equal(30, done.ReadOutputAs<int>());
        Assert.Equal(5, rig.Ran.Count);
        // With its executor kept the code simply goes on.
        Assert.Equal(rig.KeepsSessions ? 1 : 6, runs);
    }

    [Theory, EachSetup]
    public async Task Fan_out_returns_the_results_in_the_order_of_the_calls(Setup setup)
    {
        await using var rig = new EngineRig(setup, new EngineOptions { ShuffleSeed = 7 });
        rig.Activity<int, string>("name", x => $"n{x}")
            .Orchestrator(
                "fan",
                async c => await Task.WhenAll(Enumerable.Range(0, 20).Select(i => c.CallActivityAsync<string>("name", i)))
            );
        var done = await rig.RunAsync("fan");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"n{i}"), done.ReadOutputAs<string[]>());
    }

    [Theory, EachSetup]
    public async Task A_failing_activity_surfaces_with_its_type_and_message(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("bad", _ => throw new ArgumentException("broken"))
            .Orchestrator(
                "catches",
                async c =>
                {
                    try
                    {
                        await c.CallActivityAsync("bad", 1);
                        return "no";
                    }
                    catch (TaskFailedException e)
                    {
                        return $"{e.TaskName} {e.FailureDetails.ErrorMessage} {e.FailureDetails.IsCausedBy<ArgumentException>()}";
                    }
                }
            );
        Assert.Equal("bad broken True", (await rig.RunAsync("catches")).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task An_orchestrator_that_throws_fails_and_keeps_the_cause(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("bad", _ => throw new ArgumentException("broken"))
            .Orchestrator("throws", async c => await c.CallActivityAsync<int>("bad", 1));
        var failed = await rig.RunAsync("throws");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        Assert.Equal(typeof(ArgumentException).FullName, failed.FailureDetails!.InnerFailure!.ErrorType);
    }

    [Theory, EachSetup]
    public async Task Unknown_names_fail_with_the_name_in_the_message(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("calls", async c => await c.CallActivityAsync<int>("nobody"));
        Assert.Contains("'nobody'", (await rig.RunAsync("calls")).FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("'absent'", (await rig.RunAsync("absent", id: "b")).FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task Early_events_are_kept_and_delivered_in_order_whatever_the_case_of_the_name(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("wait", x => x)
            .Orchestrator(
                "reads",
                async c =>
                {
                    await c.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                    return new[]
                    {
                        await c.WaitForExternalEvent<string>("vote"),
                        await c.WaitForExternalEvent<string>("VOTE"),
                        await c.WaitForExternalEvent<string>("other"),
                    };
                }
            );
        await rig.RunAsync("reads");
        await rig.Client.RaiseEventAsync("i", "Vote", "a");
        await rig.Client.RaiseEventAsync("i", "other", "c");
        await rig.Client.RaiseEventAsync("i", "vote", "b");
        await rig.Engine.RunUntilIdleAsync();
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["a", "b", "c"], (await rig.GetAsync()).ReadOutputAs<string[]>()!);
    }

    [Theory, EachSetup]
    public async Task Events_to_unknown_or_finished_instances_are_dropped(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("quick", _ => Task.FromResult<object?>(1));
        await rig.RunAsync("quick");
        await rig.Client.RaiseEventAsync("i", "x", 1);
        await rig.Client.RaiseEventAsync("nobody", "x", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Null(await rig.Client.GetInstanceAsync("nobody"));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await rig.GetAsync()).RuntimeStatus);
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    [Theory, EachSetup]
    public async Task Orchestrations_send_each_other_events(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        rig.Orchestrator(
            "sends",
            c =>
            {
                c.SendEvent("i", "go", 42);
                return Task.FromResult<object?>(null);
            }
        );
        await rig.RunAsync("waits");
        await rig.RunAsync("sends", id: "s");
        Assert.Equal(42, (await rig.GetAsync()).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task A_running_id_cannot_be_started_again_and_a_finished_one_is_replaced(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<string>("waits", async (c, input) => $"{input} {await c.WaitForExternalEvent<string>("go")}");
        await rig.RunAsync("waits", "first");
        var refused = await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => rig.RunAsync("waits", "second"));
        Assert.Contains(
            "An orchestration with id 'i' already exists. It's in the Running state.",
            refused.Message,
            StringComparison.Ordinal
        );
        await rig.Client.RaiseEventAsync("i", "go", "one");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("first one", (await rig.GetAsync()).ReadOutputAs<string>());

        var again = await rig.RunAsync("waits", "second");
        Assert.Equal(OrchestrationRuntimeStatus.Running, again.RuntimeStatus);
        await rig.Client.RaiseEventAsync("i", "go", "two");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("second two", (await rig.GetAsync()).ReadOutputAs<string>());
        var kept = new StartOrchestrationOptions("i").WithDedupeStatuses(OrchestrationRuntimeStatus.Completed);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() =>
            rig.Client.ScheduleNewOrchestrationInstanceAsync("waits", (object?)"third", kept)
        );
    }

    [Theory, EachSetup]
    public async Task Continue_as_new_starts_afresh_and_keeps_unprocessed_events(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("next", x => x + 1)
            .Orchestrator<int>(
                "loops",
                async (c, input) =>
                {
                    var n = await c.CallActivityAsync<int>("next", input);
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    if (n < 4)
                    {
                        c.ContinueAsNew(n);
                        return null;
                    }

                    return $"{n} {await c.WaitForExternalEvent<string>("word")}";
                }
            );
        await rig.RunAsync("loops", 0);
        await rig.Client.RaiseEventAsync("i", "word", "kept");
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal("4 kept", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(4, rig.Ran.Count);
        Assert.Equal(0, rig.Engine.WaitingTimers);
    }

    [Theory, EachSetup]
    public async Task A_suspended_instance_does_nothing_and_catches_up_when_resumed(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<string, string>("note", x => x)
            .Orchestrator(
                "notes",
                async c =>
                {
                    for (var i = 0; i < 3; i++)
                        await c.CallActivityAsync("note", await c.WaitForExternalEvent<string>("say"));
                    return "done";
                }
            );
        await rig.RunAsync("notes");
        await rig.Client.SuspendInstanceAsync("i", "maintenance");
        foreach (var word in new[] { "a", "b", "c" })
            await rig.Client.RaiseEventAsync("i", "say", word);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await rig.GetAsync()).RuntimeStatus);
        Assert.Empty(rig.Ran);
        await rig.RestartAsync();
        await rig.Client.ResumeInstanceAsync("i");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("done", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(["note:a", "note:b", "note:c"], rig.Ran);
        DeterminismTests.Check(rig, HistoryFile.Export(rig.Store, "i"));
    }

    [Theory, EachSetup]
    public async Task Terminating_recursively_ends_children_and_removes_their_timers(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
                "parent",
                async c => await c.CallSubOrchestratorAsync<int>("sleeper", null, new SubOrchestrationOptions(instanceId: "kid"))
            )
            .Orchestrator(
                "sleeper",
                async c =>
                {
                    await c.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
                    return 1;
                }
            );
        await rig.RunAsync("parent");
        Assert.Equal(1, rig.Engine.WaitingTimers);
        await rig.Client.TerminateInstanceAsync("i", new TerminateInstanceOptions("enough", Recursive: true));
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await rig.GetAsync()).RuntimeStatus);
        Assert.Equal("enough", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await rig.GetAsync("kid")).RuntimeStatus);
        Assert.Null(rig.Engine.NextDue);
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    [Theory, EachSetup]
    public async Task Guids_custom_status_and_logs_survive_replay(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var guids = new List<Guid>();
        rig.Activity<int, int>("step", x => x)
            .Orchestrator(
                "ids",
                async c =>
                {
                    guids.Add(c.NewGuid());
                    c.SetCustomStatus(new { phase = "one" });
                    await c.CallActivityAsync("step", 1);
                    guids.Add(c.NewGuid());
                    c.SetCustomStatus("two");
                    await c.WaitForExternalEvent<int>("go");
                    return null;
                }
            );
        var waiting = await rig.RunAsync("ids");
        Assert.Equal("two", waiting.ReadCustomStatusAs<string>());
        await rig.RestartAsync();
        await rig.Client.RaiseEventAsync("i", "other", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("two", (await rig.GetAsync()).ReadCustomStatusAs<string>());
        // Two were made, however often the code ran.
        Assert.Equal(2, guids.Distinct().Count());
        await rig.RunAsync("ids", id: "other");
        Assert.Equal(4, guids.Distinct().Count());
    }

    [Theory, EachSetup]
    public async Task A_delayed_start_waits_for_its_time_and_keeps_events(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<string>("go"));
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "waits",
            new StartOrchestrationOptions("i", rig.Clock.GetUtcNow().AddHours(3))
        );
        await rig.Client.RaiseEventAsync("i", "go", "early");
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await rig.GetAsync()).RuntimeStatus);
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal("early", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task A_delayed_start_can_be_terminated_and_leaves_no_timer(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("never", _ => throw new InvalidOperationException("ran"));
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "never",
            new StartOrchestrationOptions("i", rig.Clock.GetUtcNow().AddHours(3))
        );
        await rig.Client.TerminateInstanceAsync("i");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Null(rig.Engine.NextDue);
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(4));
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await rig.GetAsync()).RuntimeStatus);
    }

    [Theory, EachSetup]
    public async Task Two_clients_that_start_the_same_id_at_once_get_one_instance(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        var starts = Enumerable
            .Range(0, 8)
            .Select(i =>
                Task.Run(() => rig.Client.ScheduleNewOrchestrationInstanceAsync("waits", (object?)i, new StartOrchestrationOptions("i")))
            )
            .ToArray();
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => Task.WhenAll(starts));
        Assert.Equal(1, starts.Count(s => s.IsCompletedSuccessfully));
    }

    [Theory, EachSetup]
    public async Task No_input_and_no_output_are_null_not_empty(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var inputs = new List<bool>();
        rig.Add(r =>
            r.AddActivityFunc<string?, string?>(
                "nothing",
                (TaskActivityContext _, string? input) =>
                {
                    inputs.Add(input is null);
                    return Task.FromResult<string?>(null);
                }
            )
        );
        rig.Orchestrator("quiet", async c => await c.CallActivityAsync<string?>("nothing") ?? c.GetInput<string>());
        var quiet = await rig.RunAsync("quiet");
        Assert.Equal([true], inputs);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, quiet.RuntimeStatus);
        Assert.Null(quiet.SerializedInput);
        Assert.Null(quiet.SerializedOutput);
    }
}

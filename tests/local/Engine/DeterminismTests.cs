using DurableTask.Core.Exceptions;
using IRFunctions.Local.Engine.Histories;
using IRFunctions.Local.Engine.Hosting;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

public class DeterminismTests
{
    private static readonly string[] Steps = ["one", "two"];

    [Theory, EachSetup]
    public async Task Another_action_than_recorded_fails_with_instance_event_and_what_the_code_did_instead(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var changed = false;
        rig.Activity<int, int>("one", x => x)
            .Activity<int, int>("two", x => x)
            .Orchestrator(
                "changes",
                async c =>
                {
                    await c.CallActivityAsync(Steps[changed ? 1 : 0], 1);
                    await c.WaitForExternalEvent<int>("go");
                    return null;
                }
            );
        await rig.RunAsync("changes");
        changed = true;
        await rig.Client.RaiseEventAsync("i", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        var failed = await rig.GetAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        var message = failed.FailureDetails!.ErrorMessage;
        Assert.Equal(typeof(NonDeterministicOrchestrationException).FullName, failed.FailureDetails.ErrorType);
        Assert.Contains("Orchestration 'i' (changes) is not deterministic", message, StringComparison.Ordinal);
        Assert.Contains(
            "event 3 of its history is TaskScheduled #0 'one', but the code did TaskScheduled #0 'two'",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "the current orchestration replay instead scheduled an activity task named 'two'",
            message,
            StringComparison.Ordinal
        );
        // The real engine would still run what the wrong code scheduled; this one does not.
        Assert.Equal(["one:1"], rig.Ran);
    }

    [Theory, EachSetup]
    public async Task Waiting_where_an_action_is_recorded_fails(Setup setup)
    {
        var message = await Break(
            setup,
            async (c, changed) =>
            {
                await c.CallActivityAsync("one", 1);
                if (!changed)
                    await c.CallActivityAsync("two", 2);
                await c.WaitForExternalEvent<int>("go");
                return null;
            }
        );
        Assert.Contains("TaskScheduled #1 'two', but the code had done nothing of the kind by then", message, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task Finishing_earlier_than_before_fails(Setup setup)
    {
        var message = await Break(
            setup,
            async (c, changed) =>
            {
                await c.CallActivityAsync("one", 1);
                if (changed)
                    return "done";
                await c.WaitForExternalEvent<int>("go");
                return null;
            }
        );
        Assert.Contains("but the code finished (Completed)", message, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task An_action_more_than_before_fails(Setup setup)
    {
        var message = await Break(
            setup,
            async (c, changed) =>
            {
                await c.CallActivityAsync("one", 1);
                if (changed)
                    c.SendEvent("x", "new", 1);
                await c.WaitForExternalEvent<int>("go");
                return null;
            }
        );
        Assert.Contains("but the code did EventSent #1 'new' -> 'x'", message, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task Code_that_swallows_the_error_still_fails(Setup setup)
    {
        var message = await Break(
            setup,
            async (c, changed) =>
            {
                try
                {
                    await c.CallActivityAsync(changed ? "two" : "one", 1);
                }
                catch (Exception)
                {
                    return "swallowed";
                }

                await c.WaitForExternalEvent<int>("go");
                return null;
            }
        );
        Assert.Contains("event 3 of its history", message, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task A_recorded_history_replays_against_the_same_code_and_not_against_another(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("one", x => x)
            .Entity<Counter>("counter")
            .Orchestrator(
                "full",
                async c =>
                {
                    await c.CallActivityAsync("one", 1);
                    using var cancel = new CancellationTokenSource();
                    var timer = c.CreateTimer(TimeSpan.FromHours(1), cancel.Token);
                    if (await Task.WhenAny(timer, c.WaitForExternalEvent<int>("go")) != timer)
                        cancel.Cancel();
                    await c.Entities.SignalEntityAsync(new("counter", "k"), "add", 1);
                    return await c.Entities.CallEntityAsync<int>(new("counter", "k"), "get");
                }
            );
        await rig.RunAsync("full");
        var waiting = HistoryFile.Export(rig.Store, "i");
        await rig.Client.RaiseEventAsync("i", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1, (await rig.GetAsync()).ReadOutputAs<int>());
        var finished = HistoryFile.Export(rig.Store, "i");
        Check(rig, waiting);
        Check(rig, finished);

        var other = TaskFactories.From(r =>
            r.AddOrchestratorFunc(
                "full",
                async c =>
                {
                    await c.CallActivityAsync("one", 1);
                    await c.WaitForExternalEvent<int>("go");
                }
            )
        );
        var broken = Assert.Throws<NonDeterminismException>(() =>
            ReplayCheck.Run(other, TaskFactories.NoServices, HistoryFile.Import(finished))
        );
        Assert.Equal("i", broken.InstanceId);
        Assert.Equal(7, broken.EventNumber);
        Assert.Contains("TimerCreated #1", broken.Message, StringComparison.Ordinal);
    }

    internal static void Check(EngineRig rig, string history) =>
        ReplayCheck.Run(TaskFactories.From(rig.AddAll), TaskFactories.NoServices, HistoryFile.Import(history));

    private static async Task<string> Break(Setup setup, Func<TaskOrchestrationContext, bool, Task<object?>> code)
    {
        await using var rig = new EngineRig(setup);
        var changed = false;
        rig.Activity<int, int>("one", x => x).Activity<int, int>("two", x => x).Orchestrator("changes", c => code(c, changed));
        await rig.RunAsync("changes");
        changed = true;
        await rig.Client.RaiseEventAsync("i", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        var failed = await rig.GetAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        return failed.FailureDetails!.ErrorMessage;
    }
}

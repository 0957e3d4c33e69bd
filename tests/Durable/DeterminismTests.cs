using IRFunctions.Local.Durable;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Durable;

public class DeterminismTests
{
    private static readonly string[] Steps = ["one", "two"];

    [Theory, EachStore]
    public async Task Another_action_than_recorded_fails_with_event_action_and_line(StoreKind kind)
    {
        await using var rig = new DurableRig(kind);
        var changed = false;
        rig.Activity<int, int>("one", x => x).Activity<int, int>("two", x => x).Orchestrator("changes", async c =>
        {
            await c.CallActivityAsync(Steps[changed ? 1 : 0], 1);
            await c.WaitForExternalEvent<int>("go");
            return null;
        });
        await rig.RunAsync("changes");
        changed = true;
        await rig.Client.RaiseEventAsync("i", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        var failed = await rig.GetAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        var message = failed.FailureDetails!.ErrorMessage;
        Assert.Equal(typeof(NonDeterminismException).FullName, failed.FailureDetails.ErrorType);
        Assert.Contains("Orchestration 'i'", message, StringComparison.Ordinal);
        Assert.Contains("event 3 of the history is ActivityScheduled #1 'one', but the code did ActivityScheduled #1 'two'", message, StringComparison.Ordinal);
        Assert.Matches(@"DeterminismTests\.cs:\d+\.", message);
    }

    [Theory, EachStore]
    public async Task Finishing_without_a_recorded_action_fails_and_names_the_last_call(StoreKind kind)
    {
        var message = await Break(kind, async (c, changed) =>
        {
            await c.CallActivityAsync("one", 1);
            if (!changed) await c.CallActivityAsync("two", 2);
            await c.WaitForExternalEvent<int>("go");
            return null;
        });
        Assert.Contains("but the code waits for something else", message, StringComparison.Ordinal);
        Assert.Contains("ActivityScheduled #2 'two'", message, StringComparison.Ordinal);
        Assert.Matches(@"The last durable call before that was at .*DeterminismTests\.cs:\d+", message);
    }

    [Theory, EachStore]
    public async Task Finishing_earlier_than_before_fails(StoreKind kind)
    {
        var message = await Break(kind, async (c, changed) =>
        {
            await c.CallActivityAsync("one", 1);
            if (changed) return "done";
            await c.WaitForExternalEvent<int>("go");
            return null;
        });
        Assert.Contains("but the code finished (Completed)", message, StringComparison.Ordinal);
    }

    [Theory, EachStore]
    public async Task An_action_more_than_before_fails(StoreKind kind)
    {
        var message = await Break(kind, async (c, changed) =>
        {
            await c.CallActivityAsync("one", 1);
            if (changed) c.SendEvent("x", "new", 1);
            await c.WaitForExternalEvent<int>("go");
            return null;
        });
        Assert.Contains("but the code did EventSent 'new' -> 'x'", message, StringComparison.Ordinal);
    }

    [Theory, EachStore]
    public async Task Code_that_swallows_the_error_still_fails(StoreKind kind)
    {
        var message = await Break(kind, async (c, changed) =>
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
        });
        Assert.Contains("event 3 of the history", message, StringComparison.Ordinal);
    }

    [Theory, EachStore]
    public async Task Awaiting_what_is_not_durable_fails(StoreKind kind)
    {
        await using var rig = new DurableRig(kind);
        var never = new TaskCompletionSource();
        rig.Orchestrator("foreign", async c =>
        {
            c.SetCustomStatus("x");
            await never.Task;
            return null;
        });
        var failed = await rig.RunAsync("foreign");
        Assert.Contains("neither finished nor waits for a durable task", failed.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory, EachStore]
    public async Task Leaving_the_context_does_not_leave_the_thread(StoreKind kind)
    {
        await using var rig = new DurableRig(kind);
        rig.Activity<int, int>("one", x => x).Orchestrator("careless", async c =>
        {
            var sum = 0;
            for (var i = 0; i < 3; i++) sum += await c.CallActivityAsync<int>("one", i).ConfigureAwait(false);
            return sum;
        });
        Assert.Equal(3, (await rig.RunAsync("careless")).ReadOutputAs<int>());
    }

    [Theory, EachStore]
    public async Task A_recorded_history_replays_against_the_same_code_and_not_against_another(StoreKind kind)
    {
        await using var rig = new DurableRig(kind);
        rig.Activity<int, int>("one", x => x).Entity<Counter>("counter").Orchestrator("full", async c =>
        {
            await c.CallActivityAsync("one", 1);
            using var cancel = new CancellationTokenSource();
            var timer = c.CreateTimer(TimeSpan.FromHours(1), cancel.Token);
            if (await Task.WhenAny(timer, c.WaitForExternalEvent<int>("go")) != timer) cancel.Cancel();
            await c.Entities.SignalEntityAsync(new("counter", "k"), "add", 1);
            return await c.Entities.CallEntityAsync<int>(new("counter", "k"), "get");
        });
        await rig.RunAsync("full");
        var waiting = HistoryFile.Export(rig.Store, "i");
        await rig.Client.RaiseEventAsync("i", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1, (await rig.GetAsync()).ReadOutputAs<int>());
        var finished = HistoryFile.Export(rig.Store, "i");
        ReplayCheck.Run(rig.Registry, HistoryFile.Import(waiting));
        ReplayCheck.Run(rig.Registry, HistoryFile.Import(finished));

        var other = new DurableRegistry().AddOrchestrator("full", async c =>
        {
            await c.CallActivityAsync("one", 1);
            await c.WaitForExternalEvent<int>("go");
            return null;
        });
        var broken = Assert.Throws<NonDeterminismException>(() => ReplayCheck.Run(other, HistoryFile.Import(finished)));
        Assert.Equal("i", broken.InstanceId);
        Assert.Equal(6, broken.EventNumber);
        Assert.Contains("TimerCreated #2", broken.Message, StringComparison.Ordinal);
    }

    private static async Task<string> Break(StoreKind kind, Func<TaskOrchestrationContext, bool, Task<object?>> code)
    {
        await using var rig = new DurableRig(kind);
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

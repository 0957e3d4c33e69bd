using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

public class SubOrchestrationTests
{
    [Theory, EachSetup]
    public async Task A_child_gets_its_input_knows_its_parent_and_returns_its_output(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
                "parent",
                async c =>
                    await Task.WhenAll(
                        c.CallSubOrchestratorAsync<string>("child", "x"),
                        c.CallSubOrchestratorAsync<string>("child", "y", new SubOrchestrationOptions(instanceId: "kid"))
                    )
            )
            .Orchestrator<string>(
                "child",
                async (c, input) =>
                {
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    return $"{input} of {c.Parent!.InstanceId} ({c.Parent.Name})";
                }
            );
        await rig.RunAsync("parent");
        Assert.NotNull(await rig.Client.GetInstanceAsync("kid"));
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(["x of i (parent)", "y of i (parent)"], (await rig.GetAsync()).ReadOutputAs<string[]>()!);
    }

    [Theory, EachSetup]
    public async Task An_id_that_runs_is_refused_with_the_reason_and_one_that_has_finished_is_run_anew(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"))
            .Orchestrator(
                "calls",
                async c =>
                {
                    try
                    {
                        return await c.CallSubOrchestratorAsync<int>("waits", null, new SubOrchestrationOptions(instanceId: "kid"));
                    }
                    catch (TaskFailedException e)
                    {
                        return e.FailureDetails.ErrorMessage;
                    }
                }
            );
        await rig.RunAsync("waits", id: "kid");
        Assert.Equal("An orchestration with the id 'kid' is already running.", (await rig.RunAsync("calls")).ReadOutputAs<string>());
        await rig.Client.RaiseEventAsync("kid", "go", 7);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(7, (await rig.GetAsync("kid")).ReadOutputAs<int>());
        await rig.RunAsync("calls");
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.GetAsync("kid")).RuntimeStatus);
        await rig.Client.RaiseEventAsync("kid", "go", 8);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(8, (await rig.GetAsync()).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task A_failing_child_is_retried_under_the_same_id(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var tries = 0;
        rig.Orchestrator("child", _ => ++tries < 3 ? throw new InvalidOperationException("again") : Task.FromResult<object?>(tries))
            .Orchestrator(
                "parent",
                async c =>
                    await c.CallSubOrchestratorAsync<int>(
                        "child",
                        null,
                        new SubOrchestrationOptions(new RetryPolicy(3, TimeSpan.FromSeconds(5)), "kid")
                    )
            );
        await rig.RunAsync("parent");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, (await rig.GetAsync()).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task A_child_that_is_terminated_fails_its_call(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("child", async c => await c.WaitForExternalEvent<int>("go"))
            .Orchestrator(
                "parent",
                async c => await c.CallSubOrchestratorAsync<int>("child", null, new SubOrchestrationOptions(instanceId: "kid"))
            );
        await rig.RunAsync("parent");
        await rig.Client.TerminateInstanceAsync("kid");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Contains("'kid' was terminated", (await rig.GetAsync()).FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }
}

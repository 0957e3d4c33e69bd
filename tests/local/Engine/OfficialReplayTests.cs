using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.Entities;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using IRFunctions.Local.Engine.Histories;
using IRFunctions.Local.Engine.Hosting;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;

namespace IRFunctions.Tests.Engine;

/// <summary>
/// What Durable Task's own executor does, alone, where code was changed under a running instance: what docs/deploy-upgrade.md says of
/// production. The history is one call of "one" with 1, then a wait for "go", which comes now.
/// </summary>
public class OfficialReplayTests
{
    [Fact]
    public async Task Another_call_fails_the_instance_and_what_the_wrong_code_scheduled_is_among_its_actions_all_the_same()
    {
        var actions = await ReplayAsync(async c =>
        {
            await c.CallActivityAsync("two", 1);
            await c.WaitForExternalEvent<int>("go");
        });
        var end = actions.OfType<OrchestrationCompleteOrchestratorAction>().Single();
        Assert.Equal(
            (OrchestrationStatus.Failed, typeof(NonDeterministicOrchestrationException).FullName),
            (end.OrchestrationStatus, end.FailureDetails!.ErrorType)
        );
        Assert.Equal("two", actions.OfType<ScheduleTaskOrchestratorAction>().Single().Name);
    }

    [Fact]
    public async Task A_call_more_is_not_noticed_and_made()
    {
        var actions = await ReplayAsync(async c =>
        {
            await c.CallActivityAsync("one", 1);
            var more = c.CallActivityAsync("new", 1);
            await c.WaitForExternalEvent<int>("go");
            await more;
        });
        Assert.Equal("new", Assert.IsType<ScheduleTaskOrchestratorAction>(Assert.Single(actions)).Name);
    }

    [Fact]
    public async Task An_earlier_return_is_not_noticed()
    {
        var actions = await ReplayAsync(async c => await c.CallActivityAsync("one", 1));
        Assert.Equal(
            OrchestrationStatus.Completed,
            Assert.IsType<OrchestrationCompleteOrchestratorAction>(Assert.Single(actions)).OrchestrationStatus
        );
    }

    [Fact]
    public async Task Another_input_is_not_noticed()
    {
        var actions = await ReplayAsync(async c =>
        {
            await c.CallActivityAsync("one", 2);
            await c.WaitForExternalEvent<int>("go");
        });
        Assert.Equal(
            OrchestrationStatus.Completed,
            Assert.IsType<OrchestrationCompleteOrchestratorAction>(Assert.Single(actions)).OrchestrationStatus
        );
    }

    /// <summary>Nor does the recorded history's check notice it: the page says that only a review does.</summary>
    [Fact]
    public async Task Another_input_passes_the_check_of_recorded_histories()
    {
        var history = await HistoryAsync();
        ReplayCheck.Run(
            TaskFactories.From(r =>
                r.AddOrchestratorFunc(
                    "changes",
                    async c =>
                    {
                        await c.CallActivityAsync("one", 2);
                        await c.WaitForExternalEvent<int>("go");
                    }
                )
            ),
            TaskFactories.NoServices,
            history
        );
    }

    private static async Task<IReadOnlyList<HistoryEvent>> HistoryAsync()
    {
        await using var rig = new EngineRig(Setup.Memory);
        rig.Activity<int, int>("one", x => x)
            .Orchestrator(
                "changes",
                async c =>
                {
                    await c.CallActivityAsync("one", 1);
                    await c.WaitForExternalEvent<int>("go");
                    return null;
                }
            );
        await rig.RunAsync("changes");
        return HistoryFile.Import(HistoryFile.Export(rig.Store, "i"));
    }

    private static async Task<List<OrchestratorAction>> ReplayAsync(Func<TaskOrchestrationContext, Task> changed)
    {
        var state = new OrchestrationRuntimeState([.. await HistoryAsync()]);
        state.AddEvent(new OrchestratorStartedEvent(-1));
        state.AddEvent(new EventRaisedEvent(-1, "1") { Name = "go" });
        Assert.True(
            TaskFactories
                .From(r => r.AddOrchestratorFunc("changes", changed))
                .TryCreateOrchestrator("changes", TaskFactories.NoServices, out var code)
        );
        var shim = new DurableTaskShimFactory(new DurableTaskWorkerOptions(), null).CreateOrchestration("changes", code!, parent: null);
        var executor = new TaskOrchestrationExecutor(
            state,
            shim,
            BehaviorOnContinueAsNew.Carryover,
            new TaskOrchestrationEntityParameters(),
            ErrorPropagationMode.UseFailureDetails
        );
        return [.. executor.Execute().Actions];
    }
}

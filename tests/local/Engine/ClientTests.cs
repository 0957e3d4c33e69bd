using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Status = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;

namespace IRFunctions.Tests.Engine;

/// <summary>What the client tells, waits for, lists and removes.</summary>
public class ClientTests
{
    [Theory]
    [InlineData(false, Setup.Memory)]
    [InlineData(true, Setup.Memory)]
    [InlineData(true, Setup.Sqlite)]
    public async Task Without_payloads_asked_for_only_status_and_times_are_told(bool fails, Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<bool>(
            "waits",
            async (c, input) =>
            {
                c.SetCustomStatus("waiting");
                await c.WaitForExternalEvent<string>("event");
                return input ? throw new InvalidOperationException("failed") : "output";
            }
        );
        await rig.RunAsync("waits", fails);
        await rig.Client.RaiseEventAsync("i", "event");
        await rig.Engine.RunUntilIdleAsync();
        foreach (
            var told in new[]
            {
                (await rig.Client.GetInstanceAsync("i"))!,
                await rig.Client.WaitForInstanceCompletionAsync("i"),
                await rig.Client.WaitForInstanceStartAsync("i"),
            }
        )
        {
            Assert.Equal(("waits", "i", fails ? Status.Failed : Status.Completed), (told.Name, told.InstanceId, told.RuntimeStatus));
            Assert.Null(told.SerializedInput ?? told.SerializedOutput ?? told.SerializedCustomStatus);
            Assert.Null(told.FailureDetails);
        }

        var all = await rig.Client.WaitForInstanceCompletionAsync("i", getInputsAndOutputs: true);
        Assert.Equal(("waiting", fails), (all.ReadCustomStatusAs<string>(), all.ReadInputAs<bool>()));
        Assert.Equal(fails ? null : "\"output\"", all.SerializedOutput);
        Assert.Equal(fails ? "failed" : null, all.FailureDetails?.ErrorMessage);
        Assert.Null(await rig.Client.GetInstanceAsync("nobody"));
    }

    [Theory, EachSetup]
    public async Task A_wait_for_start_or_end_can_be_cancelled_and_one_for_an_unknown_id_waits_for_it(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        using var cancel = new CancellationTokenSource();
        var (start, end) = (
            rig.Client.WaitForInstanceStartAsync("i", cancellation: default),
            rig.Client.WaitForInstanceCompletionAsync("i", cancel.Token)
        );
        await rig.RunAsync("waits");
        Assert.Equal(Status.Running, (await start).RuntimeStatus);
        await cancel.CancelAsync();
        // Exactly this type, as the official client throws it.
        await Assert.ThrowsAsync<OperationCanceledException>(() => end);
    }

    [Theory, EachSetup]
    public async Task A_start_that_is_due_already_starts_at_once(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("ends", _ => Task.FromResult<object?>(1));
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "ends",
            new StartOrchestrationOptions("i", rig.Clock.GetUtcNow().AddHours(-3))
        );
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(Status.Completed, (await rig.GetAsync()).RuntimeStatus);
    }

    [Theory, EachSetup]
    public async Task An_entitys_id_is_none_of_an_orchestration_for_any_call(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter");
        await rig.Entities.SignalEntityAsync(new("counter", "k"), "add", 1);
        await rig.Engine.RunUntilIdleAsync();
        const string Id = "@counter@k";
        foreach (
            var call in new Func<Task>[]
            {
                () => rig.Client.GetInstanceAsync(Id),
                () => rig.Client.WaitForInstanceStartAsync(Id),
                () => rig.Client.WaitForInstanceCompletionAsync(Id),
                () => rig.Client.RaiseEventAsync(Id, "x"),
                () => rig.Client.SuspendInstanceAsync(Id),
                () => rig.Client.ResumeInstanceAsync(Id),
                () => rig.Client.TerminateInstanceAsync(Id),
                () => rig.Client.RestartAsync(Id),
                () => rig.Client.RewindInstanceAsync(Id, "x"),
                () => rig.Client.GetOrchestrationHistoryAsync(Id),
                async () =>
                    await rig
                        .Client.GetAllInstancesAsync(new OrchestrationQuery(InstanceIdPrefix: "@c"))
                        .GetAsyncEnumerator()
                        .MoveNextAsync(),
            }
        )
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(call);
            Assert.Contains(
                "is an entity's id, not an orchestration's: ask the client's Entities",
                refused.Message,
                StringComparison.Ordinal
            );
        }

        Assert.Equal(1, (await rig.Client.PurgeInstanceAsync(Id)).PurgedInstanceCount);
        Assert.Null(await rig.Entities.GetEntityAsync(new("counter", "k")));
    }

    [Theory, EachSetup]
    public async Task Pages_go_on_from_their_token_with_another_size(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        for (var i = 0; i < 21; i++)
            await rig.Client.ScheduleNewOrchestrationInstanceAsync("any", null, new StartOrchestrationOptions($"p-{i}"));
        var all = rig.Client.GetAllInstancesAsync(new OrchestrationQuery(InstanceIdPrefix: "p-"));
        var pages = new List<Page<OrchestrationMetadata>>();
        await foreach (var page in all.AsPages(pageSizeHint: 5))
            pages.Add(page);
        Assert.Equal([5, 5, 5, 5, 1], pages.Select(p => p.Values.Count));
        Assert.Null(pages[4].ContinuationToken);
        var rest = new List<Page<OrchestrationMetadata>>();
        await foreach (var page in all.AsPages(pages[1].ContinuationToken, 4))
            rest.Add(page);
        Assert.Equal(3, rest.Count);
        Assert.Equal(
            pages.Skip(2).SelectMany(p => p.Values).Select(m => m.InstanceId),
            rest.SelectMany(p => p.Values).Select(m => m.InstanceId)
        );
    }

    [Theory, EachSetup]
    public async Task Ids_are_listed_by_status_and_time_of_ending(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<bool>("ends", (_, fails) => fails ? throw new InvalidOperationException() : Task.FromResult<object?>(1))
            .Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        var start = rig.Clock.GetUtcNow();
        await rig.RunAsync("waits", id: "w");
        for (var i = 0; i < 4; i++)
        {
            await rig.RunAsync("ends", i == 3, $"e{i}");
            await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        }

        Assert.Equal(["e0", "e1", "e2", "e3", "w"], (await rig.Client.ListInstanceIdsAsync()).Values);
        Assert.Equal(["e3"], (await rig.Client.ListInstanceIdsAsync([Status.Failed])).Values);
        Assert.Equal(["e1", "e2"], (await rig.Client.ListInstanceIdsAsync(null, start.AddHours(1), start.AddHours(2))).Values);
        var first = await rig.Client.ListInstanceIdsAsync(pageSize: 2);
        Assert.Equal(["e2", "e3"], (await rig.Client.ListInstanceIdsAsync(pageSize: 2, lastInstanceKey: first.ContinuationToken)).Values);
    }

    [Theory, EachSetup]
    public async Task A_history_is_exported_in_Durable_Tasks_own_events(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("bad", _ => throw new InvalidOperationException("Failure!"))
            .Orchestrator(
                "sub",
                async c =>
                    await c.CallActivityAsync<int>("bad", 1, new TaskOptions(tags: new Dictionary<string, string> { ["key"] = "value" }))
            )
            .Orchestrator(
                "parent",
                async c => await c.CallSubOrchestratorAsync<int>("sub", null, new SubOrchestrationOptions(instanceId: "kid"))
            );
        await rig.RunAsync("parent", 7);
        var (parent, sub) = (await rig.Client.GetOrchestrationHistoryAsync("i"), await rig.Client.GetOrchestrationHistoryAsync("kid"));
        Assert.Equal(
            "OrchestratorStarted ExecutionStarted SubOrchestrationInstanceCreated OrchestratorCompleted "
                + "OrchestratorStarted SubOrchestrationInstanceFailed ExecutionCompleted OrchestratorCompleted",
            Text(parent)
        );
        Assert.Equal(
            "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorCompleted OrchestratorStarted TaskFailed "
                + "ExecutionCompleted OrchestratorCompleted",
            Text(sub)
        );
        var (started, called) = ((ExecutionStartedEvent)sub[1], (TaskScheduledEvent)sub[2]);
        Assert.Equal(
            ("i", "parent", 0),
            (started.ParentInstance.OrchestrationInstance.InstanceId, started.ParentInstance.Name, started.ParentInstance.TaskScheduleId)
        );
        Assert.Equal(
            ((ExecutionStartedEvent)parent[1]).OrchestrationInstance.ExecutionId,
            started.ParentInstance.OrchestrationInstance.ExecutionId
        );
        Assert.Equal(("7", "value"), (((ExecutionStartedEvent)parent[1]).Input, called.Tags!["key"]));
        Assert.Equal(called.EventId, ((TaskFailedEvent)sub[5]).TaskScheduledId);
        Assert.Equal("Failure!", ((ExecutionCompletedEvent)parent[6]).FailureDetails!.InnerFailure!.InnerFailure!.ErrorMessage);
        await Assert.ThrowsAsync<ArgumentException>(() => rig.Client.GetOrchestrationHistoryAsync("nobody"));

        static string Text(IEnumerable<HistoryEvent> events) => string.Join(' ', events.Select(e => e.EventType));
    }

    [Theory, EachSetup]
    public async Task Purging_is_by_time_and_status_and_refused_for_what_runs(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<bool>("ends", (_, fails) => fails ? throw new InvalidOperationException() : Task.FromResult<object?>(1))
            .Orchestrator("waits", async c => await c.WaitForExternalEvent<int>("go"));
        var start = rig.Clock.GetUtcNow();
        for (var i = 0; i < 4; i++)
        {
            await rig.RunAsync("ends", i == 3, $"e{i}");
            await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        }

        foreach (var id in new[] { "running", "suspended" })
            await rig.RunAsync("waits", id: id);
        await rig.Client.SuspendInstanceAsync("suspended");
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "ends",
            (object?)false,
            new StartOrchestrationOptions("pending", start.AddDays(1))
        );
        await rig.Engine.RunUntilIdleAsync();
        foreach (var id in new[] { "running", "suspended", "pending" })
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Client.PurgeInstanceAsync(id));
            Assert.Contains("Terminate it first.", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await rig.Client.PurgeInstanceAsync("nobody")).PurgedInstanceCount);
        foreach (
            var (filter, expected) in new (PurgeInstancesFilter, int)[]
            {
                (new(start.AddHours(1), start.AddHours(1)), 1),
                (new(CreatedTo: start), 1),
                (new(start, start.AddDays(1), [Status.Running, Status.Failed]), 1),
                (new(), 1),
                (new(), 0),
            }
        )
        {
            var purged = await rig.Client.PurgeAllInstancesAsync(filter);
            Assert.Equal((expected, true), (purged.PurgedInstanceCount, purged.IsComplete));
        }

        foreach (var wrong in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(-1) })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
                rig.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = wrong })
            );
        Assert.Equal(
            0,
            (await rig.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = TimeSpan.FromSeconds(30) })).PurgedInstanceCount
        );
        Assert.Equal(["pending", "running", "suspended"], (await rig.Client.ListInstanceIdsAsync()).Values);
    }

    [Theory, EachSetup]
    public async Task Tags_are_inherited_by_children_which_may_replace_them_and_survive_retries(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var tries = 0;
        rig.Orchestrator("child", _ => ++tries == 1 ? throw new InvalidOperationException("once") : Task.FromResult<object?>(1))
            .Orchestrator(
                "parent",
                async c =>
                    await c.CallSubOrchestratorAsync<int>(
                        "child",
                        null,
                        new SubOrchestrationOptions(new RetryPolicy(2, TimeSpan.FromMilliseconds(500)), "kid")
                        {
                            Tags = new Dictionary<string, string> { ["own"] = "1", ["both"] = "child" },
                        }
                    )
            );
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "parent",
            new StartOrchestrationOptions("i")
            {
                Tags = new Dictionary<string, string> { ["both"] = "parent", ["given"] = "2" },
            }
        );
        await rig.Engine.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, tries);
        Assert.Equal("both=parent given=2", Text((await rig.GetAsync()).Tags));
        Assert.Equal("both=child given=2 own=1", Text((await rig.GetAsync("kid")).Tags));

        static string Text(IReadOnlyDictionary<string, string> tags) =>
            string.Join(' ', tags.OrderBy(t => t.Key).Select(t => $"{t.Key}={t.Value}"));
    }
}

using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

public class QueryTests
{
    [Theory, EachSetup]
    public async Task Instances_are_listed_by_prefix_status_and_time_page_by_page(Setup setup)
    {
        await using var rig = await WithInstances(setup);
        Assert.Equal(["a-0", "a-1", "a-2", "a-3", "a-4"], await Ids(rig, new OrchestrationQuery(InstanceIdPrefix: "a-", PageSize: 2)));
        Assert.Equal(
            ["a-1", "a-3"],
            await Ids(rig, new OrchestrationQuery(InstanceIdPrefix: "a-", Statuses: [OrchestrationRuntimeStatus.Completed]))
        );
        var start = new DateTimeOffset(2026, 1, 5, 3, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            ["a-2", "a-3"],
            await Ids(rig, new OrchestrationQuery(start.AddMinutes(2), start.AddMinutes(3), InstanceIdPrefix: "a-"))
        );
        var sizes = new List<int>();
        await foreach (var page in rig.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 4)).AsPages())
            sizes.Add(page.Values.Count);
        Assert.Equal([4, 2], sizes);
    }

    [Theory, EachSetup]
    public async Task Purging_takes_finished_instances_only_and_children_when_asked(Setup setup)
    {
        await using var rig = await WithInstances(setup);
        await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Client.PurgeInstanceAsync("a-0"));
        Assert.Equal(
            2,
            (
                await rig.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(Statuses: [OrchestrationRuntimeStatus.Completed]))
            ).PurgedInstanceCount
        );
        Assert.Equal(["a-0", "a-2", "a-4", "b"], await Ids(rig, new OrchestrationQuery()));
        rig.Orchestrator("parent", async c => await c.CallSubOrchestratorAsync<int>("quick"));
        await rig.RunAsync("parent", id: "p");
        var run = rig.Store.Read("p")!.Execution;
        Assert.Equal(2, (await rig.Client.PurgeInstanceAsync("p", new PurgeInstanceOptions(Recursive: true))).PurgedInstanceCount);
        Assert.Equal(["a-0", "a-2", "a-4", "b"], await Ids(rig, new OrchestrationQuery()));
        Assert.Empty(rig.Store.ReadHistory(run));
    }

    [Theory, EachSetup]
    public async Task Metadata_has_times_inputs_and_tags(Setup setup)
    {
        await using var rig = await WithInstances(setup);
        var bare = (await rig.Client.GetInstanceAsync("a-1"))!;
        Assert.Null(bare.SerializedInput);
        var full = await rig.GetAsync("a-1");
        Assert.Equal(1, full.ReadInputAs<int>());
        Assert.Equal(new DateTimeOffset(2026, 1, 5, 3, 1, 0, TimeSpan.Zero), full.CreatedAt);
        Assert.True(full.IsCompleted);
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "quick",
            new StartOrchestrationOptions("t") { Tags = new Dictionary<string, string> { ["k"] = "v" } }
        );
        Assert.Equal("v", (await rig.GetAsync("t")).Tags["k"]);
    }

    private static async Task<EngineRig> WithInstances(Setup setup)
    {
        var rig = new EngineRig(setup);
        rig.Orchestrator("quick", _ => Task.FromResult<object?>(1))
            .Orchestrator("slow", async c => await c.WaitForExternalEvent<int>("go"));
        for (var i = 0; i < 5; i++)
        {
            await rig.RunAsync(i % 2 == 0 ? "slow" : "quick", i, $"a-{i}");
            await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        await rig.RunAsync("slow", id: "b");
        return rig;
    }

    private static async Task<List<string>> Ids(EngineRig rig, OrchestrationQuery query)
    {
        var ids = new List<string>();
        await foreach (var instance in rig.Client.GetAllInstancesAsync(query))
            ids.Add(instance.InstanceId);
        return ids;
    }
}

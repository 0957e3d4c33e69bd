using System.Text.Json.Nodes;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Tests.Engine;

/// <summary>The patterns that Durable Task's integration tests run, where the other tests here do not show them.</summary>
public class PatternTests
{
    [Theory, EachSetup]
    public async Task The_code_is_told_that_it_is_replayed_after_each_timer(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "asks",
            async c =>
            {
                var seen = new List<bool> { c.IsReplaying };
                await c.CreateTimer(TimeSpan.Zero, CancellationToken.None);
                seen.Add(c.IsReplaying);
                await c.CreateTimer(TimeSpan.Zero, CancellationToken.None);
                seen.Add(c.IsReplaying);
                return seen;
            }
        );
        Assert.Equal("[true,true,false]", (await rig.RunAsync("asks")).SerializedOutput);
    }

    [Theory, EachSetup]
    public async Task The_orchestrators_time_is_the_same_in_each_replay_and_moves_between_steps(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<DateTime, DateTime>(
                "echo",
                time =>
                {
                    rig.Clock.Advance(TimeSpan.FromSeconds(3));
                    return time;
                }
            )
            .Orchestrator(
                "asks",
                async c =>
                {
                    var first = c.CurrentUtcDateTime;
                    var same = first == await c.CallActivityAsync<DateTime>("echo", first);
                    var second = c.CurrentUtcDateTime;
                    return same && second == await c.CallActivityAsync<DateTime>("echo", second) ? (second - first).TotalSeconds : -1;
                }
            );
        Assert.Equal(3, (await rig.RunAsync("asks")).ReadOutputAs<double>());
    }

    [Theory, EachSetup]
    public async Task A_hundred_events_of_a_hundred_names_arrive(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "collects",
            async c =>
            {
                var events = new List<int>();
                for (var i = 0; i < 100; i++)
                    events.Add(await c.WaitForExternalEvent<int>($"Event{i}"));
                return events;
            }
        );
        await rig.RunAsync("collects");
        for (var i = 0; i < 100; i++)
            await rig.Client.RaiseEventAsync("i", $"Event{i}", i);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(Enumerable.Range(0, 100), (await rig.GetAsync()).ReadOutputAs<int[]>());
    }

    [Theory, EachSetup]
    public async Task Json_nodes_and_tuples_cross(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Add(r =>
                r.AddActivityFunc<JsonNode, JsonNode>(
                    "extend",
                    (_, node) =>
                    {
                        node["added"] = "new";
                        return Task.FromResult(node);
                    }
                )
            )
            .Add(r =>
                r.AddOrchestratorFunc<JsonNode, JsonNode>(
                    "nodes",
                    async (c, node) =>
                    {
                        c.SetCustomStatus(await c.WaitForExternalEvent<object>("status"));
                        return await c.CallActivityAsync<JsonNode>("extend", node);
                    }
                )
            );
        await rig.RunAsync("nodes", new JsonObject { ["first"] = "old" });
        await rig.Client.RaiseEventAsync("i", "status", ("Hello", 42));
        await rig.Engine.RunUntilIdleAsync();
        var done = await rig.GetAsync();
        Assert.Equal("""{"first":"old","added":"new"}""", done.ReadOutputAs<JsonNode>()!.ToJsonString());
        Assert.Equal(("Hello", 42), done.ReadCustomStatusAs<(string, int)>());
    }

    [Theory, EachSetup]
    public async Task Pages_are_read_through_activities(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Add(r =>
            r.AddActivityFunc<string?, Page<string>>(
                "page",
                (TaskActivityContext _, string? after) =>
                    Task.FromResult(
                        new Page<string>(
                            ["a", "b", "c"],
                            after switch
                            {
                                null => "1",
                                "1" => "2",
                                _ => null,
                            }
                        )
                    )
            )
        );
        rig.Orchestrator(
            "counts",
            async c =>
            {
                var count = 0;
                await foreach (var _ in Pageable.Create((after, _, _) => c.CallActivityAsync<Page<string>>("page", after)))
                    count++;
                return count;
            }
        );
        Assert.Equal(9, (await rig.RunAsync("counts")).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task An_orchestrator_calls_itself(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<int>("nests", async (c, depth) => 5 + (depth < 3 ? await c.CallSubOrchestratorAsync<int>("nests", depth + 1) : 0));
        Assert.Equal(15, (await rig.RunAsync("nests", 1)).ReadOutputAs<int>());
    }

    [Theory]
    [InlineData(Setup.Memory, false)]
    [InlineData(Setup.Memory, true)]
    [InlineData(Setup.MemoryReplaying, true)]
    [InlineData(Setup.Sqlite, true)]
    [InlineData(Setup.SqliteReplaying, false)]
    public async Task Ten_events_are_counted_one_in_each_run_that_continues_as_new(Setup setup, bool withTimers)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<int>(
            "counts",
            async (c, n) =>
            {
                await c.WaitForExternalEvent<string>("Event");
                if (withTimers)
                    await c.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
                if (++n < 10)
                    c.ContinueAsNew(n, preserveUnprocessedEvents: true);
                return n;
            }
        );
        await rig.RunAsync("counts", 0);
        for (var i = 0; i < 10; i++)
            await rig.Client.RaiseEventAsync("i", "Event");
        await rig.Engine.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(10, (await rig.GetAsync()).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task Events_are_dropped_where_continue_as_new_does_not_preserve_them(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator<int>(
            "drops",
            async (c, n) =>
            {
                if (n == 1)
                {
                    var (word, limit) = (
                        c.WaitForExternalEvent<string>("word"),
                        c.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None)
                    );
                    return await Task.WhenAny(word, limit) == limit ? "dropped" : "kept";
                }

                await c.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                c.ContinueAsNew(1, preserveUnprocessedEvents: false);
                return null;
            }
        );
        await rig.RunAsync("drops", 0);
        await rig.Client.RaiseEventAsync("i", "word", "lost");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(3));
        Assert.Equal("dropped", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task What_is_still_open_at_return_is_waited_for(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var done = 0;
        rig.Activity<int, int>("work", _ => ++done)
            .Orchestrator(
                "child",
                async c =>
                {
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    return 1;
                }
            )
            .Orchestrator(
                "leaves",
                c =>
                {
                    _ = c.CreateTimer(TimeSpan.FromHours(2), CancellationToken.None);
                    _ = c.CallActivityAsync<int>("work", 1);
                    _ = c.CallSubOrchestratorAsync<int>("child");
                    _ = c.WaitForExternalEvent<int>("nobody raises it");
                    return Task.FromResult<object?>("returned");
                }
            );
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.RunAsync("leaves")).RuntimeStatus);
        Assert.Equal(1, done);
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2) - TimeSpan.FromTicks(1));
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.GetAsync()).RuntimeStatus);
        await rig.Engine.AdvanceAsync(TimeSpan.FromTicks(1));
        Assert.Equal("returned", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task A_failure_waits_for_what_is_open_as_a_result_does(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator(
            "fails",
            c =>
            {
                _ = c.CreateTimer(TimeSpan.FromHours(2), CancellationToken.None);
                throw new InvalidOperationException("at once");
            }
        );
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await rig.RunAsync("fails")).RuntimeStatus);
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal("at once", (await rig.GetAsync()).FailureDetails!.ErrorMessage);
    }

    [Theory, EachSetup]
    public async Task A_megabyte_crosses_as_input_output_event_and_reason(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var large = new string('x', 1 << 20);
        rig.Activity<string, string>("echo", x => x)
            .Orchestrator<string>(
                "carries",
                async (c, input) =>
                {
                    var back = await c.CallActivityAsync<string>("echo", input);
                    back = await c.CallSubOrchestratorAsync<string>("child", back);
                    return back == input && await c.WaitForExternalEvent<string>("go") == input ? back : "changed on the way";
                }
            )
            .Orchestrator<string>("child", (_, input) => Task.FromResult<object?>(input));
        await rig.RunAsync("carries", large);
        await rig.Client.SuspendInstanceAsync("i", large);
        await rig.Engine.RunUntilIdleAsync();
        await rig.RestartAsync();
        await rig.Client.ResumeInstanceAsync("i", large);
        await rig.Client.RaiseEventAsync("i", "go", large);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(large, (await rig.GetAsync()).ReadOutputAs<string>());
        await rig.RunAsync("carries", large, "t");
        await rig.Client.TerminateInstanceAsync("t", large);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(large, (await rig.GetAsync("t")).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task A_thousand_activities_fan_out_of_two_levels(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("one", _ => 1)
            .Orchestrator(
                "half",
                async c => (await Task.WhenAll(Enumerable.Range(0, 100).Select(i => c.CallActivityAsync<int>("one", i)))).Sum()
            )
            .Orchestrator(
                "whole",
                async c => (await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => c.CallSubOrchestratorAsync<int>("half")))).Sum()
            );
        Assert.Equal(1_000, (await rig.RunAsync("whole")).ReadOutputAs<int>());
    }
}

using Microsoft.DurableTask;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

public class EntityTests
{
    private static readonly EntityInstanceId A = new("Counter", "a");
    private static readonly EntityInstanceId B = new("counter", "b");

    [Theory, EachSetup]
    public async Task Signals_and_calls_change_the_state_one_after_another(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Orchestrator(
                "adds",
                async c =>
                {
                    await c.Entities.SignalEntityAsync(A, "Add", 1);
                    await c.Entities.SignalEntityAsync(A, "ADD", 2);
                    await c.Entities.CallEntityAsync(A, "add", 3);
                    return (int[])[await c.Entities.CallEntityAsync<int>(A, "get"), await c.Entities.CallEntityAsync<int>(A, "slow")];
                }
            );
        await rig.Entities.SignalEntityAsync(A, "add", 10);
        Assert.Equal("[16,16]", (await rig.RunAsync("adds")).SerializedOutput);
        await rig.RestartAsync();
        Assert.Equal(16, (await rig.Entities.GetEntityAsync<int>(A))!.State);
        Assert.Equal("16", (await rig.Entities.GetEntityAsync(A))!.State.Value);
        await rig.Entities.SignalEntityAsync(A, "delete");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Null(await rig.Entities.GetEntityAsync(A));
    }

    [Theory, EachSetup]
    public async Task A_failing_operation_surfaces_and_changes_nothing(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Orchestrator(
                "fails",
                async c =>
                {
                    await c.Entities.CallEntityAsync(A, "add", 5);
                    try
                    {
                        await c.Entities.CallEntityAsync(A, "fail");
                        return "no";
                    }
                    catch (EntityOperationFailedException e)
                    {
                        return $"{e.EntityId} {e.OperationName} {e.FailureDetails.ErrorMessage} "
                            + $"{await c.Entities.CallEntityAsync<int>(A, "get")}";
                    }
                }
            )
            .Orchestrator("unknown", async c => await c.Entities.CallEntityAsync<int>(A, "nothing"));
        Assert.Equal("@counter@a fail no 5", (await rig.RunAsync("fails")).ReadOutputAs<string>());
        var unknown = await rig.RunAsync("unknown", id: "u");
        Assert.Equal(typeof(EntityOperationFailedException).FullName, unknown.FailureDetails!.ErrorType);
        Assert.Contains("Operation 'nothing' of entity '@counter@a' failed", unknown.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory, EachSetup]
    public async Task A_scheduled_signal_keeps_its_time_across_a_restart(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter");
        await rig.Entities.SignalEntityAsync(A, "add", 1, new SignalEntityOptions { SignalTime = rig.Clock.GetUtcNow().AddHours(2) });
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Null(await rig.Entities.GetEntityAsync(A));
        await rig.RestartAsync();
        Assert.Equal(rig.Clock.GetUtcNow().AddHours(1), rig.Engine.NextDue);
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        var entity = await rig.Entities.GetEntityAsync<int>(A);
        Assert.Equal(1, entity!.State);
        Assert.Equal(rig.Clock.GetUtcNow(), entity.LastModifiedTime);
    }

    [Theory, EachSetup]
    public async Task An_entity_starts_an_orchestration(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter").Orchestrator<string>("child", (_, input) => Task.FromResult<object?>(input));
        await rig.Entities.SignalEntityAsync(A, "start", "kid");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("from entity", (await rig.GetAsync("kid")).ReadOutputAs<string>());
    }

    [Theory, EachSetup]
    public async Task Critical_sections_exclude_each_other_and_wait_in_line(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Orchestrator<bool>(
                "moves",
                async (c, input) =>
                {
                    // Asked for in either order: the engine locks in one.
                    var ids = input ? new[] { A, B } : [B, A];
                    await using (await c.Entities.LockEntitiesAsync(ids))
                    {
                        Assert.True(c.Entities.InCriticalSection(out var locked));
                        Assert.Equal(2, locked!.Count);
                        var a = await c.Entities.CallEntityAsync<int>(A, "get");
                        await c.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                        await c.Entities.CallEntityAsync(A, "add", 1);
                        await c.Entities.CallEntityAsync(B, "add", -1);
                        return a == await c.Entities.CallEntityAsync<int>(A, "get") - 1;
                    }
                }
            );
        for (var i = 0; i < 4; i++)
            await rig.Client.ScheduleNewOrchestrationInstanceAsync("moves", (object?)(i % 2 == 0), new StartOrchestrationOptions($"m{i}"));
        await rig.Engine.RunUntilIdleAsync();
        await rig.Entities.SignalEntityAsync(A, "add", 100);
        await rig.Engine.RunUntilIdleAsync();
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(10));
        for (var i = 0; i < 4; i++)
            Assert.True((await rig.GetAsync($"m{i}")).ReadOutputAs<bool>());
        Assert.Equal(104, (await rig.Entities.GetEntityAsync<int>(A))!.State);
        Assert.Equal(-4, (await rig.Entities.GetEntityAsync<int>(B))!.State);
        Assert.Null((await rig.Entities.GetEntityAsync(A))!.LockedBy);
    }

    [Theory, EachSetup]
    public async Task A_section_whose_orchestration_ends_lets_go_even_of_locks_not_yet_granted(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Orchestrator<bool>(
                "holds",
                async (c, input) =>
                {
                    await using (await c.Entities.LockEntitiesAsync(input ? [B] : [A, B]))
                        await c.WaitForExternalEvent<int>("never");
                    return null;
                }
            );
        await rig.RunAsync("holds", true, "first");
        await rig.RunAsync("holds", false, "second");
        await rig.Client.TerminateInstanceAsync("second");
        await rig.Engine.RunUntilIdleAsync();
        await rig.Client.TerminateInstanceAsync("first");
        await rig.Entities.SignalEntityAsync(A, "add", 1);
        await rig.Entities.SignalEntityAsync(B, "add", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1, (await rig.Entities.GetEntityAsync<int>(A))!.State);
        Assert.Equal(1, (await rig.Entities.GetEntityAsync<int>(B))!.State);
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    [Theory, EachSetup]
    public async Task In_a_critical_section_only_locked_entities_are_called(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter")
            .Orchestrator(
                "strays",
                async c =>
                {
                    await using var section = await c.Entities.LockEntitiesAsync(A);
                    var errors = new List<string>();
                    foreach (
                        var stray in new Func<Task>[]
                        {
                            () => c.Entities.CallEntityAsync(B, "get"),
                            () => c.Entities.SignalEntityAsync(A, "add", 1),
                            () => c.Entities.LockEntitiesAsync(B),
                            () => c.CallSubOrchestratorAsync("strays"),
                        }
                    )
                    {
                        try
                        {
                            await stray();
                        }
                        catch (InvalidOperationException e)
                        {
                            errors.Add(e.Message);
                        }
                    }

                    return errors.Count;
                }
            );
        Assert.Equal(4, (await rig.RunAsync("strays")).ReadOutputAs<int>());
    }

    [Theory, EachSetup]
    public async Task Entities_are_listed_by_prefix_page_by_page(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Counter>("counter").Entity<Counter>("other");
        for (var i = 0; i < 7; i++)
            await rig.Entities.SignalEntityAsync(new("counter", $"k{i}"), "add", i + 1);
        await rig.Entities.SignalEntityAsync(new("other", "k"), "add", 1);
        await rig.Engine.RunUntilIdleAsync();
        var pages = new List<int>();
        var sum = 0;
        await foreach (
            var page in rig.Entities.GetAllEntitiesAsync<int>(new EntityQuery { InstanceIdStartsWith = "Counter@", PageSize = 3 }).AsPages()
        )
        {
            pages.Add(page.Values.Count);
            sum += page.Values.Sum(e => e.State);
        }

        Assert.Equal([3, 3, 1], pages);
        Assert.Equal(28, sum);
        var all = new List<EntityMetadata>();
        await foreach (var e in rig.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeState = false }))
            all.Add(e);
        Assert.Equal(8, all.Count);
        Assert.False(all[0].IncludesState);
    }
}

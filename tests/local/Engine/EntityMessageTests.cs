using IRFunctions.Local.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Engine;

/// <summary>Signals, calls, locks: in which order entities are served, and what becomes of them.</summary>
public class EntityMessageTests
{
    [Theory, EachSetup]
    public async Task Signals_keep_their_order_from_clients_orchestrations_and_entities(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Log>("log")
            .Entity<Relay>("relay")
            .Orchestrator(
                "signals",
                async c =>
                {
                    for (var i = 0; i < 5; i++)
                        await c.Entities.SignalEntityAsync(new("log", "o"), "add", $"o{i}");
                    return await c.Entities.CallEntityAsync<string>(new("log", "o"), "get");
                }
            );
        for (var i = 0; i < 100; i++)
            await rig.Entities.SignalEntityAsync(new("log", "c"), "add", $"{i}");
        await rig.Entities.SignalEntityAsync(new("relay", "r"), "", 3);
        // A call right after signals sees them all.
        Assert.Equal("o0o1o2o3o4", (await rig.RunAsync("signals")).ReadOutputAs<string>());
        Assert.Equal(string.Concat(Enumerable.Range(0, 100)), (await rig.Entities.GetEntityAsync<string>(new("log", "c")))!.State);
        Assert.Equal("r0r1r2", (await rig.Entities.GetEntityAsync<string>(new("log", "r")))!.State);
    }

    [Theory, EachSetup]
    public async Task Signals_for_later_from_clients_orchestrations_and_entities_come_in_order_of_their_times(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Log>("log")
            .Entity<Ticker>("ticker")
            .Orchestrator(
                "later",
                async c =>
                {
                    await c.Entities.SignalEntityAsync(
                        new("log", "l"),
                        "add",
                        "c",
                        new SignalEntityOptions { SignalTime = c.CurrentUtcDateTime.AddHours(3) }
                    );
                    await c.Entities.SignalEntityAsync(
                        new("log", "l"),
                        "add",
                        "a",
                        new SignalEntityOptions { SignalTime = c.CurrentUtcDateTime.AddDays(-1) }
                    );
                    return null;
                }
            );
        await rig.Entities.SignalEntityAsync(
            new("log", "l"),
            "add",
            "b",
            new SignalEntityOptions { SignalTime = rig.Clock.GetUtcNow().AddHours(1) }
        );
        await rig.Entities.SignalEntityAsync(new("ticker", "t"), "start");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await rig.RunAsync("later")).RuntimeStatus);
        var expected = new[] { "a", "ab", "ab", "abc" };
        for (var hour = 0; hour < 4; hour++)
        {
            Assert.Equal(expected[hour], (await rig.Entities.GetEntityAsync<string>(new("log", "l")))!.State);
            Assert.Equal("ABCD"[..(hour + 1)], (await rig.Entities.GetEntityAsync<string>(new("ticker", "t")))!.State);
            await rig.RestartAsync();
            await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        }

        Assert.Null(rig.Engine.NextDue);
    }

    [Theory, EachSetup]
    public async Task A_hundred_transfers_in_a_ring_end_without_a_deadlock(Setup setup)
    {
        await using var rig = new EngineRig(setup, new EngineOptions { ShuffleSeed = 11 });
        EntityInstanceId Of(int n) => new("counter", $"{n % 100}");
        rig.Entity<Counter>("counter")
            .Orchestrator<int>(
                "transfers",
                async (c, n) =>
                {
                    await using (await c.Entities.LockEntitiesAsync(Of(n), Of(n + 1)))
                    {
                        await Task.WhenAll(c.Entities.CallEntityAsync(Of(n), "add", -1), c.Entities.CallEntityAsync(Of(n + 1), "add", 1));
                        return "ok";
                    }
                }
            );
        for (var n = 0; n < 100; n++)
            await rig.Client.ScheduleNewOrchestrationInstanceAsync("transfers", (object?)n, new StartOrchestrationOptions($"t{n}"));
        await rig.Engine.RunUntilIdleAsync();
        for (var n = 0; n < 100; n++)
        {
            Assert.Equal("ok", (await rig.GetAsync($"t{n}")).ReadOutputAs<string>());
            var (state, lockedBy) = (await rig.Entities.GetEntityAsync<int>(Of(n)))! is var e ? (e.State, e.LockedBy) : default;
            Assert.Equal((0, null), (state, lockedBy));
        }
    }

    [Theory]
    [InlineData(Setup.Memory, "throws")]
    [InlineData(Setup.SqliteReplaying, "throws")]
    [InlineData(Setup.Memory, "again")]
    [InlineData(Setup.Sqlite, "again")]
    [InlineData(Setup.MemoryReplaying, "replaced")]
    [InlineData(Setup.Sqlite, "replaced")]
    [InlineData(Setup.Memory, "purged")]
    public async Task A_section_that_does_not_end_as_it_should_lets_go_of_its_lock(Setup setup, string how)
    {
        await using var rig = new EngineRig(setup);
        var id = new EntityInstanceId("counter", "l");
        rig.Entity<Counter>("counter")
            .Orchestrator<string>(
                "locks",
                async (c, input) =>
                {
                    if (input == "done")
                        return "done";
                    var section = await c.Entities.LockEntitiesAsync(id);
                    if (input == "throws")
                        throw new InvalidOperationException("KABOOM");
                    if (input == "again")
                        c.ContinueAsNew("done");
                    if (input is "replaced" or "purged")
                        await c.WaitForExternalEvent<int>("never");
                    if (input == "ok")
                        await section.DisposeAsync();
                    return "ok";
                }
            );
        await rig.RunAsync("locks", how);
        if (how == "replaced")
            await rig.Client.ScheduleNewOrchestrationInstanceAsync(
                "locks",
                (object?)"done",
                new StartOrchestrationOptions("i") { DedupeStatuses = [] }
            );
        if (how == "purged")
        {
            Assert.Equal("i", (await AllEntities(rig, transient: true)).Single().LockedBy);
            await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Client.PurgeInstanceAsync("i"));
            await rig.Client.TerminateInstanceAsync("i");
            await rig.Engine.RunUntilIdleAsync();
            Assert.Equal(1, (await rig.Client.PurgeInstanceAsync("i")).PurgedInstanceCount);
        }

        Assert.Equal("ok", (await rig.RunAsync("locks", "ok", "next")).ReadOutputAs<string>());
        Assert.Equal(0, (await rig.Entities.CleanEntityStorageAsync()).OrphanedLocksReleased);
        Assert.Empty(await AllEntities(rig, transient: true));
        Assert.Empty(rig.Store.LoadWork().Messages);
    }

    [Theory, EachSetup]
    public async Task A_waiter_shows_in_the_backlog_and_a_locked_entity_without_state_only_where_transient_ones_are_asked_for(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var id = new EntityInstanceId("counter", "l");
        rig.Entity<Counter>("counter")
            .Orchestrator(
                "locks",
                async c =>
                {
                    await using (await c.Entities.LockEntitiesAsync(id))
                        await c.WaitForExternalEvent<int>("go");
                    return null;
                }
            );
        await rig.RunAsync("locks", id: "holds");
        await rig.RunAsync("locks", id: "waits");
        Assert.Empty(await AllEntities(rig, transient: false));
        var entity = (await AllEntities(rig, transient: true)).Single();
        Assert.Equal((id, "holds", 1, false), (entity.Id, entity.LockedBy, entity.BacklogQueueSize, entity.IncludesState));
        await rig.Client.RaiseEventAsync("holds", "go", 1);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("waits", (await AllEntities(rig, transient: true)).Single().LockedBy);
    }

    [Theory, EachSetup]
    public async Task Deleting_ends_an_entity_and_the_next_operation_begins_another(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var id = new EntityInstanceId("log", "d");
        rig.Entity<Log>("log")
            .Orchestrator(
                "deletes",
                async c =>
                {
                    await c.Entities.CallEntityAsync(id, "add", "333");
                    await c.Entities.CallEntityAsync(id, "delete");
                    await c.Entities.CallEntityAsync(id, "delete");
                    return $"[{await c.Entities.CallEntityAsync<string>(id, "get")}]";
                }
            );
        Assert.Equal("[]", (await rig.RunAsync("deletes")).ReadOutputAs<string>());
        await rig.Entities.SignalEntityAsync(id, "delete");
        await rig.Engine.RunUntilIdleAsync();
        Assert.Null(await rig.Entities.GetEntityAsync(id));
        Assert.Empty(await AllEntities(rig, transient: true));
        // There is nothing that a cleaning would find.
        Assert.Equal(default, await rig.Entities.CleanEntityStorageAsync());
    }

    [Theory, EachSetup]
    public async Task States_are_read_with_and_without_content_whatever_their_size(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var (id, before) = (new EntityInstanceId("log", "big"), rig.Clock.GetUtcNow());
        rig.Entity<Log>("log");
        await rig.Entities.SignalEntityAsync(id, "add", new string('.', 1_000_000));
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(1_000_000, (await rig.Entities.GetEntityAsync<string>(id))!.State.Length);
        Assert.Equal(1_000_000, (await rig.Entities.GetEntityAsync(id))!.State.ReadAs<string>().Length);
        var bare = (await rig.Entities.GetEntityAsync(id, includeState: false))!;
        Assert.Equal((false, before), (bare.IncludesState, bare.LastModifiedTime));
        Assert.Throws<InvalidOperationException>(() => bare.State);
        Assert.Throws<InvalidOperationException>(() => rig.Entities.GetEntityAsync<string>(id, includeState: false).Result!.State);
    }

    [Theory, EachSetup]
    public async Task An_id_without_name_and_key_is_refused_everywhere(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("calls", async c => await c.Entities.CallEntityAsync<int>(default, "get"))
            .Orchestrator(
                "signals",
                async c => await c.Entities.SignalEntityAsync(default, "set").ContinueWith(t => (object?)t.IsFaulted, TaskScheduler.Current)
            );
        await Assert.ThrowsAsync<ArgumentNullException>(() => rig.Entities.SignalEntityAsync(default, "add", 1));
        await Assert.ThrowsAsync<ArgumentNullException>(() => rig.Entities.GetEntityAsync(default));
        await Assert.ThrowsAsync<ArgumentNullException>(() => rig.Entities.GetEntityAsync<int>(default));
        foreach (var name in new[] { "calls", "signals" })
            Assert.Equal(OrchestrationRuntimeStatus.Failed, (await rig.RunAsync(name, id: name)).RuntimeStatus);
    }

    [Theory, EachSetup]
    public async Task An_entity_starts_orchestrations_now_and_later_and_hears_from_them(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Entity<Launcher>("launcher")
            .Orchestrator<string>(
                "launched",
                async (c, key) =>
                {
                    await c.Entities.SignalEntityAsync(new("launcher", key), "done", c.InstanceId);
                    return "ok";
                }
            );
        await rig.Entities.SignalEntityAsync(new("launcher", "now"), "launch", 0);
        await rig.Entities.SignalEntityAsync(new("launcher", "later"), "launch", 5);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("now", (await rig.Entities.GetEntityAsync<string>(new("launcher", "now")))!.State);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await rig.GetAsync("now")).RuntimeStatus);
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(5));
        Assert.Equal("ok", (await rig.GetAsync("later")).ReadOutputAs<string>());
        Assert.Equal("later", (await rig.Entities.GetEntityAsync<string>(new("launcher", "later")))!.State);
    }

    private static async Task<List<EntityMetadata>> AllEntities(EngineRig rig, bool transient)
    {
        var found = new List<EntityMetadata>();
        await foreach (var e in rig.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeTransient = transient, PageSize = 3 }))
            found.Add(e);
        return found;
    }

    /// <summary>Strings one after another.</summary>
    public sealed class Log : TaskEntity<string>
    {
        public void Add(string word) => State += word;

        public string Get() => State;

        protected override string InitializeState(TaskEntityOperation entityOperation) => "";
    }

    /// <summary>Passes on, whatever the operation's name.</summary>
    public sealed class Relay : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            for (var i = 0; i < (int)operation.GetInput(typeof(int))!; i++)
                operation.Context.SignalEntity(new("log", "r"), "add", $"r{i}");
            return new((object?)null);
        }
    }

    /// <summary>Signals itself, an hour later each.</summary>
    public sealed class Ticker : TaskEntity<string>
    {
        public void Start()
        {
            State = "";
            for (var i = 0; i < 4; i++)
                Context.SignalEntity(
                    Context.Id,
                    "tick",
                    (char)('A' + i),
                    new SignalEntityOptions { SignalTime = new DateTimeOffset(2026, 1, 5, 3 + i, 0, 0, TimeSpan.Zero) }
                );
        }

        public void Tick(char letter) => State += letter;

        protected override string InitializeState(TaskEntityOperation entityOperation) => "";
    }

    public sealed class Launcher : TaskEntity<string?>
    {
        public void Launch(int hours) =>
            Context.ScheduleNewOrchestration(
                "launched",
                Context.Id.Key,
                new StartOrchestrationOptions(
                    Context.Id.Key,
                    hours == 0 ? null : new DateTimeOffset(2026, 1, 5, 3 + hours, 0, 0, TimeSpan.Zero)
                )
            );

        public void Done(string id) => State = id;

        protected override string? InitializeState(TaskEntityOperation entityOperation) => null;
    }
}

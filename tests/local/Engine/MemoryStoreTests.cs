using DurableTask.Core;
using DurableTask.Core.History;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Histories;
using IRFunctions.Local.Engine.Stores;

namespace IRFunctions.Tests.Engine;

/// <summary>A history that was packed while its run rested is the history that it was.</summary>
public class MemoryStoreTests
{
    [Fact]
    public async Task A_run_that_rests_again_and_again_keeps_its_whole_history_in_order()
    {
        await using var store = new MemoryStore();
        for (var step = 0; step < 6; step++)
        {
            await Add(store, Run(1), $"first-{step}");
            // Longer and longer ones, so that the sample changes while others were packed with the one before.
            await Add(store, Run(2 + step), new string('x', 10 << step), $"other-{step}");
            store.Rest(Run(2 + step));
            if (step % 2 == 0)
                store.Rest(Run(1));
            Assert.Equal(Enumerable.Range(0, step + 1).Select(n => $"first-{n}"), Names(store, 1));
        }

        store.Rest(Run(1, OrchestrationStatus.Completed));
        store.Rest(Run(1, OrchestrationStatus.Completed));
        Assert.Equal(Enumerable.Range(0, 6).Select(n => $"first-{n}"), Names(store, 1));
        for (var step = 0; step < 6; step++)
            Assert.Equal([new string('x', 10 << step), $"other-{step}"], Names(store, 2 + step));
    }

    [Fact]
    public async Task A_history_longer_than_any_sample_comes_back()
    {
        await using var store = new MemoryStore();
        var random = new Random(1);
        for (var run = 1; run <= 3; run++)
        {
            var words = Enumerable.Range(0, 20_000).Select(_ => $"{random.NextInt64():x}").ToArray();
            await Add(store, Run(run), words);
            store.Rest(Run(run, run == 3 ? OrchestrationStatus.Failed : OrchestrationStatus.Running));
            Assert.Equal(words, Names(store, run));
        }
    }

    [Fact]
    public async Task What_is_purged_before_or_while_it_is_packed_stays_away_and_what_is_added_meanwhile_stays()
    {
        await using var store = new MemoryStore();
        store.Rest(Run(99));
        Assert.Empty(store.ReadHistory(99));
        for (var round = 0; round < 200; round++)
        {
            await Add(store, Run(1), "a", "b");
            await Add(store, Run(2), "a");
            await Task.WhenAll(
                Task.Run(() => store.Rest(Run(1))),
                Task.Run(() => store.Rest(Run(2))),
                Task.Run(() => store.Rest(Run(2))),
                Task.Run(() => store.CommitAsync(new StepCommit { InstanceId = "i1", Delete = true }).AsTask()),
                Task.Run(() => Add(store, Run(2), "b"))
            );
            Assert.Empty(store.ReadHistory(1));
            Assert.Equal(["a", "b"], Names(store, 2));
            await store.CommitAsync(new StepCommit { InstanceId = "i2", Delete = true });
        }

        Assert.Empty(store.Query(new InstanceFilter()));
    }

    [Theory, EachSetup]
    public async Task Runs_that_waited_packed_go_on_where_they_were(Setup setup)
    {
        await using var rig = new EngineRig(setup, new EngineOptions { KeptSessions = 2 });
        rig.Activity<string, string>("say", word => $"{{\"said\":\"{word}\"}}")
            .Orchestrator<string>(
                "waits",
                async (c, name) =>
                {
                    var said = await c.CallActivityAsync<string>("say", name);
                    for (var n = 0; n < 3; n++)
                        said += await c.WaitForExternalEvent<string>("go");
                    return said;
                }
            );
        for (var i = 0; i < 5; i++)
            await rig.RunAsync("waits", $"n{i}", $"i{i}");
        for (var n = 0; n < 3; n++)
        {
            for (var i = 0; i < 5; i++)
                await rig.Client.RaiseEventAsync($"i{i}", "go", $"{i}{n} ");
            await rig.Engine.RunUntilIdleAsync();
        }

        for (var i = 0; i < 5; i++)
            Assert.Equal($"{{\"said\":\"n{i}\"}}{i}0 {i}1 {i}2 ", (await rig.GetAsync($"i{i}")).ReadOutputAs<string>());
        Assert.Equal(5, rig.Ran.Count);
    }

    private static InstanceRecord Run(long execution, OrchestrationStatus status = OrchestrationStatus.Running) =>
        new()
        {
            Id = $"i{execution}",
            Name = "runs",
            Execution = execution,
            Status = status,
        };

    private static async Task Add(MemoryStore store, InstanceRecord run, params string[] names) =>
        Assert.True(
            await store.CommitAsync(
                new StepCommit
                {
                    InstanceId = run.Id,
                    Record = run,
                    History = [.. names.Select(name => new EventRaisedEvent(-1, "{}") { Name = name })],
                }
            )
        );

    private static IEnumerable<string> Names(MemoryStore store, long execution) =>
        HistoryJson.Decode(store.ReadHistory(execution)).Select(e => Assert.IsType<EventRaisedEvent>(e).Name);
}

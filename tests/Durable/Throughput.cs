using System.Diagnostics;
using IRFunctions.Local.Durable;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Durable;

/// <summary>Runs only when asked to: DURABLE_MEASURE=1 dotnet test tests -c Release --filter Throughput --logger
/// "console;verbosity=detailed".</summary>
public sealed class MeasurementAttribute : FactAttribute
{
    public MeasurementAttribute()
    {
        if (Environment.GetEnvironmentVariable("DURABLE_MEASURE") != "1") Skip = "a measurement, run by hand";
    }
}

/// <summary>Prints numbers; asserts nothing about time.</summary>
public class Throughput(ITestOutputHelper output)
{
    [Measurement]
    public async Task Steps_a_second_in_memory()
    {
        await using var store = new MemoryDurableStore();
        await MeasureSteps("memory", store, 1000, 100);
    }

    [Measurement]
    public async Task Steps_a_second_in_memory_while_100_000_wait()
    {
        await using var store = new MemoryDurableStore();
        await MeasureWaiting(store, 100_000, output);
        await MeasureSteps("memory, 100,000 waiting", store, 1000, 100);
    }

    [Measurement]
    public async Task Steps_a_second_in_sqlite()
    {
        var path = Path.Combine(Path.GetTempPath(), $"measure-{Guid.NewGuid():N}.db");
        await using (var store = new SqliteDurableStore(path)) await MeasureSteps("sqlite", store, 1000, 20);
        foreach (var file in new[] { path, path + "-wal", path + "-shm" }) File.Delete(file);
    }

    private static DurableRegistry Registry() => new DurableRegistry()
        .AddActivity("work", (_, input, _) => Task.FromResult<object?>(DurableJson.Deserialize<int>(input)))
        .AddOrchestrator("chain", async c =>
        {
            // Short histories, as incidents have: ten calls, then afresh.
            for (var i = 0; i < 10; i++) await c.CallActivityAsync<int>("work", i);
            var left = c.GetInput<int>() - 10;
            if (left > 0) c.ContinueAsNew(left);
            return null;
        })
        .AddOrchestrator("incident", async c =>
        {
            for (var i = 0; i < 8; i++) await c.CallActivityAsync<string>("note", i);
            await c.CallSubOrchestratorAsync("hold");
            return null;
        })
        .AddOrchestrator("hold", async c =>
        {
            for (var i = 0; i < 8; i++) await c.CallActivityAsync<string>("note", i);
            await c.CreateTimer(TimeSpan.FromHours(24), CancellationToken.None);
            return null;
        })
        .AddActivity("note", (_, _, _) => Task.FromResult<object?>(new string('x', 225)));

    private async Task MeasureSteps(string what, IDurableStore store, int instances, int calls)
    {
        await using var engine = new DurableEngine(Registry(), store, TimeProvider.System, NullLoggerFactory.Instance);
        await engine.StartAsync();
        var watch = Stopwatch.StartNew();
        var ids = Enumerable.Range(0, instances).Select(i => $"chain-{i}").ToArray();
        foreach (var id in ids) await engine.Client.ScheduleNewOrchestrationInstanceAsync("chain", (object?)calls, new StartOrchestrationOptions(id));
        foreach (var id in ids) await engine.Client.WaitForInstanceCompletionAsync(id, CancellationToken.None);
        output.WriteLine($"{what}: {engine.ActivitiesRun / watch.Elapsed.TotalSeconds:N0} activity steps/s, {engine.Steps / watch.Elapsed.TotalSeconds:N0} commits/s");
    }

    private static async Task MeasureWaiting(MemoryDurableStore store, int instances, ITestOutputHelper output)
    {
        var before = GC.GetTotalMemory(true);
        await using var engine = new DurableEngine(Registry(), store, TimeProvider.System, NullLoggerFactory.Instance);
        for (var i = 0; i < instances; i++)
        {
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("incident", (object?)i, new StartOrchestrationOptions($"incident-{i:x8}"));
            await engine.RunUntilIdleAsync();
        }

        var history = new List<ReadOnlyMemory<byte>>();
        store.ReadHistory("incident-00000000", history);
        var bytes = (GC.GetTotalMemory(true) - before) / instances;
        output.WriteLine($"{instances:N0} waiting incidents: {bytes:N0} bytes each, {bytes * instances >> 20:N0} MB in all");
        output.WriteLine($"of which history: twice {history.Sum(h => h.Length)} bytes in {history.Count} chunks");
        GC.KeepAlive(engine);
    }
}

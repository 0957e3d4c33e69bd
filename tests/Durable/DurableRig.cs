using System.Reflection;
using IRFunctions.Local.Durable;
using IRFunctions.Local.Durable.Stores;
using IRFunctions.Local.Time;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Sdk;

namespace IRFunctions.Tests.Durable;

public enum StoreKind
{
    Memory,
    Sqlite,
}

/// <summary>Runs a theory once on each store.</summary>
public sealed class EachStoreAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[StoreKind.Memory], [StoreKind.Sqlite]];
}

/// <summary>An engine under virtual time that can be thrown away and started again on what its store kept.</summary>
internal sealed class DurableRig : IAsyncDisposable
{
    private readonly StoreKind kind;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"durable-{Guid.NewGuid():N}.db");

    public DurableRig(StoreKind kind, DurableEngineOptions? options = null)
    {
        this.kind = kind;
        Store = Open();
        Engine = NewEngine(options);
    }

    public VirtualTimeProvider Clock { get; } = new();

    public DurableRegistry Registry { get; } = new();

    public IDurableStore Store { get; private set; }

    public DurableEngine Engine { get; private set; }

    public DurableTaskClient Client => Engine.Client;

    public DurableEntityClient Entities => Engine.Client.Entities;

    /// <summary>What activities made with <see cref="Activity{TIn, TOut}"/> were given, in order, as "name:input".</summary>
    public List<string> Ran { get; } = [];

    public DurableRig Orchestrator(string name, Func<TaskOrchestrationContext, Task<object?>> run)
    {
        Registry.AddOrchestrator(name, run);
        return this;
    }

    public DurableRig Activity<TIn, TOut>(string name, Func<TIn, TOut> run)
    {
        Registry.AddActivity(name, (_, json, _) =>
        {
            var input = DurableJson.Deserialize<TIn>(json);
            lock (Ran) Ran.Add($"{name}:{input}");
            return Task.FromResult<object?>(run(input!));
        });
        return this;
    }

    public DurableRig Entity<T>(string name)
        where T : ITaskEntity, new()
    {
        Registry.AddEntity(name, () => new T());
        return this;
    }

    public async Task<OrchestrationMetadata> RunAsync(string orchestrator, object? input = null, string id = "i")
    {
        await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(id));
        await Engine.RunUntilIdleAsync();
        return await GetAsync(id);
    }

    public async Task<OrchestrationMetadata> GetAsync(string id = "i") => (await Client.GetInstanceAsync(id, getInputsAndOutputs: true))!;

    /// <summary>As after a kill: the engine is forgotten, not stopped.</summary>
    public async Task RestartAsync(DurableEngineOptions? options = null)
    {
        if (kind == StoreKind.Sqlite)
        {
            await Store.DisposeAsync();
            Store = Open();
        }

        Engine = NewEngine(options);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Store.DisposeAsync();
        if (kind != StoreKind.Sqlite) return;
        foreach (var file in new[] { path, path + "-wal", path + "-shm" }) File.Delete(file);
    }

    // Packs what is not the very last thing worked on: what a large store does to instances that wait, done to all of them here.
    private IDurableStore Open() => kind == StoreKind.Memory ? new MemoryDurableStore(unpacked: 1) : new SqliteDurableStore(path);

    private DurableEngine NewEngine(DurableEngineOptions? options) => new(Registry, Store, Clock, NullLoggerFactory.Instance, options);
}

/// <summary>Counts; fails when asked to.</summary>
public sealed class Counter : TaskEntity<int>
{
    public int Add(int amount) => State += amount;

    public int Get() => State;

    public void Fail()
    {
        State = -1;
        Context.SignalEntity(Context.Id, nameof(Add), 1000);
        throw new InvalidOperationException("no");
    }

    public string Start(string id) => Context.ScheduleNewOrchestration("child", "from entity", new StartOrchestrationOptions(id));

    public async Task<int> Slow()
    {
        await Task.Yield();
        return State;
    }
}

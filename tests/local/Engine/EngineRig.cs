using System.Reflection;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Time;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using Xunit.Sdk;

namespace IRFunctions.Tests.Engine;

/// <summary>Which store, and whether executors are kept between steps or every step replays the whole history.</summary>
public enum Setup
{
    Memory,
    MemoryReplaying,
    Sqlite,
    SqliteReplaying,
}

/// <summary>Runs a theory once in each setup.</summary>
public sealed class EachSetupAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => Enum.GetValues<Setup>().Select(s => new object[] { s });
}

/// <summary>An engine under virtual time that can be thrown away and started again on what its store kept.</summary>
internal sealed class EngineRig : IAsyncDisposable
{
    private readonly Setup setup;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"engine-{Guid.NewGuid():N}.db");
    private readonly List<Action<DurableTaskRegistry>> tasks = [];
    private EngineOptions options;

    public EngineRig(Setup setup, EngineOptions? options = null, DurableTaskWorkerOptions? worker = null)
    {
        this.setup = setup;
        this.options = options ?? new EngineOptions();
        Worker = worker;
        Store = Open();
        Engine = NewEngine();
    }

    public VirtualTimeProvider Clock { get; } = new();

    public DurableTaskWorkerOptions? Worker { get; set; }

    public IServiceProvider? Services { get; set; }

    public IDurableStore Store { get; private set; }

    public DurableEngine Engine { get; private set; }

    public DurableTaskClient Client => Engine.Client;

    public DurableEntityClient Entities => Engine.Client.Entities;

    public bool KeepsSessions => setup is Setup.Memory or Setup.Sqlite;

    /// <summary>What activities made with <see cref="Activity{TIn, TOut}"/> were given, in order, as "name:input".</summary>
    public List<string> Ran { get; } = [];

    public EngineRig Add(Action<DurableTaskRegistry> add)
    {
        tasks.Add(add);
        Engine.Use(AddAll, Services, Worker);
        return this;
    }

    public EngineRig Orchestrator(string name, Func<TaskOrchestrationContext, Task<object?>> run) =>
        Add(r => r.AddOrchestratorFunc(name, run));

    public EngineRig Orchestrator<TIn>(string name, Func<TaskOrchestrationContext, TIn, Task<object?>> run) =>
        Add(r => r.AddOrchestratorFunc(name, run));

    public EngineRig Activity<TIn, TOut>(string name, Func<TIn, TOut> run) =>
        Add(r =>
            r.AddActivityFunc<TIn, TOut>(
                name,
                (_, input) =>
                {
                    lock (Ran)
                        Ran.Add($"{name}:{input}");
                    return run(input);
                }
            )
        );

    public EngineRig Entity<T>(string name)
        where T : ITaskEntity, new() => Add(r => r.AddEntity(name, _ => new T()));

    public async Task<OrchestrationMetadata> RunAsync(string orchestrator, object? input = null, string id = "i")
    {
        await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(id));
        await Engine.RunUntilIdleAsync();
        return await GetAsync(id);
    }

    public async Task<OrchestrationMetadata> GetAsync(string id = "i") => (await Client.GetInstanceAsync(id, getInputsAndOutputs: true))!;

    /// <summary>As after a kill: the engine is forgotten, not stopped.</summary>
    public async Task RestartAsync(EngineOptions? options = null)
    {
        if (options is not null)
            this.options = options;
        if (setup >= Setup.Sqlite)
        {
            await Store.DisposeAsync();
            Store = Open();
        }

        Engine = NewEngine();
        Engine.Use(AddAll, Services, Worker);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Store.DisposeAsync();
        foreach (var file in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(file);
    }

    public void AddAll(DurableTaskRegistry registry)
    {
        foreach (var add in tasks)
            add(registry);
    }

    private IDurableStore Open() => setup >= Setup.Sqlite ? new SqliteStore(path) : new MemoryStore();

    private DurableEngine NewEngine() => new(Store, Clock, null, KeepsSessions ? options : options with { KeptSessions = 0 });
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

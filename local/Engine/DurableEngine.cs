using IRFunctions.Local.Engine.Client;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Engine;

/// <summary>
/// Runs orchestrations, activities and entities on Durable Task's own executor, from a store. Either in the background (<see
/// cref="StartAsync"/>) or, for tests and simulations, one piece of work after another on the caller's thread (<see
/// cref="RunUntilIdleAsync"/>). Work that was pending in the store goes on by itself.
/// </summary>
public sealed partial class DurableEngine : IAsyncDisposable
{
    private readonly TimeProvider time;
    private readonly EngineOptions options;
    private readonly ILoggerFactory loggers;
    private readonly ILogger log;
    private StepContext? context;
    private long number,
        steps,
        activities;
    private int pumping;

    /// <param name="store">Stays the caller's to dispose.</param>
    /// <param name="time">Any clock; a <see cref="VirtualTimeProvider"/> can be advanced.</param>
    public DurableEngine(IDurableStore store, TimeProvider time, ILoggerFactory? loggers = null, EngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        (Store, this.time, this.loggers, this.options) = (
            store,
            time,
            loggers ?? NullLoggerFactory.Instance,
            options ?? new EngineOptions()
        );
        log = this.loggers.CreateLogger<DurableEngine>();
        Board = new WorkBoard(this.options.ShuffleSeed, this.options.KeptSessions);
        Client = new EngineClient(this, new DurableTaskClientOptions());
        var (messages, highest) = store.LoadWork();
        number = highest;
        Board.Add(messages, Now);
    }

    /// <summary>A client with the worker's data converter. Another one is made by <see cref="LocalEngineExtensions"/>.</summary>
    public DurableTaskClient Client { get; private set; }

    /// <summary>When the next timer, scheduled signal or delayed start is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => Board.NextDue is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null;

    /// <summary>Steps of orchestrations and entities committed by this engine.</summary>
    public long Steps => Interlocked.Read(ref steps);

    /// <summary>Activities run by this engine, whatever came of them.</summary>
    public long ActivitiesRun => Interlocked.Read(ref activities);

    /// <summary>Timers, scheduled signals and delayed starts that wait for their time.</summary>
    public int WaitingTimers => Board.Timers;

    /// <summary>Instances of which something is kept in memory between steps.</summary>
    public int KeptSessions => Board.Sessions;

    /// <summary>Cancelled when the engine stops; for activities, which the official worker gives no token.</summary>
    public CancellationToken Stopping => stopping.Token;

    internal IDurableStore Store { get; }

    internal WorkBoard Board { get; }

    internal Watchers Watchers { get; } = new();

    internal EngineLimits Limits => options.Limits;

    internal long Now => time.GetUtcNow().UtcTicks;

    private StepContext Context => context ?? throw new InvalidOperationException("The engine has nothing to run yet: call Use.");

    /// <summary>An engine in memory with the given tasks, for tests and trials.</summary>
    public static DurableEngine Create(Action<DurableTaskRegistry> addTasks, TimeProvider? time = null, EngineOptions? options = null) =>
        new DurableEngine(new MemoryStore(), time ?? TimeProvider.System, null, options).Use(addTasks);

    /// <summary>Says what the engine runs.</summary>
    /// <param name="services">For tasks that are registered by type; a scope is made for each run.</param>
    /// <param name="worker">Data converter, versioning, longest timer; entity support is switched on.</param>
    public DurableEngine Use(
        Action<DurableTaskRegistry> addTasks,
        IServiceProvider? services = null,
        DurableTaskWorkerOptions? worker = null
    ) => Use(TaskFactories.From(addTasks), services ?? TaskFactories.NoServices, worker);

    /// <inheritdoc cref="Use(Action{DurableTaskRegistry}, IServiceProvider, DurableTaskWorkerOptions)"/>
    public DurableEngine Use(IDurableTaskFactory factory, IServiceProvider services, DurableTaskWorkerOptions? worker = null)
    {
        var tasks = new TaskCatalog(factory, services, worker ?? new DurableTaskWorkerOptions(), loggers);
        context = new StepContext(tasks, Store, Board, options, NextNumber, log);
        Client = new EngineClient(this, new DurableTaskClientOptions { DataConverter = tasks.Options.DataConverter });
        return this;
    }

    /// <summary>
    /// Completes when the workers are not busy with what is begun already; for whoever brings new work in the background.
    /// </summary>
    public Task WhenCalm() => Board.WhenCalm();

    /// <summary>
    /// Runs all that is ready, and what that makes ready, until only waiting is left. Activities must not wait for virtual time.
    /// </summary>
    /// <exception cref="InvalidOperationException">The engine runs in the background, or another call is running.</exception>
    public async Task RunUntilIdleAsync()
    {
        if (alarm is not null)
            throw new InvalidOperationException("The engine runs in the background; it cannot be pumped as well.");
        if (Interlocked.Exchange(ref pumping, 1) != 0)
            throw new InvalidOperationException("The engine is being pumped already.");
        try
        {
            while (true)
            {
                ThrowIfCrashed();
                Board.ReleaseDue(Now);
                if (Board.TryTake() is not { } work)
                    return;
                if (work is Slot slot)
                    await RunStepAsync(slot);
                else
                    await RunActivityAsync((Message)work);
            }
        }
        finally
        {
            Volatile.Write(ref pumping, 0);
        }
    }

    /// <summary>Moves the virtual clock forward, stopping at everything that is due on the way and running until idle each time.</summary>
    /// <exception cref="InvalidOperationException">The engine's clock is not a <see cref="VirtualTimeProvider"/>.</exception>
    public async Task AdvanceAsync(TimeSpan by)
    {
        if (time is not VirtualTimeProvider clock)
            throw new InvalidOperationException("Only a virtual clock can be advanced.");
        var target = clock.GetUtcNow() + by;
        await RunUntilIdleAsync();
        while (Earliest(NextDue, clock.NextDue) is { } due && due <= target)
        {
            clock.AdvanceTo(due);
            await RunUntilIdleAsync();
        }
        clock.AdvanceTo(target);
        await RunUntilIdleAsync();
    }

    public ValueTask DisposeAsync() => new(StopAsync());

    internal long NextNumber() => Interlocked.Increment(ref number);

    /// <summary>Stores what a client asked for and lets it be worked on. False where the commit's condition does not hold.</summary>
    internal async ValueTask<bool> PostAsync(StepCommit commit)
    {
        ThrowIfCrashed();
        if (!await Store.CommitAsync(commit))
            return false;
        Board.Add(commit.New, Now);
        Watchers.Changed(commit.InstanceId);
        return true;
    }

    private static DateTimeOffset? Earliest(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;
}

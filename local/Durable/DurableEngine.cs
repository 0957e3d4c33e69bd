using IRFunctions.Local.Durable.Client;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Scheduling;
using IRFunctions.Local.Durable.Stores;
using IRFunctions.Local.Time;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Durable;

/// <summary>
/// Runs orchestrations, activities and entities from a store. Either in the background (<see cref="StartAsync"/>) or, for tests and simulations,
/// one piece of work after another on the caller's thread (<see cref="RunUntilIdleAsync"/>). Work that was pending in the store goes on by itself.
/// </summary>
public sealed partial class DurableEngine : IAsyncDisposable
{
    private readonly IDurableStore store;
    private readonly TimeProvider time;
    private readonly DurableRegistry registry;
    private readonly DurableEngineOptions options;
    private readonly ReplaySettings settings;
    private readonly ILogger log;
    private readonly WorkBoard board;
    private readonly InstanceWatchers watchers = new();
    private long number;
    private long steps;
    private long activities;
    private int pumping;

    /// <param name="store">Stays the caller's to dispose.</param>
    public DurableEngine(
        DurableRegistry registry, IDurableStore store, TimeProvider time, ILoggerFactory loggers, DurableEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(loggers);
        this.registry = registry;
        this.store = store;
        this.time = time;
        this.options = options ?? new DurableEngineOptions();
        log = loggers.CreateLogger<DurableEngine>();
        settings = new ReplaySettings(registry, () => Interlocked.Increment(ref number), loggers);
        board = new WorkBoard(this.options.ShuffleSeed);
        Client = new EngineClient(this, store);
        var work = store.LoadWork();
        number = work.HighestNumber;
        board.Add(work.Messages, work.Tasks, Now);
    }

    public DurableTaskClient Client { get; }

    /// <summary>When the next timer, scheduled signal or delayed start is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => board.NextDue is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null;

    /// <summary>Steps of orchestrations and entities committed by this engine.</summary>
    public long Steps => Interlocked.Read(ref steps);

    /// <summary>Activities run by this engine, whatever came of them.</summary>
    public long ActivitiesRun => Interlocked.Read(ref activities);

    /// <summary>Timers, scheduled signals and delayed starts that wait for their time.</summary>
    public int WaitingTimers => board.Timers;

    /// <summary>Completes when the workers are not busy with what is begun already; for whoever brings new work in the background.</summary>
    public Task WhenCalm() => board.WhenCalm();

    internal InstanceWatchers Watchers => watchers;

    internal long Now => time.GetUtcNow().UtcTicks;

    internal long NextNumber() => Interlocked.Increment(ref number);

    internal int Backlog(string id) => board.Backlog(id);

    /// <summary>Runs all that is ready, and what that makes ready, until only waiting is left. Activities must not wait for virtual time.</summary>
    /// <exception cref="InvalidOperationException">The engine runs in the background, or another call is running.</exception>
    public async Task RunUntilIdleAsync()
    {
        if (background is not null) throw new InvalidOperationException("The engine runs in the background; it cannot be pumped as well.");
        if (Interlocked.Exchange(ref pumping, 1) != 0) throw new InvalidOperationException("The engine is being pumped already.");
        try
        {
            while (true)
            {
                ThrowIfCrashed();
                board.ReleaseDue(Now);
                if (board.TryTake() is not { } work) return;
                if (work is InstanceSlot slot) await RunStepAsync(slot);
                else await RunActivityAsync((ActivityTask)work);
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
        if (time is not VirtualTimeProvider clock) throw new InvalidOperationException("Only a virtual clock can be advanced.");
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

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Client.DisposeAsync();
    }

    /// <summary>Stores what a client asked for and lets it be worked on. False where the commit's condition does not hold.</summary>
    internal async ValueTask<bool> PostAsync(StepCommit commit)
    {
        ThrowIfCrashed();
        if (!await store.CommitAsync(commit)) return false;
        board.Add(commit.NewMessages, commit.NewTasks, Now);
        watchers.Changed(commit.InstanceId);
        return true;
    }

    private static DateTimeOffset? Earliest(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;
}

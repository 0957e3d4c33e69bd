namespace IRFunctions.Local.Engine;

/// <summary>The engine at work by itself: pumps that run while there is work, and an alarm for what is due.</summary>
public sealed partial class DurableEngine
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromDays(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stopping = new();
    private ITimer? alarm;
    private Pump? stepPump,
        activityPump;

    /// <summary>Starts to work and returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _ = Context;
        if (alarm is not null)
            throw new InvalidOperationException(
                "The engine runs already. It has one worker: register all tasks with one AddDurableTaskWorker."
            );
        alarm = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        stepPump = new Pump(
            options.MaxConcurrentSteps,
            () => Board.ReadySteps,
            () => Board.TakeStep() is { } slot ? RunStepAsync(slot) : null,
            stopping.Token
        );
        activityPump = new Pump(
            options.MaxConcurrentActivities,
            () => Board.ReadyActivities,
            () => Board.TakeActivity() is { } task ? RunActivityAsync(task) : null,
            stopping.Token
        );
        Board.Start(stepPump.Wake, activityPump.Wake, SetAlarm);
        Ring();
        return Task.CompletedTask;
    }

    /// <summary>Stops. Activities are asked to stop and run again at the next start; nothing recorded is lost.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (stopping.IsCancellationRequested)
            return;
        await stopping.CancelAsync();
        if (alarm is null)
            return;
        await alarm.DisposeAsync();
        await Task.WhenAll(stepPump!.Idle, activityPump!.Idle).WaitAsync(cancellationToken);
    }

    private void Ring()
    {
        Board.ReleaseDue(Now);
        SetAlarm();
    }

    private void SetAlarm()
    {
        if (Board.NextDue is not { } due || stopping.IsCancellationRequested)
            return;
        var sleep = TimeSpan.FromTicks(Math.Max(0, due - Now));
        // Up to the next millisecond: timers count in those, and one too early would only set the alarm again.
        alarm!.Change(
            sleep > LongestSleep ? LongestSleep : TimeSpan.FromMilliseconds(Math.Ceiling(sleep.TotalMilliseconds)),
            Timeout.InfiniteTimeSpan
        );
    }

    /// <summary>
    /// Runs pieces of work, at most so many at once, a few at each turn on the thread pool: none keeps a thread for itself, and not each
    /// waits for one.
    /// </summary>
    private sealed class Pump(int most, Func<int> ready, Func<Task?> next, CancellationToken stop) : IThreadPoolWorkItem
    {
        /// <summary>Pieces of work at a turn, which take some ten microseconds each.</summary>
        private const int AtATurn = 16;

        private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int running;

        /// <summary>Completes when nothing runs any more after the stop.</summary>
        public Task Idle => Volatile.Read(ref running) == 0 ? Task.CompletedTask : idle.Task;

        public void Wake()
        {
            if (Volatile.Read(ref running) >= most || stop.IsCancellationRequested)
                return;
            Interlocked.Increment(ref running);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public async void Execute()
        {
            try
            {
                for (var left = AtATurn; left > 0 && !stop.IsCancellationRequested && next() is { } work; left--)
                    await work;
            }
#pragma warning disable CA1031 // Logged already, or a simulated crash; nothing was recorded that is not in the store.
            catch (Exception)
#pragma warning restore CA1031
            { }
            if (Interlocked.Decrement(ref running) == 0 && stop.IsCancellationRequested)
                idle.TrySetResult();
            // Whoever found all places taken is served now.
            if (ready() > 0)
                Wake();
        }
    }
}

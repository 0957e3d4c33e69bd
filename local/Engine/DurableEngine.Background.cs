using System.Threading.Channels;

namespace IRFunctions.Local.Engine;

/// <summary>The engine at work by itself: loops that sleep until a channel or the clock wakes them.</summary>
public sealed partial class DurableEngine
{
    private const int MaxStepsInFlight = 256;
    private static readonly TimeSpan LongestSleep = TimeSpan.FromDays(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim inFlight = new(MaxStepsInFlight);
    private Task[]? background;
    private ITimer? alarm;

    /// <summary>Starts the workers and returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _ = Context;
        if (background is not null) throw new InvalidOperationException("The engine runs already.");
        var ready = Channel.CreateUnbounded<bool>();
        var activitiesReady = Channel.CreateUnbounded<Message>();
        background =
        [
            .. Enumerable.Range(0, options.Workers).Select(_ => Task.Run(() => StepLoopAsync(ready.Reader), CancellationToken.None)),
            .. Enumerable.Range(0, options.MaxConcurrentActivities).Select(_ => Task.Run(() => ActivityLoopAsync(activitiesReady.Reader), CancellationToken.None)),
        ];
        alarm = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        board.EarliestChanged = SetAlarm;
        board.HandOver(ready.Writer, activitiesReady.Writer);
        Ring();
        return Task.CompletedTask;
    }

    /// <summary>Stops the workers. Activities are asked to stop and run again at the next start; nothing recorded is lost.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (stopping.IsCancellationRequested) return;
        await stopping.CancelAsync();
        if (background is null) return;
        board.EarliestChanged = null;
        await alarm!.DisposeAsync();
        await Task.WhenAll(background).WaitAsync(cancellationToken);
        // Whoever holds a place still commits; all places back means that all is done.
        for (var i = 0; i < MaxStepsInFlight; i++) await inFlight.WaitAsync(cancellationToken);
    }

    private void Ring()
    {
        board.ReleaseDue(Now);
        SetAlarm();
    }

    private void SetAlarm()
    {
        if (board.NextDue is not { } due) return;
        var sleep = TimeSpan.FromTicks(Math.Max(0, due - Now));
        // Up to the next millisecond: timers count in those, and one too early would only set the alarm again.
        sleep = sleep > LongestSleep ? LongestSleep : TimeSpan.FromMilliseconds(Math.Ceiling(sleep.TotalMilliseconds));
        try
        {
            alarm?.Change(sleep, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Stopped meanwhile.
        }
    }

    private async Task StepLoopAsync(ChannelReader<bool> ready)
    {
        try
        {
            while (await ready.WaitToReadAsync(stopping.Token))
            {
                while (!stopping.IsCancellationRequested && ready.TryRead(out _))
                {
                    board.Taken();
                    await inFlight.WaitAsync(stopping.Token);
                    // Not awaited: while a commit is on its way to disk, other instances go on.
                    if (board.TryTake() is Slot slot) _ = GuardedStepAsync(slot);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
    }

    private async Task GuardedStepAsync(Slot slot)
    {
        try
        {
            await RunStepAsync(slot);
        }
#pragma warning disable CA1031 // Logged already, or a simulated crash; nothing was recorded that is not in the store.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            inFlight.Release();
        }
    }

    private async Task ActivityLoopAsync(ChannelReader<Message> ready)
    {
        try
        {
            await foreach (var task in ready.ReadAllAsync(stopping.Token))
            {
                board.Taken();
                try
                {
                    await RunActivityAsync(task);
                }
                catch (Exception) when (crash is not null)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
    }
}

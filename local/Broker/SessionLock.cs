namespace IRFunctions.Local.Broker;

/// <summary>
/// A receiver's hold on one session: only it gets the session's messages, and all of them come back together when the hold ends.
/// </summary>
public sealed class SessionLock
{
    private readonly TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SessionLock(Lane lane) => Lane = lane;

    public string SessionId => Lane.SessionId!;

    /// <summary>The queue moves it on when the lock is renewed.</summary>
    public DateTimeOffset LockedUntil { get; internal set; }

    /// <summary>Completes when the lock expired; not when it was given back.</summary>
    public Task Lost => lost.Task;

    internal Lane Lane { get; }

    /// <summary>What is out under this lock.</summary>
    internal HashSet<QueueEntry> Out { get; } = [];

    internal void Lose() => lost.TrySetResult();
}

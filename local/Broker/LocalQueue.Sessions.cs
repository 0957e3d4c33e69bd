namespace IRFunctions.Local.Broker;

/// <summary>Sessions as a client sees them: held as a whole, with a lock and a state of their own.</summary>
public sealed partial class LocalQueue
{
    private readonly Dictionary<string, Lane> sessions = new(StringComparer.Ordinal);

    /// <summary>Sessions that a receiver holds, by their deadlines' ids.</summary>
    private readonly Dictionary<long, Lane> held = [];
    private long lanes = -2;

    /// <summary>
    /// Takes hold of a named session, or of the next that is free and has messages, waiting for one up to <paramref name="maxWait"/> (null
    /// waits until cancelled). Null where no session came, or where somebody else holds the named one.
    /// </summary>
    /// <exception cref="InvalidOperationException">The queue has no sessions.</exception>
    public async Task<SessionLock?> AcceptSessionAsync(string? sessionId, TimeSpan? maxWait = null, CancellationToken stop = default)
    {
        if (!Options.RequiresSession)
            throw new InvalidOperationException($"Queue '{Name}' has no sessions.");
        if (sessionId is null)
            return (SessionLock?)await AnySessionAsync(Hold, maxWait, stop);
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            var lane = LaneOf(sessionId);
            var session = lane.IsFree ? Hold(lane, now) : null;
            Arm(now);
            return session;
        }
    }

    /// <summary>The lock lasts a whole lock duration from now.</summary>
    /// <exception cref="SessionLockLostException">It is lost.</exception>
    public DateTimeOffset RenewSession(SessionLock session)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            ThrowIfLost(session);
            SetDeadline(session, now + Options.LockDuration);
            Arm(now);
            return session.LockedUntil;
        }
    }

    /// <summary>
    /// The receiver is done with the session: what it still has goes back, in its order. These deliveries do not count; those of a session
    /// whose lock expired do (learn.microsoft.com/azure/service-bus-messaging/message-sessions, "Impact of delivery count").
    /// </summary>
    public void ReleaseSession(SessionLock session)
    {
        lock (gate)
        {
            if (!ReferenceEquals(session.Lane.Holder, session))
                return;
            var now = time.GetUtcNow();
            EndSession(session, counted: false, now);
            Arm(now);
        }
    }

    /// <summary>What a receiver keeps with the session; null where nothing.</summary>
    public ReadOnlyMemory<byte>? GetSessionState(string sessionId)
    {
        lock (gate)
            return sessions.TryGetValue(sessionId, out var lane) ? lane.State?.State : null;
    }

    /// <summary>Keeps something with the session; null removes it.</summary>
    /// <exception cref="SessionLockLostException">The caller does not hold the session.</exception>
    public async Task SetSessionStateAsync(SessionLock session, ReadOnlyMemory<byte>? state)
    {
        StoredSession? before;
        StoredSession? after;
        Task write;
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            ThrowIfLost(session);
            before = session.Lane.State;
            after = state is { } bytes ? new StoredSession(session.SessionId, bytes, now) : null;
            session.Lane.State = after;
            write = storage.SetSessionAsync(Name, session.SessionId, after);
        }
        try
        {
            await write;
        }
        catch
        {
            lock (gate)
                if (ReferenceEquals(session.Lane.State, after))
                    session.Lane.State = before;
            throw;
        }
    }

    /// <summary>
    /// The sessions by name: those with messages or state, or, where a time is given, those whose state was set after it.
    /// </summary>
    public IReadOnlyList<string> SessionIds(DateTimeOffset? updatedAfter, int skip, int top)
    {
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            return
            [
                .. sessions
                    .Values.Where(lane =>
                        updatedAfter is { } after ? lane.State?.Updated > after : lane.Entries > 0 || lane.State is not null
                    )
                    .Select(lane => lane.SessionId!)
                    .Order(StringComparer.Ordinal)
                    .Skip(skip)
                    .Take(top),
            ];
        }
    }

    /// <summary>How many wait for any session; tests turn the clock when they do.</summary>
    internal int WaitingForSession
    {
        get
        {
            lock (gate)
                return sessionWaiters.Count;
        }
    }

    internal int WaitingForMessage
    {
        get
        {
            lock (gate)
                return main.Waiters.Count;
        }
    }

    private Lane LaneOf(string? sessionId)
    {
        if (!Options.RequiresSession)
            return main;
        sessionId ??= "";
        if (!sessions.TryGetValue(sessionId, out var lane))
            sessions[sessionId] = lane = new Lane(--lanes, sessionId);
        return lane;
    }

    private void DropIfEmpty(Lane lane)
    {
        if (lane is { IsSession: true, IsFree: true, Entries: 0, State: null })
            sessions.Remove(lane.SessionId!);
    }

    private SessionLock Hold(Lane lane, DateTimeOffset now)
    {
        var session = new SessionLock(lane);
        lane.Holder = session;
        held[lane.Id] = lane;
        SetDeadline(session, now + Options.LockDuration);
        return session;
    }

    private void SetDeadline(SessionLock session, DateTimeOffset? until)
    {
        deadlines.Remove((session.LockedUntil, session.Lane.Id));
        if (until is not { } end)
            return;
        session.LockedUntil = end;
        deadlines.Add((end, session.Lane.Id));
    }

    private void LoseSession(Lane lane, DateTimeOffset now)
    {
        var session = (SessionLock)lane.Holder!;
        EndSession(session, counted: true, now);
        session.Lose();
    }

    private void EndSession(SessionLock session, bool counted, DateTimeOffset now)
    {
        var lane = session.Lane;
        SetDeadline(session, null);
        held.Remove(lane.Id);
        foreach (var waiter in lane.Waiters)
            waiter.GiveUp();
        lane.Waiters.Clear();
        // All come back before anybody is served, so that the next receiver gets them in order. What is being settled goes its way.
        var back = session.Out.Where(e => e.State == EntryState.Locked).OrderBy(e => e.SequenceNumber).ToList();
        session.Out.Clear();
        if (!counted)
            TakeBack(back);
        foreach (var entry in back)
            Release(entry, now);
        lane.Holder = null;
        Serve(lane, now);
    }

    private void ThrowIfLost(SessionLock session)
    {
        if (!ReferenceEquals(session.Lane.Holder, session))
            throw new SessionLockLostException(Name, session.SessionId);
    }
}

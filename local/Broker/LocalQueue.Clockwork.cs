namespace IRFunctions.Local.Broker;

/// <summary>State changes of messages and what time does to them. Everything here runs under the gate.</summary>
public sealed partial class LocalQueue
{
    private const string TooManyDeliveries = "MaxDeliveryCountExceeded";
    private const string Expired = "TTLExpiredException";

    private void Restore()
    {
        var now = time.GetUtcNow();
        var since = now - Options.DuplicateDetectionWindow;
        foreach (var (id, at) in storage.LoadSeenIds(Name, since))
            seen.Remember(id, 0, at, SeenIds.Stored);
        foreach (var session in storage.LoadSessions(Name))
            LaneOf(session.SessionId).State = session;
        foreach (var message in storage.Load(Name))
            Admit(message, now);
        Arm(now);
    }

    /// <summary>Takes a stored message into the running queue.</summary>
    private void Admit(StoredMessage message, DateTimeOffset now)
    {
        var lane = message.IsDead ? dead : LaneOf(message.Content.SessionId);
        var entry = new QueueEntry(message, lane);
        entries.Add(message.SequenceNumber, entry);
        lane.Entries++;
        if (message.IsDead)
            deadCount++;
        else
            counts[(int)entry.State]++;
        if (message.State == StoredState.Scheduled)
            Schedule(entry, now);
        else
            Release(entry, now);
    }

    private void Schedule(QueueEntry entry, DateTimeOffset now)
    {
        var at = entry.Stored.Content.ScheduledEnqueueTime ?? now;
        if (at > now)
            Set(entry, EntryState.Scheduled, at);
        else
            Activate(entry, now);
    }

    /// <summary>
    /// A scheduled message that becomes active is appended to the queue with a number of its own, as the service says
    /// (learn.microsoft.com/azure/service-bus-messaging/message-sequencing).
    /// </summary>
    private void Activate(QueueEntry entry, DateTimeOffset now)
    {
        var scheduled = entry.Stored;
        var active = scheduled with { SequenceNumber = storage.NextSequenceNumber(), EnqueuedTime = now, State = StoredState.Active };
        Forget(entry, now);
        InBackground(storage.ReplaceAsync(scheduled, active));
        Admit(active, now);
    }

    private void Set(QueueEntry entry, EntryState state, DateTimeOffset? deadline = null)
    {
        if (entry.Deadline != DateTimeOffset.MaxValue)
            deadlines.Remove((entry.Deadline, entry.SequenceNumber));
        if (!entry.Stored.IsDead)
        {
            counts[(int)entry.State]--;
            counts[(int)state]++;
        }
        entry.State = state;
        entry.Deadline = deadline ?? DateTimeOffset.MaxValue;
        if (entry.Deadline != DateTimeOffset.MaxValue)
            deadlines.Add((entry.Deadline, entry.SequenceNumber));
    }

    /// <summary>
    /// Whoever had the message no longer has it: it goes to the next receiver, aside where it was deferred, or to the dead letters.
    /// </summary>
    private void Release(QueueEntry entry, DateTimeOffset now)
    {
        var message = entry.Stored;
        var end = message.IsDead ? DateTimeOffset.MaxValue : message.ExpiresAt(Options.DefaultTimeToLive);
        if (!message.IsDead && message.DeliveryCount >= Options.MaxDeliveryCount)
        {
            Bury(entry, TooManyDeliveriesOf(message), now);
            return;
        }
        if (end <= now)
        {
            Expire(entry, now);
            return;
        }
        Set(entry, message.IsDeferred ? EntryState.Deferred : EntryState.Available, end);
        if (entry.State == EntryState.Available)
            entry.Lane.Add(entry);
        LetGo(entry);
        Serve(entry.Lane, now);
    }

    /// <summary>The message is no longer out; where it held its session, the session is free.</summary>
    private static void LetGo(QueueEntry entry)
    {
        if (ReferenceEquals(entry.Lane.Holder, entry))
            entry.Lane.Holder = null;
        else
            (entry.Lane.Holder as SessionLock)?.Out.Remove(entry);
    }

    /// <summary>Gives to those who wait what the lane has.</summary>
    private void Serve(Lane lane, DateTimeOffset now)
    {
        while (lane.Peek() is { } next)
        {
            var free = lane.IsSession && lane.IsFree;
            var waiters = free ? sessionWaiters : lane.Waiters;
            if (waiters.First is not { } waiter)
            {
                if (free)
                    MarkReady(lane, next.SequenceNumber);
                return;
            }
            waiters.RemoveFirst();
            waiter.Value.Serve(lane, now);
        }
        DropIfEmpty(lane);
    }

    private void MarkReady(Lane lane, long first)
    {
        if (lane.ReadyFrom <= first)
            return;
        lane.ReadyFrom = first;
        ready.Enqueue(lane, first);
    }

    private Delivery LockNext(Lane lane, DateTimeOffset now) => LockEntry(lane.Take()!, now);

    private Delivery LockEntry(QueueEntry entry, DateTimeOffset now)
    {
        entry.Stored = entry.Stored with { DeliveryCount = entry.Stored.DeliveryCount + 1 };
        if (entry.Lane.Holder is SessionLock session)
        {
            session.Out.Add(entry);
            Set(entry, EntryState.Locked);
            return new Delivery(entry, entry.Stored, session.LockedUntil);
        }
        if (entry.Lane.IsSession)
            entry.Lane.Holder = entry;
        var until = now + Options.LockDuration;
        Set(entry, EntryState.Locked, until);
        return new Delivery(entry, entry.Stored, until);
    }

    private void Sweep(DateTimeOffset now)
    {
        while (deadlines.Count > 0 && deadlines.Min.Due <= now)
        {
            var (_, id) = deadlines.Min;
            if (id < 0)
            {
                LoseSession(held[id], now);
                continue;
            }
            var entry = entries[id];
            switch (entry.State)
            {
                case EntryState.Locked:
                    Release(entry, now);
                    break;
                case EntryState.Scheduled:
                    Activate(entry, now);
                    break;
                default:
                    Expire(entry, now);
                    break;
            }
        }
    }

    private void Expire(QueueEntry entry, DateTimeOffset now)
    {
        if (Options.DeadLetterOnExpiration)
        {
            Bury(entry, Dead(entry.Stored, Expired, "The message expired and was dead lettered."), now);
            return;
        }
        var gone = entry.Stored;
        Forget(entry, now);
        InBackground(storage.RemoveAsync([gone]));
    }

    private void Bury(QueueEntry entry, StoredMessage message, DateTimeOffset now)
    {
        MoveToDead(entry, message, now);
        InBackground(storage.UpdateAsync([message], contentToo: true));
    }

    private void MoveToDead(QueueEntry entry, StoredMessage message, DateTimeOffset now)
    {
        var lane = entry.Lane;
        Set(entry, EntryState.Settling);
        counts[(int)EntryState.Settling]--;
        deadCount++;
        lane.Entries--;
        LetGo(entry);
        entry.Stored = message;
        entry.Lane = dead;
        dead.Entries++;
        Serve(lane, now);
        Release(entry, now);
    }

    private void Forget(QueueEntry entry, DateTimeOffset now)
    {
        Set(entry, EntryState.Settling);
        if (entry.Stored.IsDead)
            deadCount--;
        else
            counts[(int)EntryState.Settling]--;
        entries.Remove(entry.SequenceNumber);
        entry.Lane.Entries--;
        LetGo(entry);
        Serve(entry.Lane, now);
    }

    private StoredMessage TooManyDeliveriesOf(StoredMessage message) =>
        Dead(message, TooManyDeliveries, $"Message could not be consumed after {Options.MaxDeliveryCount} delivery attempts.");

    private static StoredMessage Dead(
        StoredMessage message,
        string? reason,
        string? description,
        IReadOnlyDictionary<string, object?>? changes = null
    )
    {
        var properties = changes is null ? [] : new Dictionary<string, object?>(changes);
        if (reason is not null)
            properties[Names.DeadLetterReason] = reason;
        if (description is not null)
            properties[Names.DeadLetterDescription] = description;
        return message with { State = StoredState.DeadLettered, Content = message.Content.WithProperties(properties) };
    }

    /// <summary>
    /// Nobody waits for what time decides, and nothing is lost if such a write fails: a restart decides the same from the same times and
    /// counts.
    /// </summary>
    private static void InBackground(Task write) =>
        _ = write.ContinueWith(
            static failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default
        );

    private void OnAlarm()
    {
        lock (gate)
        {
            alarmAt = DateTimeOffset.MaxValue;
            var now = time.GetUtcNow();
            Sweep(now);
            Arm(now);
        }
    }

    /// <summary>One timer for all: set for the earliest deadline, moved only when that comes nearer.</summary>
    private void Arm(DateTimeOffset now)
    {
        if (deadlines.Count == 0 || deadlines.Min.Due >= alarmAt)
            return;
        var wait = deadlines.Min.Due - now;
        if (wait > LongestTimer)
            wait = LongestTimer;
        // Whole milliseconds upwards: a timer that fires a fraction early would find nothing due and spin.
        wait = TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)));
        alarmAt = now + wait;
        alarm.Change(wait, Timeout.InfiniteTimeSpan);
    }
}

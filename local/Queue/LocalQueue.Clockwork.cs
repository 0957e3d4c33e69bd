namespace IRFunctions.Local.Queue;

/// <summary>State changes of messages and what time does to them. Everything here runs under the gate.</summary>
public sealed partial class LocalQueue
{
    private const string TooManyDeliveries = "MaxDeliveryCountExceeded";
    private const string Expired = "TTLExpiredException";

    private void Restore()
    {
        var now = time.GetUtcNow();
        foreach (var (id, at) in storage.LoadSeenIds(Name, now - Options.DuplicateDetectionWindow)) seen.Remember(id, 0, at, SeenIds.Stored);
        foreach (var message in storage.Load(Name)) Admit(message, now);
        Arm(now);
    }

    /// <summary>Takes a stored message into the running queue.</summary>
    private void Admit(StoredMessage message, DateTimeOffset now)
    {
        var entry = new QueueEntry(message);
        entries.Add(message.SequenceNumber, entry);
        counts[(int)entry.State]++;
        switch (message.State)
        {
            case StoredState.DeadLettered: Set(entry, EntryState.DeadLettered); break;
            case StoredState.Deferred: Set(entry, EntryState.Deferred, entry.ExpiresAt(Options.DefaultTimeToLive)); break;
            case StoredState.Active when message.Content.ScheduledEnqueueTime is { } at && at > now: Set(entry, EntryState.Scheduled, at); break;
            default: Release(entry, now); break;
        }
    }

    private void Set(QueueEntry entry, EntryState state, DateTimeOffset? deadline = null)
    {
        if (entry.Deadline != DateTimeOffset.MaxValue) deadlines.Remove((entry.Deadline, entry.SequenceNumber));
        counts[(int)entry.State]--;
        counts[(int)state]++;
        if (Options.RequiresSession) sessions.Moved(entry, state);
        entry.State = state;
        entry.Deadline = deadline ?? DateTimeOffset.MaxValue;
        if (entry.Deadline != DateTimeOffset.MaxValue) deadlines.Add((entry.Deadline, entry.SequenceNumber));
    }

    /// <summary>Whoever had the message no longer has it: it goes to the next receiver, or to the dead letters.</summary>
    private void Release(QueueEntry entry, DateTimeOffset now)
    {
        if (entry.Stored.DeliveryCount >= Options.MaxDeliveryCount) { Bury(entry, TooManyDeliveriesOf(entry.Stored)); return; }
        var end = entry.ExpiresAt(Options.DefaultTimeToLive);
        if (end <= now) { Expire(entry); return; }
        Set(entry, EntryState.Available, end);
        if (Options.RequiresSession && sessions.Park(entry)) return;
        Offer(entry, now);
        if (Options.RequiresSession) Unpark(entry, now);
    }

    /// <summary>What waited behind this message of its session may be next.</summary>
    private void Unpark(QueueEntry entry, DateTimeOffset now)
    {
        if (!Options.RequiresSession) return;
        while (sessions.Next(entry) is { } next)
            if (next.State == EntryState.Available) Offer(next, now);
    }

    private void Offer(QueueEntry entry, DateTimeOffset now)
    {
        if (waiters.First is { } waiter)
        {
            waiters.RemoveFirst();
            waiter.Value.SetResult(LockEntry(entry, now));
        }
        else
        {
            available.Enqueue(entry, entry.SequenceNumber);
        }
    }

    private Delivery? TakeNext(DateTimeOffset now)
    {
        // What expired while it waited is still in the heap, but no longer available.
        while (available.TryDequeue(out var entry, out _))
            if (entry.State == EntryState.Available && !(Options.RequiresSession && sessions.Park(entry))) return LockEntry(entry, now);
        return null;
    }

    private Delivery LockEntry(QueueEntry entry, DateTimeOffset now)
    {
        entry.Stored = entry.Stored with { DeliveryCount = entry.Stored.DeliveryCount + 1, State = StoredState.Active };
        var until = now + Options.LockDuration;
        Set(entry, EntryState.Locked, until);
        return new Delivery(entry, entry.Stored, until);
    }

    private void Sweep(DateTimeOffset now)
    {
        while (deadlines.Count > 0 && deadlines.Min.Due <= now)
        {
            var entry = entries[deadlines.Min.Sequence];
            if (entry.State is EntryState.Locked or EntryState.Scheduled) Release(entry, now);
            else Expire(entry);
        }
    }

    private void Expire(QueueEntry entry)
    {
        if (Options.DeadLetterOnExpiration) { Bury(entry, Dead(entry.Stored, Expired, "The message expired and was dead lettered.")); return; }
        Forget(entry);
        InBackground(storage.RemoveAsync(entry.Stored));
    }

    private void Bury(QueueEntry entry, StoredMessage dead)
    {
        entry.Stored = dead;
        Set(entry, EntryState.DeadLettered);
        Unpark(entry, time.GetUtcNow());
        InBackground(storage.UpdateAsync(dead));
    }

    private void Forget(QueueEntry entry)
    {
        Set(entry, EntryState.Settling);
        counts[(int)EntryState.Settling]--;
        entries.Remove(entry.SequenceNumber);
        if (!Options.RequiresSession) return;
        sessions.Gone(entry);
        Unpark(entry, time.GetUtcNow());
    }

    private StoredMessage TooManyDeliveriesOf(StoredMessage message) =>
        Dead(message, TooManyDeliveries, $"Message could not be consumed after {Options.MaxDeliveryCount} delivery attempts.");

    private static StoredMessage Dead(StoredMessage message, string? reason, string? description,
        IEnumerable<KeyValuePair<string, object>>? changes = null)
    {
        var properties = Merged(message.Content.ApplicationProperties, changes);
        if (reason is not null) properties["DeadLetterReason"] = reason;
        if (description is not null) properties["DeadLetterErrorDescription"] = description;
        return message with { State = StoredState.DeadLettered, Content = message.Content with { ApplicationProperties = properties } };
    }

    private static Dictionary<string, object> Merged(
        IReadOnlyDictionary<string, object> properties, IEnumerable<KeyValuePair<string, object>>? changes)
    {
        var merged = new Dictionary<string, object>(properties);
        foreach (var (name, value) in changes ?? [])
        {
            if (!PropertyCodec.Supports(value))
                throw new ArgumentException($"No Service Bus message can carry property '{name}' of type {value?.GetType().Name ?? "null"}.");
            merged[name] = value;
        }
        return merged;
    }

    /// <summary>
    /// Nobody waits for what time decides, and nothing is lost if such a write fails: a restart decides the same from the same times and counts.
    /// </summary>
    private static void InBackground(Task write) =>
        _ = write.ContinueWith(
            static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

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
        if (deadlines.Count == 0 || deadlines.Min.Due >= alarmAt) return;
        var wait = deadlines.Min.Due - now;
        if (wait > LongestTimer) wait = LongestTimer;
        // Whole milliseconds upwards: a timer that fires a fraction early would find nothing due and spin.
        wait = TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)));
        alarmAt = now + wait;
        alarm.Change(wait, Timeout.InfiniteTimeSpan);
    }
}

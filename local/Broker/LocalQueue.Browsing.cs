using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Broker;

/// <summary>Looking without taking, and what people may do with scheduled messages and dead letters.</summary>
public sealed partial class LocalQueue
{
    /// <summary>Looks at messages without touching them, by rising sequence number.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Peek(int max = 100, long fromSequenceNumber = 0) =>
        [.. Browse(max, fromSequenceNumber, fromDead: false).Select(m => ReceivedMessages.From(m, this))];

    /// <summary>Looks at the dead letters without touching them, by rising sequence number.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> PeekDeadLetters(int max = 100, long fromSequenceNumber = 0) =>
        [.. Browse(max, fromSequenceNumber, fromDead: true).Select(m => ReceivedMessages.From(m, this))];

    /// <param name="sessionId">Only of this session; null of all.</param>
    internal IReadOnlyList<StoredMessage> Browse(int max, long from, bool fromDead, string? sessionId = null)
    {
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            return
            [
                .. entries
                    .Values.Where(e => e.SequenceNumber >= from && e.Stored.IsDead == fromDead)
                    .Where(e => sessionId is null || e.Stored.Content.SessionId == sessionId)
                    .OrderBy(e => e.SequenceNumber)
                    .Take(max)
                    .Select(e => e.Stored),
            ];
        }
    }

    /// <summary>Takes scheduled messages back, all or none: false where one of them is not scheduled (any more).</summary>
    public async Task<bool> CancelScheduledAsync(IReadOnlyList<long> sequenceNumbers)
    {
        var cancelled = new List<QueueEntry>(sequenceNumbers.Count);
        Task write;
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            foreach (var number in sequenceNumbers.Distinct())
            {
                if (!entries.TryGetValue(number, out var entry) || entry.State != EntryState.Scheduled)
                    return false;
                cancelled.Add(entry);
            }
            write = BeginRemoving(cancelled);
        }
        await RemoveAsync(cancelled, write, (entry, now) => Schedule(entry, now));
        return true;
    }

    /// <summary>
    /// Deletes available messages that were enqueued before a time, oldest first; what somebody holds, what is scheduled or deferred,
    /// stays.
    /// </summary>
    /// <returns>How many were deleted.</returns>
    internal async Task<int> DeleteAsync(int max, DateTimeOffset before, bool fromDead, SessionLock? session)
    {
        List<QueueEntry> deleted;
        Task write;
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            deleted =
            [
                .. entries
                    .Values.Where(e => e.State == EntryState.Available && e.Stored.IsDead == fromDead && e.Stored.EnqueuedTime < before)
                    .Where(e => session is null || ReferenceEquals(e.Lane, session.Lane))
                    .OrderBy(e => e.SequenceNumber)
                    .Take(max),
            ];
            if (deleted.Count == 0)
                return 0;
            write = BeginRemoving(deleted);
        }
        await RemoveAsync(deleted, write, Release);
        return deleted.Count;
    }

    /// <summary>
    /// Sends a dead letter again as a new message with the same id, past duplicate detection: a person wants it. False when there is none.
    /// </summary>
    public async Task<bool> ResubmitAsync(long sequenceNumber)
    {
        QueueEntry? entry;
        StoredMessage again;
        Task write;
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (
                !entries.TryGetValue(sequenceNumber, out entry)
                || !entry.Stored.IsDead
                || entry.State is not (EntryState.Available or EntryState.Deferred)
            )
                return false;
            again = Again(entry.Stored, now);
            Set(entry, EntryState.Settling);
            write = storage.ReplaceAsync(entry.Stored, again);
        }
        try
        {
            await write;
        }
        catch
        {
            lock (gate)
                Release(entry, time.GetUtcNow());
            throw;
        }
        lock (gate)
        {
            var now = time.GetUtcNow();
            Forget(entry, now);
            Admit(again, now);
            Arm(now);
        }
        return true;
    }

    private Task BeginRemoving(List<QueueEntry> gone)
    {
        foreach (var entry in gone)
            Set(entry, EntryState.Settling);
        return storage.RemoveAsync([.. gone.Select(e => e.Stored)]);
    }

    private async Task RemoveAsync(List<QueueEntry> gone, Task write, Action<QueueEntry, DateTimeOffset> undo)
    {
        try
        {
            await write;
        }
        catch
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                foreach (var entry in gone)
                    undo(entry, now);
                Arm(now);
            }
            throw;
        }
        lock (gate)
        {
            var now = time.GetUtcNow();
            foreach (var entry in gone)
                Forget(entry, now);
            Arm(now);
        }
    }

    private StoredMessage Again(StoredMessage old, DateTimeOffset now)
    {
        var content = old.Content.With(message =>
        {
            message.MessageAnnotations.Map.TryRemoveValue<object>(Names.ScheduledEnqueueTime, out _);
            if (message.ApplicationProperties is not { } properties)
                return;
            properties.Map.TryRemoveValue<object>(Names.DeadLetterReason, out _);
            properties.Map.TryRemoveValue<object>(Names.DeadLetterDescription, out _);
        });
        return new StoredMessage(storage.NextSequenceNumber(), Name, content, now, 0, StoredState.Active);
    }
}

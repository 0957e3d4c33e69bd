using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Queue;

/// <summary>What a receiver may do with a message it holds, and what people may do with dead letters.</summary>
public sealed partial class LocalQueue
{
    /// <summary>Characters of a dead letter's reason or description.</summary>
    public const int MaxDeadLetterText = 4096;

    /// <summary>The message is done and goes.</summary>
    /// <exception cref="MessageLockLostException">The lock expired or the message was settled before.</exception>
    public Task CompleteAsync(ServiceBusReceivedMessage message) => SettleAsync(message, _ => null);

    /// <summary>Back to the queue at once; after the last delivery, to the dead letters.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public Task AbandonAsync(ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null) => SettleAsync(message, m =>
    {
        var changed = WithProperties(m, propertiesToModify);
        return m.DeliveryCount >= Options.MaxDeliveryCount ? TooManyDeliveriesOf(changed) : changed;
    });

    /// <summary>To the dead letters, with words for the person who will look.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Reason or description has more than <see cref="MaxDeadLetterText"/> characters.</exception>
    /// <inheritdoc cref="CompleteAsync"/>
    public Task DeadLetterAsync(
        ServiceBusReceivedMessage message, string? reason, string? description = null, IDictionary<string, object>? propertiesToModify = null)
    {
        // The real one refuses longer ones too; better to learn that here than in production.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason?.Length ?? 0, MaxDeadLetterText, nameof(reason));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(description?.Length ?? 0, MaxDeadLetterText, nameof(description));
        return SettleAsync(message, m => Dead(m, reason, description, propertiesToModify));
    }

    /// <summary>Set aside until asked for by its sequence number.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public Task DeferAsync(ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null) =>
        SettleAsync(message, m => WithProperties(m, propertiesToModify) with { State = StoredState.Deferred });

    /// <summary>The lock lasts a whole lock duration from now.</summary>
    /// <returns>The new end of the lock.</returns>
    /// <inheritdoc cref="CompleteAsync"/>
    public DateTimeOffset RenewLock(ServiceBusReceivedMessage message)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            var entry = Held(message);
            Set(entry, EntryState.Locked, now + Options.LockDuration);
            Arm(now);
            return entry.Deadline;
        }
    }

    /// <summary>Looks at messages without touching them, by rising sequence number.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Peek(int max = 100, long fromSequenceNumber = 0) => Browse(max, fromSequenceNumber, dead: false);

    /// <summary>Looks at the dead letters without touching them, by rising sequence number.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> PeekDeadLetters(int max = 100, long fromSequenceNumber = 0) =>
        Browse(max, fromSequenceNumber, dead: true);

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
            if (!entries.TryGetValue(sequenceNumber, out entry) || entry.State != EntryState.DeadLettered) return false;
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
            lock (gate) Set(entry, EntryState.DeadLettered);
            throw;
        }
        lock (gate)
        {
            var now = time.GetUtcNow();
            Forget(entry);
            Admit(again, now);
            Arm(now);
        }
        return true;
    }

    /// <summary>Stores the change before it shows; <paramref name="change"/> answers null where the message goes.</summary>
    private async Task SettleAsync(ServiceBusReceivedMessage message, Func<StoredMessage, StoredMessage?> change)
    {
        QueueEntry entry;
        StoredMessage? changed;
        DateTimeOffset lockedUntil;
        Task write;
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            entry = Held(message);
            lockedUntil = entry.Deadline;
            changed = change(entry.Stored);
            // While the change is being written the lock cannot end under it.
            Set(entry, EntryState.Settling);
            write = Write(entry.Stored, changed);
        }
        try
        {
            await write;
        }
        catch
        {
            lock (gate)
            {
                Set(entry, EntryState.Locked, lockedUntil);
                Arm(time.GetUtcNow());
            }
            throw;
        }
        lock (gate) Settled(entry, changed);
    }

    private Task Write(StoredMessage before, StoredMessage? after)
    {
        if (after is null) return storage.RemoveAsync(before);
        return ReferenceEquals(before, after) ? Task.CompletedTask : storage.UpdateAsync(after);
    }

    private void Settled(QueueEntry entry, StoredMessage? changed)
    {
        if (changed is null) { Forget(entry); return; }
        var now = time.GetUtcNow();
        entry.Stored = changed;
        switch (changed.State)
        {
            case StoredState.DeadLettered: Set(entry, EntryState.DeadLettered); Unpark(entry, now); break;
            case StoredState.Deferred: Set(entry, EntryState.Deferred, entry.ExpiresAt(Options.DefaultTimeToLive)); Unpark(entry, now); break;
            default: Release(entry, now); break;
        }
        Arm(now);
    }

    private QueueEntry Held(ServiceBusReceivedMessage message) =>
        entries.TryGetValue(message.SequenceNumber, out var entry) && entry.State == EntryState.Locked
            && message.LockToken == entry.LockToken.ToString()
            ? entry
            : throw new MessageLockLostException(Name, message.SequenceNumber);

    private static StoredMessage WithProperties(StoredMessage message, IDictionary<string, object>? changes)
    {
        if (changes is null || changes.Count == 0) return message;
        return message with { Content = message.Content with { ApplicationProperties = Merged(message.Content.ApplicationProperties, changes) } };
    }

    private StoredMessage Again(StoredMessage dead, DateTimeOffset now)
    {
        var properties = new Dictionary<string, object>(dead.Content.ApplicationProperties);
        properties.Remove("DeadLetterReason");
        properties.Remove("DeadLetterErrorDescription");
        var content = dead.Content with { ApplicationProperties = properties, ScheduledEnqueueTime = null };
        return new StoredMessage(storage.NextSequenceNumber(), Name, content, now, 0, StoredState.Active);
    }

    private List<ServiceBusReceivedMessage> Browse(int max, long from, bool dead)
    {
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            return entries.Values
                .Where(e => e.SequenceNumber >= from && e.State == EntryState.DeadLettered == dead)
                .OrderBy(e => e.SequenceNumber)
                .Take(max)
                .Select(e => Received.From(e.Stored, this, StateOf(e)))
                .ToList();
        }

        static ServiceBusMessageState StateOf(QueueEntry entry) => entry.State switch
        {
            EntryState.Scheduled => ServiceBusMessageState.Scheduled,
            EntryState.Deferred => ServiceBusMessageState.Deferred,
            _ => ServiceBusMessageState.Active,
        };
    }
}

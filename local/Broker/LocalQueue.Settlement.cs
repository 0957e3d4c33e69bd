using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Broker;

/// <summary>What a receiver may do with a message it holds.</summary>
public sealed partial class LocalQueue
{
    /// <summary>Characters of a dead letter's reason or description.</summary>
    public const int MaxDeadLetterText = 4096;

    /// <summary>The message is done and goes.</summary>
    /// <exception cref="MessageLockLostException">The lock expired or the message was settled before.</exception>
    public Task CompleteAsync(ServiceBusReceivedMessage message) => CompleteAsync(TokenOf(message));

    /// <summary>Back to the queue at once; after the last delivery, to the dead letters.</summary>
    /// <inheritdoc cref="CompleteAsync(ServiceBusReceivedMessage)"/>
    public Task AbandonAsync(ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null) =>
        AbandonAsync(TokenOf(message), AmqpValues.Changes(propertiesToModify));

    /// <summary>To the dead letters, with words for the person who will look.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Reason or description has more than <see cref="MaxDeadLetterText"/>
    /// characters.</exception>
    /// <inheritdoc cref="CompleteAsync(ServiceBusReceivedMessage)"/>
    public Task DeadLetterAsync(
        ServiceBusReceivedMessage message,
        string? reason,
        string? description = null,
        IDictionary<string, object>? propertiesToModify = null
    ) => DeadLetterAsync(TokenOf(message), reason, description, AmqpValues.Changes(propertiesToModify));

    /// <summary>Set aside until asked for by its sequence number.</summary>
    /// <inheritdoc cref="CompleteAsync(ServiceBusReceivedMessage)"/>
    public Task DeferAsync(ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null) =>
        DeferAsync(TokenOf(message), AmqpValues.Changes(propertiesToModify));

    /// <summary>The lock lasts a whole lock duration from now.</summary>
    /// <returns>The new end of the lock.</returns>
    /// <inheritdoc cref="CompleteAsync(ServiceBusReceivedMessage)"/>
    public DateTimeOffset RenewLock(ServiceBusReceivedMessage message) => RenewLock(TokenOf(message));

    internal Task CompleteAsync(Guid lockToken) => SettleAsync(lockToken, _ => null);

    internal Task AbandonAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? changes = null) =>
        SettleAsync(
            lockToken,
            m =>
            {
                var changed = WithProperties(m, changes);
                return !m.IsDead && m.DeliveryCount >= Options.MaxDeliveryCount ? TooManyDeliveriesOf(changed) : changed;
            }
        );

    /// <summary>The receiver never looked at it: back to the queue, the delivery not counted.</summary>
    internal Task ReleaseAsync(Guid lockToken) => SettleAsync(lockToken, m => m.TakenBack());

    internal Task DeadLetterAsync(Guid lockToken, string? reason, string? description, IReadOnlyDictionary<string, object?>? changes)
    {
        // The real one refuses longer ones too; better to learn that here than in production.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason?.Length ?? 0, MaxDeadLetterText, nameof(reason));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(description?.Length ?? 0, MaxDeadLetterText, nameof(description));
        return SettleAsync(
            lockToken,
            m =>
                m.IsDead
                    ? throw new InvalidOperationException($"Message {m.SequenceNumber} of queue '{Name}' is a dead letter already.")
                    : Dead(m, reason, description, changes)
        );
    }

    internal Task DeferAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? changes = null) =>
        SettleAsync(
            lockToken,
            m => WithProperties(m, changes) with { State = m.IsDead ? StoredState.DeadLetterDeferred : StoredState.Deferred }
        );

    internal DateTimeOffset RenewLock(Guid lockToken)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            var entry = Held(lockToken);
            if (entry.Lane.Holder is SessionLock)
                throw new InvalidOperationException("A message of a session has no lock of its own; renew the session's.");
            Set(entry, EntryState.Locked, now + Options.LockDuration);
            Arm(now);
            return entry.Deadline;
        }
    }

    /// <summary>Stores the change before it shows; <paramref name="change"/> answers null where the message goes.</summary>
    private async Task SettleAsync(Guid lockToken, Func<StoredMessage, StoredMessage?> change)
    {
        QueueEntry entry;
        StoredMessage? changed;
        DateTimeOffset lockedUntil;
        Task write;
        lock (gate)
        {
            Sweep(time.GetUtcNow());
            entry = Held(lockToken);
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
                Unsettled(entry, lockedUntil);
            throw;
        }
        lock (gate)
            Settled(entry, changed);
    }

    private Task Write(StoredMessage before, StoredMessage? after)
    {
        if (after is null)
            return storage.RemoveAsync([before]);
        return ReferenceEquals(before, after)
            ? Task.CompletedTask
            : storage.UpdateAsync([after], contentToo: !ReferenceEquals(before.Content, after.Content));
    }

    /// <summary>The change could not be stored: the receiver still has the message, unless it lost its session meanwhile.</summary>
    private void Unsettled(QueueEntry entry, DateTimeOffset lockedUntil)
    {
        var now = time.GetUtcNow();
        var underSession = lockedUntil == DateTimeOffset.MaxValue;
        if (underSession && (entry.Lane.Holder as SessionLock)?.Out.Contains(entry) != true)
            Release(entry, now);
        else
            Set(entry, EntryState.Locked, lockedUntil);
        Arm(now);
    }

    private void Settled(QueueEntry entry, StoredMessage? changed)
    {
        var now = time.GetUtcNow();
        if (changed is null)
        {
            Forget(entry, now);
        }
        else if (changed.IsDead && !entry.Stored.IsDead)
        {
            MoveToDead(entry, changed, now);
        }
        else
        {
            entry.Stored = changed;
            Release(entry, now);
        }
        Arm(now);
    }

    private QueueEntry Held(Guid lockToken)
    {
        var number = LockToken.SequenceNumberOf(lockToken);
        return entries.TryGetValue(number, out var entry) && entry.State == EntryState.Locked && entry.Stored.LockToken == lockToken
            ? entry
            : throw new MessageLockLostException(Name, number);
    }

    private static Guid TokenOf(ServiceBusReceivedMessage message) => Guid.Parse(message.LockToken);

    private static StoredMessage WithProperties(StoredMessage message, IReadOnlyDictionary<string, object?>? changes) =>
        changes is null || changes.Count == 0 ? message : message with { Content = message.Content.WithProperties(changes) };
}

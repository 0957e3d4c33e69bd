using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Queue;

/// <summary>How many messages are in which state.</summary>
public sealed record QueueCounts(int Available, int Locked, int Scheduled, int Deferred, int DeadLettered)
{
    /// <summary>Everything that still waits for the pipeline.</summary>
    public int Active => Available + Locked + Scheduled + Deferred;
}

/// <summary>What a sender hears: where the message is, or that an earlier one with its id already is.</summary>
public readonly record struct Accepted(long SequenceNumber, bool IsDuplicate);

/// <summary>
/// One queue with Service Bus's rules: peek-lock, delivery count, dead letters with reason, duplicate detection, scheduled and expiring messages.
/// What was accepted is stored; a lock is not, so after a restart the message is available again, its delivery count kept.
/// All methods may be called from many threads. Time passes only through the <see cref="TimeProvider"/>.
/// </summary>
public sealed partial class LocalQueue : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock gate = new();
    private readonly IQueueStorage storage;
    private readonly TimeProvider time;
    private readonly ITimer alarm;
    private readonly Dictionary<long, QueueEntry> entries = [];
    private readonly PriorityQueue<QueueEntry, long> available = new();
    private readonly SortedSet<(DateTimeOffset Due, long Sequence)> deadlines = [];
    private readonly SessionOrder sessions = new();
    private readonly LinkedList<TaskCompletionSource<Delivery?>> waiters = [];
    private readonly SeenIds seen;
    private readonly int[] counts = new int[Enum.GetValues<EntryState>().Length];
    private DateTimeOffset alarmAt = DateTimeOffset.MaxValue;

    /// <exception cref="ArgumentException">An option is outside what Service Bus allows.</exception>
    public LocalQueue(string name, IQueueStorage storage, TimeProvider time, LocalQueueOptions? options = null)
    {
        Name = name;
        Options = (options ?? new LocalQueueOptions()).Checked();
        this.storage = storage;
        this.time = time;
        seen = new SeenIds(Options.DuplicateDetectionWindow);
        alarm = time.CreateTimer(_ => OnAlarm(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (gate) Restore();
    }

    public string Name { get; }

    public LocalQueueOptions Options { get; }

    public QueueCounts Counts
    {
        get
        {
            lock (gate)
            {
                Sweep(time.GetUtcNow());
                return new QueueCounts(counts[(int)EntryState.Available], counts[(int)EntryState.Locked] + counts[(int)EntryState.Settling],
                    counts[(int)EntryState.Scheduled], counts[(int)EntryState.Deferred], counts[(int)EntryState.DeadLettered]);
            }
        }
    }

    /// <summary>Accepts a message: when the task completes it is stored.</summary>
    /// <exception cref="MessageRefusedException">Too large, or a property breaks a limit.</exception>
    public async Task<Accepted> SendAsync(OutgoingMessage message) => (await SendAsync([message]))[0];

    /// <summary>Accepts all of the messages or none.</summary>
    /// <inheritdoc cref="SendAsync(OutgoingMessage)"/>
    public async Task<IReadOnlyList<Accepted>> SendAsync(IReadOnlyList<OutgoingMessage> messages)
    {
        foreach (var message in messages)
        {
            message.Check(Options.MaxMessageBytes);
            if (Options.RequiresSession && string.IsNullOrEmpty(message.SessionId))
                throw new MessageRefusedException(RefusalReason.BadProperty, $"The message is refused: queue {Name} requires a SessionId.");
        }
        var accepted = new Accepted[messages.Count];
        var fresh = new List<StoredMessage>(messages.Count);
        List<Task>? earlier = null;
        var write = new SeenIds.Write();
        lock (gate)
        {
            var now = time.GetUtcNow();
            seen.Forget(now);
            for (var i = 0; i < messages.Count; i++)
            {
                var first = seen.Find(messages[i].MessageId);
                if (first is not null && first.Write != write) (earlier ??= []).Add(first.Write.Done);
                accepted[i] = first is null ? new Accepted(storage.NextSequenceNumber(), false) : new Accepted(first.SequenceNumber, true);
                if (first is not null) continue;
                seen.Remember(messages[i].MessageId, accepted[i].SequenceNumber, now, write);
                fresh.Add(Fresh(messages[i], accepted[i].SequenceNumber, now));
            }
            if (fresh.Count > 0) write.Done = storage.AddAsync(fresh, seen.IdsOf(fresh), now - Options.DuplicateDetectionWindow);
        }
        await StoreThenPublishAsync(fresh, write);
        // A duplicate is acknowledged only once the message it repeats is stored.
        if (earlier is not null) await Task.WhenAll(earlier);
        return accepted;
    }

    /// <summary>
    /// Peek, lock and hand over the next message; null when none came within <paramref name="maxWait"/> (null waits until cancelled, zero does not
    /// wait).
    /// </summary>
    public async Task<ServiceBusReceivedMessage?> ReceiveAsync(TimeSpan? maxWait = null, CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        Delivery? delivery;
        LinkedListNode<TaskCompletionSource<Delivery?>>? waiter = null;
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            delivery = TakeNext(now);
            if (delivery is null && maxWait != TimeSpan.Zero)
                waiter = waiters.AddLast(new TaskCompletionSource<Delivery?>(TaskCreationOptions.RunContinuationsAsynchronously));
            Arm(now);
        }
        if (waiter is not null) delivery = await WaitAsync(waiter, maxWait, stop);
        return delivery is null ? null : await HandOverAsync(delivery);
    }

    /// <summary>Locks and hands over a deferred message; null when there is none with this sequence number.</summary>
    public async Task<ServiceBusReceivedMessage?> ReceiveDeferredAsync(long sequenceNumber)
    {
        Delivery delivery;
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            if (!entries.TryGetValue(sequenceNumber, out var entry) || entry.State != EntryState.Deferred) return null;
            delivery = LockEntry(entry, now);
            Arm(now);
        }
        return await HandOverAsync(delivery);
    }

    public void Dispose() => alarm.Dispose();

    private StoredMessage Fresh(OutgoingMessage message, long sequenceNumber, DateTimeOffset now)
    {
        // Given from the sequence number, not at random, so that a simulated run repeats exactly.
        var content = message.MessageId.Length > 0 ? message : message with { MessageId = $"{Name}-{sequenceNumber}" };
        return new StoredMessage(sequenceNumber, Name, content, now, 0, StoredState.Active);
    }

    private async Task StoreThenPublishAsync(List<StoredMessage> fresh, SeenIds.Write write)
    {
        try
        {
            await write.Done;
        }
        catch
        {
            lock (gate) seen.Undo(write);
            throw;
        }
        lock (gate)
        {
            var now = time.GetUtcNow();
            foreach (var message in fresh) Admit(message, now);
            Arm(now);
        }
    }

    /// <summary>The delivery is stored before anyone sees the message: one that kills the process is counted all the same.</summary>
    private async Task<ServiceBusReceivedMessage> HandOverAsync(Delivery delivery)
    {
        try
        {
            await storage.UpdateAsync(delivery.Stored);
        }
        catch
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                if (delivery.Entry.State == EntryState.Locked
                    && ReferenceEquals(delivery.Entry.Stored, delivery.Stored)) Release(delivery.Entry, now);
                Arm(now);
            }
            throw;
        }
        return delivery.ToMessage(this);
    }

    private async Task<Delivery?> WaitAsync(LinkedListNode<TaskCompletionSource<Delivery?>> waiter, TimeSpan? maxWait, CancellationToken stop)
    {
        await using var cancelled = stop.UnsafeRegister(_ => GiveUp(() => waiter.Value.TrySetCanceled(stop)), null);
        await using var timer = maxWait is { } wait
            ? time.CreateTimer(_ => GiveUp(() => waiter.Value.TrySetResult(null)), null, wait, Timeout.InfiniteTimeSpan)
            : null;
        return await waiter.Value.Task;

        void GiveUp(Action end)
        {
            lock (gate)
            {
                // Not in the list: a message was handed to this waiter, and giving up now would lose it until its lock ends.
                if (waiter.List is null) return;
                waiters.Remove(waiter);
            }
            end();
        }
    }
}

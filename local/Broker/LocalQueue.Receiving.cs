using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Broker;

/// <summary>Handing messages out.</summary>
public sealed partial class LocalQueue
{
    /// <summary>
    /// Sessions that are free and have messages, by their first message; one that changed since is passed over when it comes up.
    /// </summary>
    private readonly PriorityQueue<Lane, long> ready = new();

    /// <summary>Who waits for any free session.</summary>
    private readonly LinkedList<Waiter> sessionWaiters = [];

    /// <summary>
    /// Peek, lock and hand over the next message; null when none came within <paramref name="maxWait"/> (null waits until cancelled, zero
    /// does not wait). Of a queue with sessions it is the next message of a session of which none is out, as a session processor with one
    /// call a session would get it: the session is held until the message is settled or its lock ends.
    /// </summary>
    public async Task<ServiceBusReceivedMessage?> ReceiveAsync(TimeSpan? maxWait = null, CancellationToken stop = default)
    {
        var deliveries = Options.RequiresSession
            ? await HandOverAsync(await NextOfAnySessionAsync(maxWait, stop), delete: false)
            : await TakeAsync(main, 1, maxWait, delete: false, stop);
        return deliveries.Count == 0 ? null : ReceivedMessages.From(deliveries[0], this);
    }

    /// <summary>Peek, lock and hand over the next dead letter.</summary>
    /// <inheritdoc cref="ReceiveAsync"/>
    public async Task<ServiceBusReceivedMessage?> ReceiveDeadLetterAsync(TimeSpan? maxWait = null, CancellationToken stop = default)
    {
        var deliveries = await TakeAsync(dead, 1, maxWait, delete: false, stop);
        return deliveries.Count == 0 ? null : ReceivedMessages.From(deliveries[0], this);
    }

    /// <summary>Locks and hands over a deferred message; null when there is none with this sequence number.</summary>
    public async Task<ServiceBusReceivedMessage?> ReceiveDeferredAsync(long sequenceNumber)
    {
        var deliveries = await TakeDeferredAsync([sequenceNumber], fromDead: false, session: null, delete: false);
        return deliveries is null ? null : ReceivedMessages.From(deliveries[0], this);
    }

    /// <summary>
    /// Up to <paramref name="max"/> messages of the queue (it has no sessions), locked, or gone where they are deleted at once.
    /// </summary>
    internal Task<IReadOnlyList<Delivery>> TakeAsync(bool fromDead, int max, TimeSpan? maxWait, bool delete, CancellationToken stop) =>
        TakeAsync(fromDead ? dead : main, max, maxWait, delete, stop);

    /// <summary>Up to <paramref name="max"/> messages of the session; none where its lock is lost.</summary>
    internal Task<IReadOnlyList<Delivery>> TakeAsync(
        SessionLock session,
        int max,
        TimeSpan? maxWait,
        bool delete,
        CancellationToken stop
    ) => TakeAsync(session.Lane, max, maxWait, delete, stop, session);

    /// <summary>Deferred messages by their numbers, all or none: null where one of them is not there.</summary>
    internal async Task<IReadOnlyList<Delivery>?> TakeDeferredAsync(
        IReadOnlyList<long> sequenceNumbers,
        bool fromDead,
        SessionLock? session,
        bool delete
    )
    {
        var deliveries = new List<Delivery>(sequenceNumbers.Count);
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            foreach (var number in sequenceNumbers)
                if (
                    !entries.TryGetValue(number, out var entry)
                    || entry.State != EntryState.Deferred
                    || entry.Stored.IsDead != fromDead
                    || (entry.Lane.IsSession && !ReferenceEquals(entry.Lane.Holder, session))
                )
                    return null;
            foreach (var number in sequenceNumbers.Distinct())
                deliveries.Add(LockEntry(entries[number], now));
            Arm(now);
        }
        return await HandOverAsync(deliveries, delete);
    }

    /// <summary>A delivery that never reached its receiver is taken back and not counted.</summary>
    internal void GiveBack(Delivery delivery)
    {
        lock (gate)
        {
            if (!IsOut(delivery))
                return;
            var now = time.GetUtcNow();
            TakeBack([delivery.Entry]);
            Release(delivery.Entry, now);
            Arm(now);
        }
    }

    private void TakeBack(List<QueueEntry> untouched)
    {
        foreach (var entry in untouched)
            entry.Stored = entry.Stored.TakenBack();
        if (untouched.Count > 0)
            InBackground(storage.UpdateAsync([.. untouched.Select(e => e.Stored)], contentToo: false));
    }

    private async Task<IReadOnlyList<Delivery>> TakeAsync(
        Lane lane,
        int max,
        TimeSpan? maxWait,
        bool delete,
        CancellationToken stop,
        SessionLock? session = null
    )
    {
        stop.ThrowIfCancellationRequested();
        var taken = new List<Delivery>();
        LinkedListNode<Waiter>? waiter = null;
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            if (session is not null && !ReferenceEquals(lane.Holder, session))
                return [];
            while (taken.Count < max && lane.Peek() is not null)
                taken.Add(LockNext(lane, now));
            if (taken.Count == 0 && maxWait != TimeSpan.Zero)
                waiter = lane.Waiters.AddLast(new Waiter(LockNext));
            Arm(now);
        }
        if (waiter is not null && await WaitAsync(waiter, maxWait, stop) is Delivery delivery)
            taken.Add(delivery);
        return await HandOverAsync(taken, delete);
    }

    private async Task<IReadOnlyList<Delivery>> NextOfAnySessionAsync(TimeSpan? maxWait, CancellationToken stop)
    {
        var delivery = await AnySessionAsync(LockNext, maxWait, stop) as Delivery;
        return delivery is null ? [] : [delivery];
    }

    /// <summary>Does something with the next free session that has messages, waiting for one where it may.</summary>
    private async Task<object?> AnySessionAsync(Func<Lane, DateTimeOffset, object> take, TimeSpan? maxWait, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        LinkedListNode<Waiter> waiter;
        lock (gate)
        {
            var now = time.GetUtcNow();
            Sweep(now);
            while (ready.TryDequeue(out var lane, out _))
            {
                lane.ReadyFrom = long.MaxValue;
                if (!lane.IsFree || lane.Peek() is null)
                    continue;
                var taken = take(lane, now);
                Arm(now);
                return taken;
            }
            if (maxWait == TimeSpan.Zero)
                return null;
            waiter = sessionWaiters.AddLast(new Waiter(take));
            Arm(now);
        }
        return await WaitAsync(waiter, maxWait, stop);
    }

    /// <summary>The delivery is stored before anyone sees the message: one that kills the process is counted all the same.</summary>
    private async Task<IReadOnlyList<Delivery>> HandOverAsync(IReadOnlyList<Delivery> deliveries, bool delete)
    {
        if (deliveries.Count == 0)
            return deliveries;
        try
        {
            var stored = deliveries.Select(d => d.Stored).ToList();
            await (delete ? storage.RemoveAsync(stored) : storage.UpdateAsync(stored, contentToo: false));
        }
        catch
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                foreach (var delivery in deliveries.Where(IsOut))
                    Release(delivery.Entry, now);
                Arm(now);
            }
            throw;
        }
        if (!delete)
            return deliveries;
        lock (gate)
        {
            var now = time.GetUtcNow();
            foreach (var delivery in deliveries)
                if (ReferenceEquals(entries.GetValueOrDefault(delivery.Stored.SequenceNumber), delivery.Entry))
                    Forget(delivery.Entry, now);
        }
        return deliveries;
    }

    private static bool IsOut(Delivery delivery) =>
        delivery.Entry.State == EntryState.Locked && ReferenceEquals(delivery.Entry.Stored, delivery.Stored);

    /// <summary>What the waiter was served; null where the time is over.</summary>
    private async Task<object?> WaitAsync(LinkedListNode<Waiter> waiter, TimeSpan? maxWait, CancellationToken stop)
    {
        await using var cancelled = stop.UnsafeRegister(_ => GiveUp(() => waiter.Value.Cancel(stop)), null);
        await using var timer = maxWait is { } wait
            ? time.CreateTimer(_ => GiveUp(waiter.Value.GiveUp), null, wait, Timeout.InfiniteTimeSpan)
            : null;
        return await waiter.Value.Result;

        void GiveUp(Action end)
        {
            lock (gate)
            {
                // Not in the list: the waiter was served, and giving up now would lose what it got until its lock ends.
                if (waiter.List is null)
                    return;
                waiter.List.Remove(waiter);
            }
            end();
        }
    }
}

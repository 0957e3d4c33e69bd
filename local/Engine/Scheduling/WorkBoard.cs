using System.Threading.Channels;

namespace IRFunctions.Local.Engine.Scheduling;

/// <summary>Who is ready, what is due when, and whose session is kept. Nothing here ever looks at all instances.</summary>
internal sealed class WorkBoard(int? shuffleSeed, int keptSessions)
{
    /// <summary>Pieces of ready work before the workers count as busy.</summary>
    private const int Busy = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Slot> slots = new(StringComparer.Ordinal);
    private readonly SortedSet<Message> timers = new(Comparer<Message>.Create((a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Number.CompareTo(b.Number)));
    private readonly LinkedList<Slot> kept = [];
#pragma warning disable CA5394 // The shuffle is for tests that must be repeatable.
    private readonly Random? random = shuffleSeed is { } seed ? new Random(seed) : null;
#pragma warning restore CA5394
    private readonly Queue<object> begun = new();
    private readonly Queue<object> fresh = new();
    private readonly List<object> pool = [];
    private (ChannelWriter<bool> Steps, ChannelWriter<Message> Activities)? workers;
    private int handedOver;
    private TaskCompletionSource? calm;

    /// <summary>Called when the earliest due time may have changed; not under the lock.</summary>
    public Action? EarliestChanged { get; set; }

    /// <summary>UTC ticks of the earliest message that waits for its time.</summary>
    public long? NextDue
    {
        get { lock (gate) return timers.Min?.Due; }
    }

    public int Timers
    {
        get { lock (gate) return timers.Count; }
    }

    public int Sessions
    {
        get { lock (gate) return kept.Count; }
    }

    /// <summary>
    /// Completes when little enough ready work lies before the workers. Who brings new work waits for it, so that what was begun is finished first: a
    /// burst of alerts then waits in its queue, where it is safe and costs nothing, not half done in the engine.
    /// </summary>
    public Task WhenCalm()
    {
        lock (gate)
        {
            if (handedOver <= Busy) return Task.CompletedTask;
            calm ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return calm.Task;
        }
    }

    /// <summary>A worker took what was handed over.</summary>
    public void Taken()
    {
        if (Interlocked.Decrement(ref handedOver) != Busy) return;
        TaskCompletionSource? waiting;
        lock (gate) (waiting, calm) = (calm, null);
        waiting?.SetResult();
    }

    /// <summary>From now on each ready step is announced to one channel, and activities go to the other; what is ready already goes there at once.</summary>
    public void HandOver(ChannelWriter<bool> steps, ChannelWriter<Message> activities)
    {
        lock (gate)
        {
            workers = (steps, activities);
            object[] ready = [.. begun, .. fresh, .. pool];
            begun.Clear();
            fresh.Clear();
            pool.Clear();
            foreach (var item in ready) Ready(item);
        }
    }

    public void Add(IReadOnlyList<Message> messages, long now)
    {
        if (messages.Count == 0) return;
        var earliest = false;
        lock (gate)
        {
            foreach (var message in messages)
            {
                if (message.Due > now) earliest |= AddTimer(message);
                else if (message.Event is TaskScheduledEvent) Ready(message);
                else ToSlot(message);
            }
        }
        if (earliest) EarliestChanged?.Invoke();
    }

    /// <summary>Hands what has become due to its instances.</summary>
    public void ReleaseDue(long now)
    {
        lock (gate)
        {
            while (timers.Min is { } first && first.Due <= now)
            {
                timers.Remove(first);
                slots[first.Target].Timers!.Remove(first);
                ToSlot(first);
            }
        }
    }

    /// <summary>The next piece of ready work, a <see cref="Slot"/> or an activity's <see cref="Message"/>; null when there is none.</summary>
    public object? TryTake()
    {
        lock (gate)
        {
            if (random is null || workers is not null) return begun.TryDequeue(out var item) || fresh.TryDequeue(out item) ? item : null;
            if (pool.Count == 0) return null;
#pragma warning disable CA5394
            var index = random.Next(pool.Count);
#pragma warning restore CA5394
            var chosen = pool[index];
            pool[index] = pool[^1];
            pool.RemoveAt(pool.Count - 1);
            return chosen;
        }
    }

    /// <summary>Takes the messages of a slot that was handed out.</summary>
    public List<Message> Begin(Slot slot)
    {
        lock (gate)
        {
            var taken = slot.Inbox;
            slot.Inbox = [];
            return taken;
        }
    }

    /// <summary>Gives a slot back. With <paramref name="again"/> it is ready even if nothing new came.</summary>
    /// <param name="deferred">Not taken in; delivered again together with the next message.</param>
    /// <param name="cancelled">Timers of the instance that are no longer waited for.</param>
    public void Finish(Slot slot, IReadOnlyList<Message> deferred, IReadOnlyList<Message> cancelled, bool again = false)
    {
        Session? dropped;
        lock (gate)
        {
            foreach (var timer in cancelled)
            {
                timers.Remove(timer);
                // It may have become due while the step ran.
                if (slot.Timers?.Remove(timer) != true) slot.Inbox.Remove(timer);
            }
            var isNew = slot.Inbox.Count > 0;
            if (deferred.Count > 0) slot.Inbox.InsertRange(0, deferred);
            dropped = Keep(slot);
            slot.Busy = isNew || again;
            if (slot.Busy) Ready(slot);
            else if (slot.IsUnused) slots.Remove(slot.Id);
        }
        dropped?.Close();
    }

    /// <summary>Messages of an instance that wait for their time.</summary>
    public IReadOnlyList<Message> TimersOf(Slot slot)
    {
        if (slot.Timers is null) return [];
        lock (gate) return [.. slot.Timers];
    }

    /// <summary>How many messages wait for an instance.</summary>
    public int Backlog(string id)
    {
        lock (gate) return slots.TryGetValue(id, out var slot) ? slot.Inbox.Count : 0;
    }

    /// <summary>The start that an instance has not taken in yet, whether due or not; null where there is none.</summary>
    public ExecutionStartedEvent? PendingStart(string id)
    {
        lock (gate)
        {
            if (!slots.TryGetValue(id, out var slot)) return null;
            return slot.Inbox.Concat(slot.Timers ?? []).Select(m => m.Event).OfType<ExecutionStartedEvent>().LastOrDefault();
        }
    }

    private bool AddTimer(Message message)
    {
        timers.Add(message);
        (SlotOf(message.Target).Timers ??= []).Add(message);
        return timers.Min == message;
    }

    private void ToSlot(Message message)
    {
        var slot = SlotOf(message.Target);
        slot.Inbox.Add(message);
        if (slot.Busy) return;
        slot.Busy = true;
        Ready(slot);
    }

    private Slot SlotOf(string id)
    {
        if (!slots.TryGetValue(id, out var slot)) slots.Add(id, slot = new Slot(id));
        return slot;
    }

    /// <summary>Notes that a session was used. Of too many the one used least lately is dropped; it is returned.</summary>
    private Session? Keep(Slot slot)
    {
        if (slot.Kept is { } node) kept.Remove(node);
        slot.Kept = slot.Session is null ? null : kept.AddLast(slot);
        if (kept.Count <= keptSessions) return null;
        var oldest = kept.First!.Value;
        kept.RemoveFirst();
        oldest.Kept = null;
        // One that is being worked on stays until its step ends, and is then the one used last.
        if (oldest.Busy && oldest != slot) return null;
        var dropped = oldest.Session;
        oldest.Session = null;
        if (oldest != slot && oldest.IsUnused) slots.Remove(oldest.Id);
        return dropped;
    }

    /// <summary>
    /// What is begun goes before what is not: so as little as possible is half done at any time, and few sessions need be kept.
    /// </summary>
    private void Ready(object item)
    {
        if (workers is { } w)
        {
            Interlocked.Increment(ref handedOver);
            if (item is Message activity)
            {
                w.Activities.TryWrite(activity);
                return;
            }
            w.Steps.TryWrite(true);
        }
        if (random is not null && workers is null) pool.Add(item);
        else if (item is Slot { Session: null, Inbox: [{ Event: ExecutionStartedEvent { ParentInstance: null } }, ..] }) fresh.Enqueue(item);
        else begun.Enqueue(item);
    }
}

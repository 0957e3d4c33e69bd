using System.Threading.Channels;
using IRFunctions.Local.Durable.Stores;

namespace IRFunctions.Local.Durable.Scheduling;

/// <summary>An instance that has messages to work on. Exists only while it has.</summary>
internal sealed class InstanceSlot(string id)
{
    public string Id => id;

    public List<DurableMessage> Inbox { get; set; } = [];

    /// <summary>Waits for its turn or is being worked on: nobody else may take it.</summary>
    public bool Busy { get; set; }
}

/// <summary>Who is ready, and what is due when. Nothing here ever looks at all instances.</summary>
internal sealed class WorkBoard(int? shuffleSeed)
{
    /// <summary>Pieces of ready work before the workers count as busy.</summary>
    private const int Busy = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, InstanceSlot> slots = new(StringComparer.Ordinal);
    private readonly TimerHeap timers = new();
    private readonly Dictionary<long, DurableMessage> timersByNumber = [];
#pragma warning disable CA5394 // The shuffle is for tests that must be repeatable.
    private readonly Random? random = shuffleSeed is { } seed ? new Random(seed) : null;
#pragma warning restore CA5394
    private readonly Queue<object> queue = new();
    private readonly List<object> pool = [];
    private (ChannelWriter<InstanceSlot> Steps, ChannelWriter<ActivityTask> Tasks)? workers;
    private int handedOver;
    private TaskCompletionSource? calm;

    /// <summary>Called when the earliest due time may have changed; not under the lock.</summary>
    public Action? EarliestChanged { get; set; }

    /// <summary>UTC ticks of the earliest message that waits for its time.</summary>
    public long? NextDue
    {
        get { lock (gate) return timers.First?.Due; }
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

    public int Timers
    {
        get { lock (gate) return timers.Count; }
    }

    /// <summary>From now on ready work goes to these channels; what is ready already goes there at once.</summary>
    public void HandOver(ChannelWriter<InstanceSlot> steps, ChannelWriter<ActivityTask> tasks)
    {
        lock (gate)
        {
            workers = (steps, tasks);
            foreach (var item in queue.Concat(pool)) Ready(item);
            queue.Clear();
            pool.Clear();
        }
    }

    public void Add(IEnumerable<DurableMessage> messages, IEnumerable<ActivityTask> tasks, long now)
    {
        var earliest = false;
        lock (gate)
        {
            foreach (var message in messages) earliest |= Add(message, now);
            foreach (var task in tasks) Ready(task);
        }

        if (earliest) EarliestChanged?.Invoke();
    }

    /// <summary>Hands what has become due to its instances.</summary>
    public void ReleaseDue(long now)
    {
        lock (gate)
        {
            while (timers.First is { } first && first.Due <= now)
            {
                timers.Remove(first);
                timersByNumber.Remove(first.Number);
                ToSlot(first);
            }
        }
    }

    /// <summary>The next piece of ready work, an <see cref="InstanceSlot"/> or an <see cref="ActivityTask"/>; null when there is none.</summary>
    public object? TryTake()
    {
        lock (gate)
        {
            if (random is null) return queue.TryDequeue(out var item) ? item : null;
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
    public List<DurableMessage> Begin(InstanceSlot slot)
    {
        lock (gate)
        {
            var taken = slot.Inbox;
            slot.Inbox = [];
            return taken;
        }
    }

    /// <summary>Gives a slot back. With <paramref name="again"/> it is ready even if nothing new came.</summary>
    public void Finish(InstanceSlot slot, List<DurableMessage> deferred, IReadOnlyCollection<long> cancelled, bool again = false)
    {
        lock (gate)
        {
            foreach (var number in cancelled)
            {
                if (timersByNumber.Remove(number, out var timer)) timers.Remove(timer);
                else slot.Inbox.RemoveAll(m => m.Number == number && !m.IsTaskResult);
            }

            var isNew = slot.Inbox.Count > 0;
            if (deferred.Count > 0) slot.Inbox.InsertRange(0, deferred);
            slot.Busy = isNew || again;
            if (slot.Busy) Ready(slot);
            else if (slot.Inbox.Count == 0) slots.Remove(slot.Id);
        }
    }

    /// <summary>How many messages wait for an instance.</summary>
    public int Backlog(string id)
    {
        lock (gate) return slots.TryGetValue(id, out var slot) ? slot.Inbox.Count : 0;
    }

    private bool Add(DurableMessage message, long now)
    {
        if (message.Due <= now)
        {
            ToSlot(message);
            return false;
        }

        timers.Add(message);
        timersByNumber.Add(message.Number, message);
        return timers.First == message;
    }

    private void ToSlot(DurableMessage message)
    {
        if (!slots.TryGetValue(message.Target, out var slot)) slots.Add(message.Target, slot = new InstanceSlot(message.Target));
        slot.Inbox.Add(message);
        if (slot.Busy) return;
        slot.Busy = true;
        Ready(slot);
    }

    private void Ready(object item)
    {
        if (workers is { } w)
        {
            Interlocked.Increment(ref handedOver);
            if (item is InstanceSlot slot) w.Steps.TryWrite(slot);
            else w.Tasks.TryWrite((ActivityTask)item);
        }
        else if (random is null)
        {
            queue.Enqueue(item);
        }
        else
        {
            pool.Add(item);
        }
    }
}

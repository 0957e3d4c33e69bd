namespace IRFunctions.Local.Engine.Scheduling;

/// <summary>Who is ready, what is due when, and whose session is kept. Nothing here ever looks at all instances.</summary>
internal sealed class WorkBoard(int? shuffleSeed, int keptSessions)
{
    /// <summary>Pieces of ready work before the engine counts as busy.</summary>
    private const int Busy = 64;

    /// <summary>Activities that may wait before nothing fresh is begun.</summary>
    private const int ActivitiesAhead = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Slot> slots = new(StringComparer.Ordinal);
    private readonly SortedSet<Message> timers = new(
        Comparer<Message>.Create((a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Number.CompareTo(b.Number))
    );
    private readonly LinkedList<Slot> kept = [];
    private readonly Queue<Slot> begun = new(),
        fresh = new();
    private readonly Queue<Message> activities = new();
#pragma warning disable CA5394 // The shuffle is for tests that must be repeatable.
    private readonly Random? random = shuffleSeed is { } seed ? new Random(seed) : null;
    private Action? stepReady,
        activityReady,
        earliestChanged;
    private TaskCompletionSource? calm;

    /// <summary>UTC ticks of the earliest message that waits for its time.</summary>
    public long? NextDue
    {
        get
        {
            lock (gate)
                return timers.Min?.Due;
        }
    }

    public int Timers
    {
        get
        {
            lock (gate)
                return timers.Count;
        }
    }

    public int Sessions
    {
        get
        {
            lock (gate)
                return kept.Count;
        }
    }

    public int ReadySteps => begun.Count + (KeepsUp ? fresh.Count : 0);

    public int ReadyActivities => activities.Count;

    private int Ready => begun.Count + fresh.Count + activities.Count;

    private bool KeepsUp => activities.Count < ActivitiesAhead;

    /// <summary>
    /// Tells of each step and activity that becomes ready, and of each new earliest due time; of what is ready already at once.
    /// </summary>
    public void Start(Action onStep, Action onActivity, Action onEarliest)
    {
        int steps,
            tasks;
        lock (gate)
            (stepReady, activityReady, earliestChanged, steps, tasks) = (
                onStep,
                onActivity,
                onEarliest,
                begun.Count + fresh.Count,
                activities.Count
            );
        while (steps-- > 0)
            onStep();
        while (tasks-- > 0)
            onActivity();
    }

    /// <summary>
    /// Completes when little enough ready work is left. Who brings new work waits for it, so that what was begun is finished first: a burst
    /// of alerts then waits in its queue, where it is safe and costs nothing, not half done in the engine.
    /// </summary>
    public Task WhenCalm()
    {
        lock (gate)
            return Ready <= Busy ? Task.CompletedTask : (calm ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    public void Add(IReadOnlyList<Message> messages, long now)
    {
        var earliest = false;
        lock (gate)
        {
            foreach (var message in messages)
            {
                if (message.Due > now)
                    earliest |= AddTimer(message);
                else if (message.Event is not TaskScheduledEvent)
                    ToSlot(message);
                else
                {
                    activities.Enqueue(message);
                    activityReady?.Invoke();
                }
            }
        }
        if (earliest)
            earliestChanged?.Invoke();
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

    /// <summary>
    /// The next piece of ready work of either kind, a <see cref="Slot"/> or an activity's <see cref="Message"/>; null when there is none.
    /// </summary>
    public object? TryTake()
    {
        bool activity;
        lock (gate)
            activity = activities.Count > 0 && (begun.Count == 0 || random is null || random.Next(2) == 0);
        return activity ? TakeActivity() : TakeStep();
    }

    /// <summary>
    /// What is begun goes before what is not: so as little as possible is half done at any time, and few sessions need be kept.
    /// </summary>
    public Slot? TakeStep() => Take(begun) ?? (KeepsUp ? Take(fresh) : null);

    public Message? TakeActivity()
    {
        var taken = Take(activities);
        if (activities.Count == ActivitiesAhead - 1 && fresh.Count > 0)
            stepReady?.Invoke();
        return taken;
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
    /// <returns>The run whose session was dropped for want of room.</returns>
    public InstanceRecord? Finish(Slot slot, IReadOnlyList<Message> deferred, IReadOnlyList<Message> cancelled, bool again = false)
    {
        Session? dropped;
        lock (gate)
        {
            foreach (var timer in cancelled)
            {
                timers.Remove(timer);
                // It may have become due while the step ran.
                if (slot.Timers?.Remove(timer) != true)
                    slot.Inbox.Remove(timer);
            }
            var isNew = slot.Inbox.Count > 0;
            if (deferred.Count > 0)
                slot.Inbox.InsertRange(0, deferred);
            dropped = Keep(slot);
            slot.Busy = false;
            if (isNew || again)
                MakeReady(slot);
            else if (slot.IsUnused)
                slots.Remove(slot.Id);
        }
        dropped?.Close();
        return dropped?.Record;
    }

    /// <summary>Messages of an instance that wait for their time.</summary>
    public IReadOnlyList<Message> TimersOf(Slot slot)
    {
        if (slot.Timers is null)
            return [];
        lock (gate)
            return [.. slot.Timers];
    }

    /// <summary>How many messages wait for an instance.</summary>
    public int Backlog(string id)
    {
        lock (gate)
            return slots.TryGetValue(id, out var slot) ? slot.Inbox.Count : 0;
    }

    /// <summary>The start that an instance has not taken in yet, whether due or not; null where there is none.</summary>
    public ExecutionStartedEvent? PendingStart(string id)
    {
        lock (gate)
            return slots.TryGetValue(id, out var slot)
                ? slot.Inbox.Concat(slot.Timers ?? []).Select(m => m.Event).OfType<ExecutionStartedEvent>().LastOrDefault()
                : null;
    }

    private T? Take<T>(Queue<T> queue)
        where T : class
    {
        TaskCompletionSource? waiting = null;
        T? taken;
        lock (gate)
        {
            // Shuffled, some go to the end of the line first.
            for (var i = random is null || queue.Count == 0 ? 0 : random.Next(queue.Count); i > 0; i--)
                queue.Enqueue(queue.Dequeue());
            queue.TryDequeue(out taken);
            if (Ready <= Busy)
                (waiting, calm) = (calm, null);
        }
        waiting?.SetResult();
        return taken;
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
        if (!slot.Busy)
            MakeReady(slot);
    }

    private Slot SlotOf(string id)
    {
        if (!slots.TryGetValue(id, out var slot))
            slots.Add(id, slot = new Slot(id));
        return slot;
    }

    private void MakeReady(Slot slot)
    {
        slot.Busy = true;
        var isStart = slot is { Session: null, Inbox: [{ Event: ExecutionStartedEvent { ParentInstance: null } }, ..] };
        (isStart ? fresh : begun).Enqueue(slot);
        stepReady?.Invoke();
    }

    /// <summary>Notes that a session was used. Of too many the one used least lately is dropped; it is returned.</summary>
    private Session? Keep(Slot slot)
    {
        if (slot.Kept is { } node)
            kept.Remove(node);
        else if (slot.Session is not null)
            node = slot.Kept = new(slot);
        else
            return null;
        if (slot.Session is null)
            slot.Kept = null;
        else
            kept.AddLast(node);
        if (kept.Count <= keptSessions)
            return null;
        var oldest = kept.First!.Value;
        kept.RemoveFirst();
        oldest.Kept = null;
        // One that is being worked on stays until its step ends, and is then the one used last.
        if (oldest.Busy && oldest != slot)
            return null;
        var dropped = oldest.Session;
        oldest.Session = null;
        if (oldest != slot && oldest.IsUnused)
            slots.Remove(oldest.Id);
        return dropped;
    }
}

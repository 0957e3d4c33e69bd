namespace IRFunctions.Local.Broker;

/// <summary>How many messages are in which state.</summary>
public sealed record QueueCounts(int Available, int Locked, int Scheduled, int Deferred, int DeadLettered)
{
    /// <summary>Everything that still waits for the pipeline.</summary>
    public int Active => Available + Locked + Scheduled + Deferred;
}

/// <summary>What a sender hears: where the message is, or that an earlier one with its id already is.</summary>
public readonly record struct Accepted(long SequenceNumber, bool IsDuplicate);

/// <summary>
/// One queue with Service Bus's rules: peek-lock, delivery count, sessions, dead letters with reason, duplicate detection, scheduled,
/// deferred and expiring messages. What was accepted is stored; a lock is not, so after a restart the message is available again, its
/// delivery count kept. All methods may be called from many threads. Time passes only through the <see cref="TimeProvider"/>.
/// </summary>
public sealed partial class LocalQueue : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock gate = new();
    private readonly IQueueStorage storage;
    private readonly TimeProvider time;
    private readonly ITimer alarm;
    private readonly Dictionary<long, QueueEntry> entries = [];
    private readonly SortedSet<(DateTimeOffset Due, long Id)> deadlines = [];
    private readonly SeenIds seen;
    private readonly int[] counts = new int[Enum.GetValues<EntryState>().Length];
    private readonly Lane main = new(-1, null);
    private readonly Lane dead = new(-2, null);
    private int deadCount;
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
        lock (gate)
            Restore();
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
                return new QueueCounts(
                    counts[(int)EntryState.Available],
                    counts[(int)EntryState.Locked] + counts[(int)EntryState.Settling],
                    counts[(int)EntryState.Scheduled],
                    counts[(int)EntryState.Deferred],
                    deadCount
                );
            }
        }
    }

    /// <summary>
    /// Accepts a message: when the task completes it is stored. Without an id it is given one, as the HTTP endpoint of the service does.
    /// </summary>
    /// <exception cref="MessageRefusedException">Too large, or a property breaks a limit.</exception>
    public async Task<Accepted> SendAsync(OutgoingMessage message) => (await SendAsync([message]))[0];

    /// <summary>Accepts all of the messages or none.</summary>
    /// <inheritdoc cref="SendAsync(OutgoingMessage)"/>
    public Task<IReadOnlyList<Accepted>> SendAsync(IReadOnlyList<OutgoingMessage> messages) =>
        SendAsync([.. messages.Select(MessageContent.From)], giveIds: true);

    /// <summary>Accepts all of the messages or none.</summary>
    /// <exception cref="MessageRefusedException">Too large, or no session where the queue requires one.</exception>
    public async Task<IReadOnlyList<Accepted>> SendAsync(IReadOnlyList<MessageContent> messages, bool giveIds = false)
    {
        foreach (var message in messages)
            Check(message);
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
                if (first is not null && first.Write != write)
                    (earlier ??= []).Add(first.Write.Done);
                accepted[i] = first is null ? new Accepted(storage.NextSequenceNumber(), false) : new Accepted(first.SequenceNumber, true);
                if (first is not null)
                    continue;
                seen.Remember(messages[i].MessageId, accepted[i].SequenceNumber, now, write);
                fresh.Add(Fresh(messages[i], accepted[i].SequenceNumber, now, giveIds));
            }
            if (fresh.Count > 0)
                write.Done = storage.AddAsync(fresh, seen.IdsOf(fresh), now - Options.DuplicateDetectionWindow);
        }
        await StoreThenPublishAsync(fresh, write);
        // A duplicate is acknowledged only once the message it repeats is stored.
        if (earlier is not null)
            await Task.WhenAll(earlier);
        return accepted;
    }

    public void Dispose() => alarm.Dispose();

    private void Check(MessageContent message)
    {
        if (message.Bytes.Length > Options.MaxMessageBytes)
            throw MessageRefusedException.TooLarge(message.Bytes.Length, Options.MaxMessageBytes);
        if (Options.RequiresSession && string.IsNullOrEmpty(message.SessionId))
            throw new MessageRefusedException(RefusalReason.NoSession, $"The message is refused: queue {Name} requires a SessionId.");
    }

    private StoredMessage Fresh(MessageContent content, long sequenceNumber, DateTimeOffset now, bool giveId)
    {
        // Given from the sequence number, not at random, so that a simulated run repeats exactly.
        if (giveId && content.MessageId.Length == 0)
            content = content.With(m => m.Properties.MessageId = $"{Name}-{sequenceNumber}");
        var state = content.ScheduledEnqueueTime > now ? StoredState.Scheduled : StoredState.Active;
        return new StoredMessage(sequenceNumber, Name, content, now, 0, state);
    }

    private async Task StoreThenPublishAsync(List<StoredMessage> fresh, SeenIds.Write write)
    {
        try
        {
            await write.Done;
        }
        catch
        {
            lock (gate)
                seen.Undo(write);
            throw;
        }
        lock (gate)
        {
            var now = time.GetUtcNow();
            foreach (var message in fresh)
                Admit(message, now);
            Arm(now);
        }
    }
}

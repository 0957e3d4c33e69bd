namespace IRFunctions.Local.Queue;

/// <summary>What a queue keeps of a message's state across a restart. A lock is not kept: after a restart the message is available again.</summary>
public enum StoredState { Active = 0, Deferred = 1, DeadLettered = 2 }

/// <summary>A message as stored; immutable, so that a storage may write it later than it was handed over.</summary>
/// <param name="EnqueuedTime">When it was accepted; a scheduled message counts its life from its scheduled time.</param>
/// <param name="DeliveryCount">Deliveries so far, counted when a receiver gets the message, so that one that kills the process is counted
/// too.</param>
public sealed record StoredMessage(long SequenceNumber, string Queue, OutgoingMessage Content, DateTimeOffset EnqueuedTime, int DeliveryCount,
    StoredState State);

/// <summary>Where queues keep their messages: in memory for tests, in SQLite otherwise. A returned task completes when the change is kept.</summary>
public interface IQueueStorage : IAsyncDisposable
{
    /// <summary>Unique and rising over all queues of the storage, also across restarts.</summary>
    long NextSequenceNumber();

    /// <summary>The messages of a queue by rising sequence number.</summary>
    IReadOnlyList<StoredMessage> Load(string queue);

    /// <summary>The message ids a queue accepted since a time, for duplicate detection.</summary>
    IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since);

    /// <summary>
    /// Keeps all the messages or none; <paramref name="seenIds"/> are the ids to remember with them, older than <paramref name="forgetBefore"/> may
    /// go.
    /// </summary>
    Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore);

    Task UpdateAsync(StoredMessage message);

    Task RemoveAsync(StoredMessage message);

    /// <summary>Takes one message's place by another, in one step.</summary>
    Task ReplaceAsync(StoredMessage removed, StoredMessage added);
}

/// <summary>Keeps nothing beyond the queue's own memory: for tests, simulations and benchmarks.</summary>
public sealed class InMemoryQueueStorage : IQueueStorage
{
    private long sequence;

    public long NextSequenceNumber() => Interlocked.Increment(ref sequence);

    public IReadOnlyList<StoredMessage> Load(string queue) => [];

    public IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since) => [];

    public Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore) => Task.CompletedTask;

    public Task UpdateAsync(StoredMessage message) => Task.CompletedTask;

    public Task RemoveAsync(StoredMessage message) => Task.CompletedTask;

    public Task ReplaceAsync(StoredMessage removed, StoredMessage added) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

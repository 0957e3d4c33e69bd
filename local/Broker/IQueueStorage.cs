namespace IRFunctions.Local.Broker;

/// <summary>The state a receiver keeps with a session.</summary>
public sealed record StoredSession(string SessionId, ReadOnlyMemory<byte> State, DateTimeOffset Updated);

/// <summary>
/// Where queues keep their messages: in memory for tests, in SQLite otherwise. A returned task completes when the change is kept.
/// </summary>
public interface IQueueStorage : IAsyncDisposable
{
    /// <summary>Unique and rising over all queues of the storage, also across restarts.</summary>
    long NextSequenceNumber();

    /// <summary>The messages of a queue by rising sequence number.</summary>
    IReadOnlyList<StoredMessage> Load(string queue);

    /// <summary>The message ids a queue accepted since a time, for duplicate detection.</summary>
    IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since);

    IReadOnlyList<StoredSession> LoadSessions(string queue);

    /// <summary>
    /// Keeps all the messages or none; <paramref name="seenIds"/> are the ids to remember with them, older than <paramref
    /// name="forgetBefore"/> may go.
    /// </summary>
    Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore);

    /// <summary>State and delivery count of the messages; their content too where <paramref name="contentToo"/>.</summary>
    Task UpdateAsync(IReadOnlyList<StoredMessage> messages, bool contentToo);

    Task RemoveAsync(IReadOnlyList<StoredMessage> messages);

    /// <summary>Takes one message's place by another, in one step.</summary>
    Task ReplaceAsync(StoredMessage removed, StoredMessage added);

    /// <summary>Keeps a session's state; null removes it.</summary>
    Task SetSessionAsync(string queue, string sessionId, StoredSession? session);
}

/// <summary>Keeps nothing beyond the queue's own memory: for tests, simulations and benchmarks.</summary>
public sealed class InMemoryQueueStorage : IQueueStorage
{
    private long sequence;

    public long NextSequenceNumber() => Interlocked.Increment(ref sequence);

    public IReadOnlyList<StoredMessage> Load(string queue) => [];

    public IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since) => [];

    public IReadOnlyList<StoredSession> LoadSessions(string queue) => [];

    public Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore) =>
        Task.CompletedTask;

    public Task UpdateAsync(IReadOnlyList<StoredMessage> messages, bool contentToo) => Task.CompletedTask;

    public Task RemoveAsync(IReadOnlyList<StoredMessage> messages) => Task.CompletedTask;

    public Task ReplaceAsync(StoredMessage removed, StoredMessage added) => Task.CompletedTask;

    public Task SetSessionAsync(string queue, string sessionId, StoredSession? session) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

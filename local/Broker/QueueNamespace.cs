using System.Collections.Concurrent;

namespace IRFunctions.Local.Broker;

/// <summary>The queues of one runtime, found by name as in a Service Bus namespace (names ignore case). Owns its storage.</summary>
public sealed class QueueNamespace(IQueueStorage storage, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, LocalQueue> queues = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<LocalQueue> Queues => queues.Values.OrderBy(q => q.Name, StringComparer.Ordinal);

    /// <summary>Opens a queue with the messages its storage holds; a second call answers the same queue.</summary>
    public LocalQueue Open(string name, LocalQueueOptions? options = null)
    {
        lock (queues)
            return queues.GetOrAdd(name, n => new LocalQueue(n, storage, time, options));
    }

    public LocalQueue? Find(string name) => queues.GetValueOrDefault(name);

    public ValueTask DisposeAsync()
    {
        foreach (var queue in queues.Values)
            queue.Dispose();
        return storage.DisposeAsync();
    }
}

namespace IRFunctions.Local.Broker;

/// <summary>The message ids of the last minutes, for duplicate detection. Not thread-safe: the queue's gate guards it.</summary>
internal sealed class SeenIds(TimeSpan window)
{
    /// <summary>For ids read back from the storage.</summary>
    public static readonly Write Stored = new();

    private readonly Dictionary<string, First> ids = [];
    private readonly Queue<(string Id, First First)> oldestFirst = new();

    /// <summary>The write that stores a message; its repetitions wait for it too.</summary>
    public sealed class Write
    {
        public Task Done { get; set; } = Task.CompletedTask;
    }

    public sealed record First(long SequenceNumber, DateTimeOffset Seen, Write Write);

    public First? Find(string id) => id.Length > 0 && window > TimeSpan.Zero ? ids.GetValueOrDefault(id) : null;

    public void Remember(string id, long sequenceNumber, DateTimeOffset now, Write write)
    {
        if (id.Length == 0 || window == TimeSpan.Zero)
            return;
        var first = new First(sequenceNumber, now, write);
        ids[id] = first;
        oldestFirst.Enqueue((id, first));
    }

    public void Forget(DateTimeOffset now)
    {
        while (oldestFirst.TryPeek(out var oldest) && oldest.First.Seen + window <= now)
        {
            oldestFirst.Dequeue();
            if (ids.TryGetValue(oldest.Id, out var current) && ReferenceEquals(current, oldest.First))
                ids.Remove(oldest.Id);
        }
    }

    /// <summary>The ids were not stored after all.</summary>
    public void Undo(Write write)
    {
        foreach (var id in ids.Where(e => ReferenceEquals(e.Value.Write, write)).Select(e => e.Key).ToList())
            ids.Remove(id);
    }

    /// <summary>Which of the fresh messages' ids a storage should remember: a given one, not one the queue gave.</summary>
    public IReadOnlyList<string> IdsOf(List<StoredMessage> fresh) => [.. fresh.Select(m => m.Content.MessageId).Where(ids.ContainsKey)];
}

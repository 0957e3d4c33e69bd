namespace IRFunctions.Local.Durable.Stores;

/// <summary>Keeps everything in memory, for tests, simulations and benchmarks. It outlives engines, so that crashes can be tested.</summary>
public sealed class MemoryDurableStore : IDurableStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Stored> instances = new(StringComparer.Ordinal);
    private readonly Dictionary<long, DurableMessage> messages = [];
    private readonly Dictionary<long, ActivityTask> tasks = [];

    public StoredWork LoadWork()
    {
        lock (gate)
        {
            var highest = instances.Values.Select(i => i.Record.Execution).Concat(messages.Keys).Concat(tasks.Keys).DefaultIfEmpty().Max();
            return new StoredWork([.. messages.Values.OrderBy(m => m.Number)], [.. tasks.Values.OrderBy(t => t.Number)], highest);
        }
    }

    public InstanceRecord? Read(string instanceId)
    {
        lock (gate) return instances.GetValueOrDefault(instanceId)?.Record;
    }

    public void ReadHistory(string instanceId, ICollection<ReadOnlyMemory<byte>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        lock (gate)
        {
            if (!instances.TryGetValue(instanceId, out var stored)) return;
            foreach (var chunk in stored.Chunks) chunks.Add(chunk);
        }
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        lock (gate)
        {
            var stored = instances.GetValueOrDefault(commit.InstanceId);
            if (commit.ExpectedExecution is { } expected && expected != (stored?.Record.Execution ?? 0)) return new ValueTask<bool>(false);
            ApplyToInstance(commit, stored);
            foreach (var number in commit.ConsumedMessages) messages.Remove(number);
            foreach (var number in commit.ConsumedTasks) tasks.Remove(number);
            foreach (var message in commit.NewMessages) messages.Add(message.Number, message);
            foreach (var task in commit.NewTasks) tasks.Add(task.Number, task);
            return new ValueTask<bool>(true);
        }
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        lock (gate)
        {
            // Keeps only the lowest ids while scanning: a page of a large store must not sort all of it.
            var lowest = new PriorityQueue<InstanceRecord, string>(Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a)));
            foreach (var stored in instances.Values)
            {
                if (!filter.Fits(stored.Record)) continue;
                if (lowest.Count < filter.Limit) lowest.Enqueue(stored.Record, stored.Record.Id);
                else lowest.EnqueueDequeue(stored.Record, stored.Record.Id);
            }

            return [.. lowest.UnorderedItems.Select(i => i.Element).OrderBy(r => r.Id, StringComparer.Ordinal)];
        }
    }

    public ValueTask DisposeAsync() => default;

    private void ApplyToInstance(StepCommit commit, Stored? stored)
    {
        if (commit.Delete)
        {
            instances.Remove(commit.InstanceId);
            return;
        }

        if (commit.Record is { } record)
        {
            if (stored is null) instances.Add(commit.InstanceId, stored = new Stored { Record = record });
            else stored.Record = record;
        }

        if (stored is null) return;
        if (commit.ClearHistory) stored.Chunks = [];
        if (commit.AppendedHistory is { Length: > 0 } appended) stored.Append(appended);
    }

    private sealed class Stored
    {
        private const int MaxMerged = 1 << 16;

        public required InstanceRecord Record { get; set; }

        public byte[][] Chunks { get; set; } = [];

        // Joins chunks of like size, so that a long history is a few arrays and a step still copies little.
        public void Append(byte[] chunk)
        {
            var keep = Chunks.Length;
            while (keep > 0 && Chunks[keep - 1].Length <= chunk.Length && Chunks[keep - 1].Length + chunk.Length <= MaxMerged)
                chunk = [.. Chunks[--keep], .. chunk];
            Chunks = [.. Chunks.AsSpan(0, keep), chunk];
        }
    }
}

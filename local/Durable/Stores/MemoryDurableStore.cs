using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>Keeps everything in memory, for tests, simulations and benchmarks. It outlives engines, so that crashes can be tested.</summary>
/// <param name="unpacked">
/// So many of the last changes have their instances lie ready for work; the others are packed. The default is some hundred incidents at work; more at
/// once still works, packing and unpacking as it goes.
/// </param>
public sealed class MemoryDurableStore(int unpacked = 2048) : IDurableStore
{
    private readonly Lock gate = new();
    // About two hundred incidents at work; more at once still works, packing and unpacking as it goes.
    private const int TouchesKept = 4096;

    private readonly Dictionary<string, StoredInstance> instances = new(StringComparer.Ordinal);
    private readonly Dictionary<long, DurableMessage> messages = [];
    private readonly Dictionary<long, ActivityTask> tasks = [];
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly RecentTouches<StoredInstance> lately = new(unpacked);

    public StoredWork LoadWork()
    {
        lock (gate)
        {
            var highest = instances.Values.Select(i => i.Execution).Concat(messages.Keys).Concat(tasks.Keys).DefaultIfEmpty().Max();
            return new StoredWork([.. messages.Values.OrderBy(m => m.Number)], [.. tasks.Values.OrderBy(t => t.Number)], highest);
        }
    }

    public InstanceRecord? Read(string instanceId)
    {
        InstanceRecord record;
        StoredInstance? cold;
        lock (gate)
        {
            if (!instances.TryGetValue(instanceId, out var stored)) return null;
            cold = stored.Unpack() ? lately.Touch(stored) : null;
            record = stored.Record;
        }

        if (cold is not null) Pack(cold);
        return record;
    }

    public void ReadHistory(string instanceId, ICollection<ReadOnlyMemory<byte>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        StoredInstance? cold;
        lock (gate)
        {
            if (!instances.TryGetValue(instanceId, out var stored)) return;
            cold = stored.Unpack() ? lately.Touch(stored) : null;
            foreach (var chunk in stored.Chunks) chunks.Add(chunk);
        }

        if (cold is not null) Pack(cold);
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        StoredInstance? cold;
        lock (gate)
        {
            var stored = instances.GetValueOrDefault(commit.InstanceId);
            if (commit.ExpectedExecution is { } expected && expected != (stored?.Execution ?? 0)) return new ValueTask<bool>(false);
            cold = ApplyToInstance(commit, stored);
            foreach (var number in commit.ConsumedMessages) messages.Remove(number);
            foreach (var number in commit.ConsumedTasks) tasks.Remove(number);
            foreach (var message in commit.NewMessages) messages.Add(message.Number, message);
            foreach (var task in commit.NewTasks) tasks.Add(task.Number, task);
        }

        if (cold is not null) Pack(cold);
        return new ValueTask<bool>(true);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        lock (gate)
        {
            // Keeps only the lowest ids while scanning: a page of a large store must not sort all of it.
            var lowest = new PriorityQueue<StoredInstance, string>(Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a)));
            foreach (var stored in instances.Values)
            {
                if (!filter.Fits(stored)) continue;
                if (lowest.Count < filter.Limit) lowest.Enqueue(stored, stored.Id);
                else lowest.EnqueueDequeue(stored, stored.Id);
            }

            return [.. lowest.UnorderedItems.Select(i => i.Element.Peek).OrderBy(r => r.Id, StringComparer.Ordinal)];
        }
    }

    public ValueTask DisposeAsync() => default;

    /// <returns>An instance that has been left alone for long.</returns>
    private StoredInstance? ApplyToInstance(StepCommit commit, StoredInstance? stored)
    {
        if (commit.Delete)
        {
            instances.Remove(commit.InstanceId);
            return null;
        }

        if (commit.Record is { } record)
        {
            if (stored is null) instances.Add(commit.InstanceId, stored = new StoredInstance(commit.InstanceId, record));
            else stored.Set(record);
        }

        if (stored is null) return null;
        if (commit.ClearHistory) stored.ClearHistory();
        if (commit.AppendedHistory is { Length: > 0 } appended) stored.Append(appended);
        return commit.Record is null && !commit.ClearHistory && commit.AppendedHistory is null ? null : lately.Touch(stored);
    }

    /// <summary>Deflating takes its time, so it is done outside the gate and dropped where the instance moved on meanwhile.</summary>
    private void Pack(StoredInstance stored)
    {
        (InstanceRecord Record, byte[][] Chunks)? found;
        long seen;
        lock (gate) (found, seen) = (stored.Snapshot(), stored.Touched);
        // What is finished is no longer anybody's memory to save: whoever runs that long keeps its state on disk.
        if (found is not { } snapshot || snapshot.Record.IsTerminal) return;
        var packed = StoredInstance.Pack(snapshot.Record, snapshot.Chunks);
        lock (gate)
        {
            if (stored.Touched != seen) return;
            if (!names.TryGetValue(stored.Name, out var name)) names.Add(stored.Name, name = stored.Name);
            stored.Become(packed, name);
        }
    }
}

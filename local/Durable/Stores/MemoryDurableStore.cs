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
    private readonly Dictionary<string, StoredInstance> instances = new(StringComparer.Ordinal);
    private readonly Dictionary<long, DurableMessage> messages = [];
    private readonly Dictionary<long, ActivityTask> tasks = [];
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly RecentTouches<StoredInstance> lately = new(unpacked);
    private readonly List<(StoredInstance Instance, long Touched)> cold = new(InstancePack.Size);

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
        List<(StoredInstance Instance, long Touched)>? due;
        lock (gate)
        {
            if (!instances.TryGetValue(instanceId, out var stored)) return null;
            Wake(stored);
            record = stored.Record;
            due = DueForPacking();
        }

        if (due is not null) Pack(due);
        return record;
    }

    public void ReadHistory(string instanceId, ICollection<ReadOnlyMemory<byte>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        List<(StoredInstance Instance, long Touched)>? due;
        lock (gate)
        {
            if (!instances.TryGetValue(instanceId, out var stored)) return;
            Wake(stored);
            foreach (var chunk in stored.Chunks) chunks.Add(chunk);
            due = DueForPacking();
        }

        if (due is not null) Pack(due);
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        List<(StoredInstance Instance, long Touched)>? due;
        lock (gate)
        {
            var stored = instances.GetValueOrDefault(commit.InstanceId);
            if (commit.ExpectedExecution is { } expected && expected != (stored?.Execution ?? 0)) return new ValueTask<bool>(false);
            ApplyToInstance(commit, stored);
            foreach (var number in commit.ConsumedMessages) messages.Remove(number);
            foreach (var number in commit.ConsumedTasks) tasks.Remove(number);
            foreach (var message in commit.NewMessages) messages.Add(message.Number, message);
            foreach (var task in commit.NewTasks) tasks.Add(task.Number, task);
            due = DueForPacking();
        }

        if (due is not null) Pack(due);
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

    private void ApplyToInstance(StepCommit commit, StoredInstance? stored)
    {
        if (stored is not null) Wake(stored);
        if (commit.Delete)
        {
            instances.Remove(commit.InstanceId);
            return;
        }

        if (commit.Record is { } record)
        {
            if (stored is null) instances.Add(commit.InstanceId, stored = new StoredInstance(commit.InstanceId, record));
            else stored.Set(record);
        }

        if (stored is null) return;
        if (commit.ClearHistory) stored.ClearHistory();
        if (commit.AppendedHistory is { Length: > 0 } appended) stored.Append(appended);
        if (commit.Record is not null || commit.ClearHistory || commit.AppendedHistory is not null) Touch(stored);
    }

    private void Wake(StoredInstance stored)
    {
        if (stored.Unpack() is not { } leftBehind) return;
        Touch(stored);
        foreach (var other in leftBehind)
        {
            other.Unpack();
            Touch(other);
        }
    }

    private void Touch(StoredInstance stored)
    {
        // What is finished is no longer anybody's memory to save: whoever runs that long keeps its state on disk.
        if (lately.Touch(stored) is { IsTerminal: false } old) cold.Add((old, old.Touched));
    }

    /// <summary>As many as go into one pack; null while there are fewer.</summary>
    private List<(StoredInstance Instance, long Touched)>? DueForPacking()
    {
        if (cold.Count < InstancePack.Size) return null;
        cold.RemoveAll(c => c.Instance.Touched != c.Touched);
        if (cold.Count < InstancePack.Size) return null;
        List<(StoredInstance, long)> due = [.. cold];
        cold.Clear();
        return due;
    }

    /// <summary>Deflating takes its time, so it is done outside the gate and dropped where an instance moved on meanwhile.</summary>
    private void Pack(List<(StoredInstance Instance, long Touched)> due)
    {
        List<(StoredInstance Instance, InstanceRecord Record, byte[][] Chunks)> found = new(due.Count);
        lock (gate)
        {
            foreach (var (instance, touched) in due)
                if (instance.Touched == touched) found.Add((instance, instance.Record, instance.Chunks));
        }

        var pack = new InstancePack(found);
        lock (gate)
        {
            foreach (var (instance, touched) in due)
            {
                if (instance.Touched != touched) continue;
                if (!names.TryGetValue(instance.Name, out var name)) names.Add(instance.Name, name = instance.Name);
                instance.Become(pack, name);
            }
            foreach (var (instance, _, _) in found)
                if (!instance.IsIn(pack)) pack.Leave(instance);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>Keeps everything in memory. Outlives its engine, not its process.</summary>
public sealed class MemoryStore : IDurableStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, InstanceRecord> instances = new(StringComparer.Ordinal);
    private readonly Dictionary<long, History> histories = [];
    private readonly Dictionary<long, Message> messages = [];
    private readonly HistoryPacker packer = new();
    private List<string>? sorted;
    private long highest;

    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork()
    {
        lock (gate)
            return ([.. messages.Values.OrderBy(m => m.Number)], highest);
    }

    public InstanceRecord? Read(string instanceId)
    {
        lock (gate)
            return instances.GetValueOrDefault(instanceId);
    }

    public IReadOnlyList<byte[]> ReadHistory(long execution)
    {
        History history;
        lock (gate)
            history = histories.GetValueOrDefault(execution).Snapshot();
        return [.. (history.Packed ?? []).Select(HistoryPacker.Unpack), .. (history.Fresh ?? []).Select(HistoryJson.Encode)];
    }

    public void Rest(InstanceRecord run)
    {
        History before;
        lock (gate)
            before = histories.GetValueOrDefault(run.Execution).Snapshot();
        if (before.Fresh is not { } steps || (run.IsTerminal && HistoryPacker.IsSmall(steps)))
            return;
        var packed = packer.Pack(run.Name, HistoryJson.Encode([.. steps.SelectMany(step => step)]), waits: !run.IsTerminal);
        lock (gate)
        {
            ref var now = ref CollectionsMarshal.GetValueRefOrNullRef(histories, run.Execution);
            // It may have been removed meanwhile, woken and added to, or packed by another.
            if (!Unsafe.IsNullRef(ref now) && now.Packed == before.Packed && now.Fresh?.Count == steps.Count)
                now = new([.. before.Packed ?? [], packed], null);
        }
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        lock (gate)
        {
            if (commit.ExpectedExecution is { } expected && expected != (instances.GetValueOrDefault(commit.InstanceId)?.Execution ?? 0))
                return new(false);
            Apply(commit);
        }
        return new(true);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        lock (gate)
        {
            // Sorted anew only after ids came or went: queries are rare beside steps.
            sorted ??= [.. instances.Keys.Order(StringComparer.Ordinal)];
            var first = filter.After ?? filter.Prefix;
            var at = first is null ? 0 : sorted.BinarySearch(first, StringComparer.Ordinal);
            if (at < 0)
                at = ~at;
            else if (filter.After is not null)
                at++;
            return [.. sorted.Skip(at).Select(id => instances[id]).Where(filter.Takes).Take(filter.Limit)];
        }
    }

    public ValueTask DisposeAsync() => default;

    private void Apply(StepCommit c)
    {
        if (c.ClearHistoryOf != 0)
            histories.Remove(c.ClearHistoryOf);
        if (c.Delete && instances.Remove(c.InstanceId, out var gone))
        {
            histories.Remove(gone.Execution);
            sorted = null;
        }
        if (c.Record is { } record)
        {
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(instances, record.Id, out var known);
            place = record;
            if (!known)
                sorted = null;
            highest = Math.Max(highest, record.Execution);
            if (c.History is { } step)
                CollectionsMarshal.GetValueRefOrAddDefault(histories, record.Execution, out _).Add(step);
        }
        foreach (var number in c.Consumed)
            messages.Remove(number);
        foreach (var message in c.New)
        {
            messages.Add(message.Number, message);
            highest = Math.Max(highest, message.Number);
        }
    }

    /// <summary>
    /// The history of a run: packed what it did until it last rested, as events what came since. Most runs end before anybody reads their
    /// history, so it is written only where it rests; a hundred thousand incidents that wait would take five gigabytes unpacked.
    /// </summary>
    private record struct History(HistoryPacker.Packed[]? Packed, List<IReadOnlyList<HistoryEvent>>? Fresh)
    {
        public void Add(IReadOnlyList<HistoryEvent> step) => (Fresh ??= []).Add(step);

        /// <summary>To be read while more is added to the original.</summary>
        public readonly History Snapshot() => new(Packed, Fresh is null ? null : [.. Fresh]);
    }
}

using System.Buffers;
using System.IO.Compression;
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
        return history.ToChunks();
    }

    public void Rest(long execution)
    {
        History before;
        lock (gate)
            before = histories.GetValueOrDefault(execution).Snapshot();
        if (before.Fresh is null)
            return;
        var packed = History.Pack(before.ToChunks());
        lock (gate)
        {
            ref var now = ref CollectionsMarshal.GetValueRefOrNullRef(histories, execution);
            // It may have been removed meanwhile, or woken and added to.
            if (!Unsafe.IsNullRef(ref now) && now.Packed == before.Packed && now.Fresh?.Count == before.Fresh.Count)
                now = new(packed, null);
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
            if (c.History is { } chunk)
                CollectionsMarshal.GetValueRefOrAddDefault(histories, record.Execution, out _).Add(chunk);
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
    /// The history of a run: what it did until it last rested as one packed chunk, what came since as it is. A hundred thousand incidents
    /// that wait would take five gigabytes unpacked.
    /// </summary>
    private record struct History(byte[]? Packed, List<byte[]>? Fresh)
    {
        /// <summary>The fastest level: a history is so repetitive that higher ones gain little.</summary>
        private const int Quality = 1;
        private const int Window = 18;

        public void Add(byte[] chunk) => (Fresh ??= []).Add(chunk);

        /// <summary>To be read while more is added to the original.</summary>
        public readonly History Snapshot() => new(Packed, Fresh is null ? null : [.. Fresh]);

        public readonly List<byte[]> ToChunks() => Packed is null ? Fresh ?? [] : [Unpack(Packed), .. Fresh ?? []];

        /// <summary>One chunk of several, its length before it.</summary>
        public static byte[] Pack(IReadOnlyList<byte[]> chunks)
        {
            // Each is a JSON array: a comma in the place of the brackets between them makes one.
            var length = chunks.Sum(c => c.Length - 1) + 1;
            var (plain, packed) = (
                ArrayPool<byte>.Shared.Rent(length),
                ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(length))
            );
            try
            {
                var at = 0;
                foreach (var chunk in chunks)
                {
                    chunk.AsSpan(at == 0 ? 0 : 1).CopyTo(plain.AsSpan(at));
                    at += chunk.Length - (at == 0 ? 0 : 1);
                    plain[at - 1] = (byte)',';
                }
                plain[at - 1] = (byte)']';
                if (!BrotliEncoder.TryCompress(plain.AsSpan(0, length), packed, out var written, Quality, Window))
                    throw new InvalidDataException();
                return [.. BitConverter.GetBytes(length), .. packed.AsSpan(0, written)];
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(plain);
                ArrayPool<byte>.Shared.Return(packed);
            }
        }

        private static byte[] Unpack(byte[] packed)
        {
            var plain = new byte[BitConverter.ToInt32(packed)];
            if (!BrotliDecoder.TryDecompress(packed.AsSpan(sizeof(int)), plain, out _))
                throw new InvalidDataException("A packed history is damaged.");
            return plain;
        }
    }
}

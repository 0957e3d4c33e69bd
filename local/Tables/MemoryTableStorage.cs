using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Tables;

/// <summary>Tables that live as long as the process. Every call completes at once, so that simulated time stays deterministic.</summary>
/// <param name="unpacked">So many of the last row changes lie ready for more; by default the records of some hundred incidents at
/// work.</param>
internal sealed class MemoryTableStorage(int unpacked = 4096) : ITableStorage
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, SortedRows> tables = [];
    private readonly RecentTouches<RowChunk> lately = new(unpacked);
    private long version;

    public Task<bool> CreateAsync(string table)
    {
        lock (gate)
            return Task.FromResult(tables.TryAdd(table, new SortedRows()));
    }

    public Task<bool> DeleteAsync(string table)
    {
        lock (gate)
            return Task.FromResult(tables.Remove(table));
    }

    public Task<TableRow?> GetAsync(string table, string partitionKey, string rowKey)
    {
        lock (gate)
            return Task.FromResult(Rows(table).Partition(partitionKey)?.Find(rowKey));
    }

    public Task<IReadOnlyList<TableRow>> ReadAsync(string table, KeyRange range, int max)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<TableRow>>([
                .. Rows(table).From(range.FromPartition, range.FromRow).TakeWhile(row => !range.EndsBefore(row)).Take(max),
            ]);
        }
    }

    public Task<IReadOnlyList<TableRow?>> WriteAsync(string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        List<RowChunk>? cold = null;
        var results = new TableRow?[changes.Count];
        if (changes.Count == 0)
            return Task.FromResult<IReadOnlyList<TableRow?>>(results);
        lock (gate)
        {
            // A transaction is about one partition and names each row once, so all changes can be judged before the first is made.
            var rows = Rows(table);
            var partition = rows.Partition(changes[0].PartitionKey);
            for (var i = 0; i < results.Length; i++)
            {
                try
                {
                    results[i] = changes[i].Apply(partition?.Find(changes[i].RowKey), ++version, now);
                }
                catch (Azure.RequestFailedException reason)
                {
                    throw new ChangeRefusedException(i, reason);
                }
            }
            for (var i = 0; i < results.Length; i++)
            {
                var touched = results[i] is { } row
                    ? (partition ??= rows.Add(row.PartitionKey)).Set(row)
                    : partition?.Remove(changes[i].RowKey);
                if (touched is not null && lately.Touch(touched) is { } old)
                    (cold ??= []).Add(old);
            }
            if (partition is { IsEmpty: true })
                rows.Drop(partition.Key);
        }
        cold?.ForEach(Pack);
        return Task.FromResult<IReadOnlyList<TableRow?>>(results);
    }

    /// <summary>Deflating takes its time, so it is done outside the gate and dropped where the chunk was changed meanwhile.</summary>
    private void Pack(RowChunk chunk)
    {
        TableRow[]? rows;
        long seen;
        lock (gate)
            (rows, seen) = (chunk.Snapshot(), chunk.Touched);
        if (rows is null or [])
            return;
        var packed = RowChunk.Pack(rows);
        lock (gate)
        {
            if (chunk.Touched == seen)
                chunk.Become(packed);
        }
    }

    private SortedRows Rows(string table) => tables.GetValueOrDefault(table) ?? throw TableErrors.TableNotFound();
}

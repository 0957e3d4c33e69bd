namespace IRFunctions.Local.Tables;

/// <summary>Tables that live as long as the process. Every call completes at once, so that simulated time stays deterministic.</summary>
internal sealed class MemoryTableStorage : ITableStorage
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, SortedRows> tables = [];
    private long version;

    public Task<bool> CreateAsync(string table)
    {
        lock (gate) return Task.FromResult(tables.TryAdd(table, new SortedRows()));
    }

    public Task<bool> DeleteAsync(string table)
    {
        lock (gate) return Task.FromResult(tables.Remove(table));
    }

    public Task<TableRow?> GetAsync(string table, string partitionKey, string rowKey)
    {
        lock (gate) return Task.FromResult(Rows(table).Find(partitionKey, rowKey));
    }

    public Task<IReadOnlyList<TableRow>> ReadAsync(string table, KeyRange range, int max)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<TableRow>>(
                [.. Rows(table).From(range.FromPartition, range.FromRow).TakeWhile(row => !range.EndsBefore(row)).Take(max)]);
        }
    }

    public Task<IReadOnlyList<TableRow?>> WriteAsync(string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        lock (gate)
        {
            var rows = Rows(table);
            // A transaction names each row once, so all changes can be judged before the first is made.
            var results = new TableRow?[changes.Count];
            for (var i = 0; i < changes.Count; i++)
            {
                try { results[i] = changes[i].Apply(rows.Find(changes[i].PartitionKey, changes[i].RowKey), ++version, now); }
                catch (Azure.RequestFailedException reason) { throw new ChangeRefusedException(i, reason); }
            }
            for (var i = 0; i < changes.Count; i++)
            {
                if (results[i] is { } row) rows.Set(row);
                else rows.Remove(changes[i].PartitionKey, changes[i].RowKey);
            }
            return Task.FromResult<IReadOnlyList<TableRow?>>(results);
        }
    }

    private SortedRows Rows(string table) => tables.GetValueOrDefault(table) ?? throw TableErrors.TableNotFound();
}

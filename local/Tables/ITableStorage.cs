namespace IRFunctions.Local.Tables;

/// <summary>Where embedded tables keep their rows. Table names arrive checked and in lower case; rows come back in key order.</summary>
internal interface ITableStorage
{
    /// <summary>False when the table is there already.</summary>
    Task<bool> CreateAsync(string table);

    /// <summary>Deletes the table and its rows; false when there is none.</summary>
    Task<bool> DeleteAsync(string table);

    /// <exception cref="Azure.RequestFailedException">404: no such table.</exception>
    Task<TableRow?> GetAsync(string table, string partitionKey, string rowKey);

    /// <summary>At most <paramref name="max"/> rows from the start of the range.</summary>
    /// <exception cref="Azure.RequestFailedException">404: no such table.</exception>
    Task<IReadOnlyList<TableRow>> ReadAsync(string table, KeyRange range, int max);

    /// <summary>All changes or none; the answer has one row a change, null where it was deleted.</summary>
    /// <exception cref="ChangeRefusedException">The rows as they are do not allow it.</exception>
    Task<IReadOnlyList<TableRow?>> WriteAsync(string table, IReadOnlyList<RowChange> changes, DateTimeOffset now);
}

/// <summary>Which change was refused, and why.</summary>
internal sealed class ChangeRefusedException(int index, Azure.RequestFailedException reason) : Exception(reason.Message, reason)
{
    public int Index { get; } = index;

    public Azure.RequestFailedException Reason { get; } = reason;
}

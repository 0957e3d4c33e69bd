namespace IRFunctions.Local.Tables;

/// <summary>
/// Ordinal order by code point. UTF-16 order differs from it only where surrogate pairs meet U+E000 and above;
/// SQLite compares UTF-8, and both stores must page through the same rows in the same order.
/// </summary>
internal static class KeyOrder
{
    public static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
            return left.Length.CompareTo(right.Length);
        var (a, b) = (left[same], right[same]);
        if (char.IsSurrogate(a) == char.IsSurrogate(b))
            return a.CompareTo(b);
        return char.IsSurrogate(a) ? 1 : -1;
    }

    public static int Compare(string leftPartition, string leftRow, string rightPartition, string rightRow)
    {
        var byPartition = Compare(leftPartition, rightPartition);
        return byPartition != 0 ? byPartition : Compare(leftRow, rightRow);
    }
}

/// <summary>Rows from one key on (inclusive) to another (inclusive).</summary>
/// <param name="ToPartition">Null for no upper end.</param>
/// <param name="ToRow">Null for the last row of <paramref name="ToPartition"/>.</param>
internal readonly record struct KeyRange(string FromPartition, string FromRow, string? ToPartition, string? ToRow)
{
    public static readonly KeyRange All = new("", "", null, null);

    public bool EndsBefore(TableRow row)
    {
        if (ToPartition is null)
            return false;
        var byPartition = KeyOrder.Compare(row.PartitionKey, ToPartition);
        return byPartition != 0 ? byPartition > 0 : ToRow is not null && KeyOrder.Compare(row.RowKey, ToRow) > 0;
    }

    /// <summary>The same range, entered later.</summary>
    public KeyRange From(string partition, string row) =>
        KeyOrder.Compare(partition, row, FromPartition, FromRow) > 0 ? this with { FromPartition = partition, FromRow = row } : this;
}

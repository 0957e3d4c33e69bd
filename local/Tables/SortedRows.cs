namespace IRFunctions.Local.Tables;

/// <summary>
/// Rows in key order, in chunks: finding a row is two binary searches, inserting moves at most one chunk's worth of references,
/// and a range is read without touching the rest. A million rows are some four thousand chunks.
/// </summary>
internal sealed class SortedRows
{
    private const int MaxChunk = 512;
    private readonly List<List<PackedRow>> chunks = [];

    public TableRow? Find(string partitionKey, string rowKey)
    {
        var (chunk, index) = Seek(partitionKey, rowKey);
        return chunk < chunks.Count && index < chunks[chunk].Count && Is(chunks[chunk][index], partitionKey, rowKey) ? chunks[chunk][index].Unpack() : null;
    }

    public void Set(TableRow row)
    {
        if (chunks.Count == 0)
        {
            chunks.Add([PackedRow.Of(row, null)]);
            return;
        }
        var (chunk, index) = Seek(row.PartitionKey, row.RowKey);
        if (chunk == chunks.Count) (chunk, index) = (chunks.Count - 1, chunks[^1].Count);
        var rows = chunks[chunk];
        if (index < rows.Count && Is(rows[index], row.PartitionKey, row.RowKey))
        {
            rows[index] = PackedRow.Of(row, rows[index]);
            return;
        }
        rows.Insert(index, PackedRow.Of(row, rows[Math.Max(0, index - 1)]));
        if (rows.Count > MaxChunk) Split(chunk, index == rows.Count - 1);
    }

    public void Remove(string partitionKey, string rowKey)
    {
        var (chunk, index) = Seek(partitionKey, rowKey);
        if (chunk == chunks.Count || index == chunks[chunk].Count || !Is(chunks[chunk][index], partitionKey, rowKey)) return;
        chunks[chunk].RemoveAt(index);
        if (chunks[chunk].Count == 0) chunks.RemoveAt(chunk);
    }

    public IEnumerable<TableRow> From(string partitionKey, string rowKey)
    {
        var (first, index) = Seek(partitionKey, rowKey);
        for (var chunk = first; chunk < chunks.Count; chunk++, index = 0)
            for (; index < chunks[chunk].Count; index++) yield return chunks[chunk][index].Unpack();
    }

    private static bool Is(PackedRow row, string partitionKey, string rowKey) => row.RowKey == rowKey && row.PartitionKey == partitionKey;

    // Rows mostly arrive in order: then the full chunk stays full, and the new one starts with the last row.
    private void Split(int chunk, bool appended)
    {
        var rows = chunks[chunk];
        var keep = appended ? rows.Count - 1 : rows.Count / 2;
        chunks.Insert(chunk + 1, rows.GetRange(keep, rows.Count - keep));
        rows.RemoveRange(keep, rows.Count - keep);
    }

    /// <summary>The first place whose row is not before the key.</summary>
    private (int Chunk, int Index) Seek(string partitionKey, string rowKey)
    {
        var (low, high) = (0, chunks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsBefore(chunks[middle][^1], partitionKey, rowKey)) low = middle + 1;
            else high = middle;
        }
        return low == chunks.Count ? (low, 0) : (low, Seek(chunks[low], partitionKey, rowKey));
    }

    private static int Seek(List<PackedRow> rows, string partitionKey, string rowKey)
    {
        var (low, high) = (0, rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsBefore(rows[middle], partitionKey, rowKey)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static bool IsBefore(PackedRow row, string partitionKey, string rowKey) =>
        KeyOrder.Compare(row.PartitionKey, row.RowKey, partitionKey, rowKey) < 0;
}

namespace IRFunctions.Local.Tables;

/// <summary>
/// The rows of one partition in key order, in chunks: most partitions are one, and a change of a large one unpacks no more than one.
/// </summary>
internal sealed class RowPartition(string key)
{
    private const int MaxChunk = 64;
    private RowChunk[] chunks = [];

    public string Key => key;

    public bool IsEmpty => chunks.Length == 0;

    public TableRow? Find(string rowKey)
    {
        var chunk = Seek(rowKey);
        if (chunk == chunks.Length)
            return null;
        var rows = chunks[chunk].Peek(key);
        var index = Seek(rows, rowKey);
        return rows[index].RowKey == rowKey ? rows[index] : null;
    }

    /// <returns>The chunk the row is in now.</returns>
    public RowChunk Set(TableRow row)
    {
        if (chunks.Length == 0)
        {
            chunks = [new RowChunk([row])];
            return chunks[0];
        }
        var chunk = Math.Min(Seek(row.RowKey), chunks.Length - 1);
        var rows = chunks[chunk].Open(key);
        var index = Seek(rows, row.RowKey);
        if (index < rows.Count && rows[index].RowKey == row.RowKey)
            rows[index] = row;
        else
            rows.Insert(index, row);
        chunks[chunk].Changed();
        return rows.Count > MaxChunk ? Split(chunk, index == rows.Count - 1) : chunks[chunk];
    }

    /// <returns>The chunk the row was in.</returns>
    public RowChunk? Remove(string rowKey)
    {
        var at = Seek(rowKey);
        if (at == chunks.Length)
            return null;
        var chunk = chunks[at];
        var rows = chunk.Open(key);
        var index = Seek(rows, rowKey);
        if (rows[index].RowKey != rowKey)
            return chunk;
        rows.RemoveAt(index);
        chunk.Changed();
        if (rows.Count == 0)
            chunks = [.. chunks.AsSpan(0, at), .. chunks.AsSpan(at + 1)];
        return chunk;
    }

    public IEnumerable<TableRow> From(string rowKey)
    {
        for (var (chunk, first) = (Seek(rowKey), true); chunk < chunks.Length; chunk++, first = false)
        {
            var rows = chunks[chunk].Peek(key);
            for (var index = first ? Seek(rows, rowKey) : 0; index < rows.Count; index++)
                yield return rows[index];
        }
    }

    // Rows mostly arrive in order: then the full chunk stays full, and the new one starts with the last row.
    private RowChunk Split(int chunk, bool appended)
    {
        var rows = chunks[chunk].Open(key);
        var keep = appended ? rows.Count - 1 : rows.Count / 2;
        var next = new RowChunk(rows.GetRange(keep, rows.Count - keep));
        rows.RemoveRange(keep, rows.Count - keep);
        chunks[chunk].Changed();
        chunks = [.. chunks.AsSpan(0, chunk + 1), next, .. chunks.AsSpan(chunk + 1)];
        return next;
    }

    /// <summary>The first chunk whose last row is not before the key.</summary>
    private int Seek(string rowKey)
    {
        var (low, high) = (0, chunks.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (KeyOrder.Compare(chunks[middle].LastKey, rowKey) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static int Seek(List<TableRow> rows, string rowKey)
    {
        var (low, high) = (0, rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (KeyOrder.Compare(rows[middle].RowKey, rowKey) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}

namespace IRFunctions.Local.Tables;

/// <summary>
/// Partitions in key order, in chunks: finding one is two binary searches, inserting moves at most one chunk's worth of references,
/// and a range is read without touching the rest. A hundred thousand partitions are some four hundred chunks.
/// </summary>
internal sealed class SortedRows
{
    private const int MaxChunk = 512;
    private readonly List<List<RowPartition>> chunks = [];

    /// <summary>Null where no row has this partition key.</summary>
    public RowPartition? Partition(string key)
    {
        var (chunk, index) = Seek(key);
        return chunk < chunks.Count && chunks[chunk][index].Key == key ? chunks[chunk][index] : null;
    }

    /// <summary>A partition that is not there yet; it must get its first row at once.</summary>
    public RowPartition Add(string key)
    {
        var added = new RowPartition(key);
        var (chunk, index) = Seek(key);
        if (chunks.Count == 0)
            chunks.Add([]);
        if (chunk == chunks.Count)
            (chunk, index) = (chunks.Count - 1, chunks[^1].Count);
        chunks[chunk].Insert(index, added);
        if (chunks[chunk].Count > MaxChunk)
            Split(chunk);
        return added;
    }

    /// <summary>Forgets a partition that has lost its last row.</summary>
    public void Drop(string key)
    {
        var (chunk, index) = Seek(key);
        chunks[chunk].RemoveAt(index);
        if (chunks[chunk].Count == 0)
            chunks.RemoveAt(chunk);
    }

    public IEnumerable<TableRow> From(string partitionKey, string rowKey)
    {
        var (first, index) = Seek(partitionKey);
        for (var chunk = first; chunk < chunks.Count; chunk++, index = 0)
        {
            for (; index < chunks[chunk].Count; index++)
            {
                var partition = chunks[chunk][index];
                foreach (var row in partition.From(partition.Key == partitionKey ? rowKey : ""))
                    yield return row;
            }
        }
    }

    private void Split(int chunk)
    {
        var partitions = chunks[chunk];
        var keep = partitions.Count / 2;
        chunks.Insert(chunk + 1, partitions.GetRange(keep, partitions.Count - keep));
        partitions.RemoveRange(keep, partitions.Count - keep);
    }

    /// <summary>The first place whose partition is not before the key.</summary>
    private (int Chunk, int Index) Seek(string key)
    {
        var (low, high) = (0, chunks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (KeyOrder.Compare(chunks[middle][^1].Key, key) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == chunks.Count)
            return (low, 0);
        var (partitions, chunk) = (chunks[low], low);
        (low, high) = (0, partitions.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (KeyOrder.Compare(partitions[middle].Key, key) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return (chunk, low);
    }
}

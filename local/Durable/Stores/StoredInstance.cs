using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>
/// One instance in memory. While it is at work it is as the engine uses it; once it waits (or is finished) it is packed: payloads and history in one
/// deflated piece, since they say much the same (an approval's input, its status and its history all hold the decision).
/// </summary>
internal sealed class StoredInstance : ITouched
{
    private InstanceRecord? record;
    private byte[][] chunks = [];
    private byte[]? packed;

    /// <param name="id">The same text as the key it is found by.</param>
    public StoredInstance(string id, InstanceRecord record)
    {
        Id = id;
        Name = record.Name;
        Set(record);
    }

    public string Id { get; }

    public string Name { get; private set; }

    public bool IsEntity { get; private set; }

    public InstanceStatus Status { get; private set; }

    public long CreatedAt { get; private set; }

    public long UpdatedAt { get; private set; }

    public long Execution { get; private set; }

    public long Touched { get; set; }

    /// <summary>Without unpacking it for good; for those who only look.</summary>
    public InstanceRecord Peek => record ?? Unpacked().Record;

    /// <summary>Of an unpacked instance.</summary>
    public InstanceRecord Record => record!;

    /// <summary>Of an unpacked instance.</summary>
    public byte[][] Chunks => chunks;

    public void Set(InstanceRecord changed)
    {
        Unpack();
        record = changed;
        (IsEntity, Status, CreatedAt, UpdatedAt, Execution) = (changed.IsEntity, changed.Status, changed.CreatedAt, changed.UpdatedAt, changed.Execution);
        if (Name != changed.Name) Name = changed.Name;
    }

    public void ClearHistory()
    {
        Unpack();
        chunks = [];
    }

    /// <summary>Joins chunks of like size, so that a long history is a few arrays and a step still copies little.</summary>
    public void Append(byte[] chunk)
    {
        const int maxMerged = 1 << 16;
        Unpack();
        var keep = chunks.Length;
        while (keep > 0 && chunks[keep - 1].Length <= chunk.Length && chunks[keep - 1].Length + chunk.Length <= maxMerged)
            chunk = [.. chunks[--keep], .. chunk];
        chunks = [.. chunks.AsSpan(0, keep), chunk];
    }

    /// <summary>What packing needs, taken while nobody changes it; the packing itself can then go on beside other work.</summary>
    public (InstanceRecord Record, byte[][] Chunks)? Snapshot() => record is null ? null : (record, chunks);

    public static byte[] Pack(InstanceRecord record, byte[][] chunks)
    {
        var writer = HistoryWriter.Take();
        writer.Number(chunks.Sum(c => c.Length));
        foreach (var chunk in chunks) writer.Raw(chunk);
        record.WriteRest(writer);
        var bytes = PackedBytes.Pack(writer.Written);
        writer.Return();
        return bytes;
    }

    /// <param name="name">One text for all instances of that name.</param>
    public void Become(byte[] packedBytes, string name)
    {
        (packed, Name, record, chunks) = (packedBytes, name, null, []);
    }

    /// <returns>Whether it was packed.</returns>
    public bool Unpack()
    {
        if (packed is null) return false;
        (record, var history) = Unpacked();
        chunks = history.Length == 0 ? [] : [history];
        packed = null;
        return true;
    }

    private (InstanceRecord Record, byte[] History) Unpacked()
    {
        var reader = new HistoryReader(PackedBytes.Unpack(packed!));
        var history = reader.Bytes().ToArray();
        var head = new InstanceRecord
        {
            Id = Id, Name = Name, IsEntity = IsEntity, Status = Status, CreatedAt = CreatedAt, UpdatedAt = UpdatedAt, Execution = Execution,
        };
        return (head.WithRest(reader.Rest()), history);
    }
}

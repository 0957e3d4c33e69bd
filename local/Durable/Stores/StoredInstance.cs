using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>
/// One instance in memory. While it is at work it is as the engine uses it; once it waits it is packed: payloads and history in one deflated piece with
/// those of others (<see cref="InstancePack"/>).
/// </summary>
internal sealed class StoredInstance : ITouched
{
    private InstanceRecord? record;
    private byte[][] chunks = [];
    private InstancePack? packed;

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

    public bool IsTerminal => !IsEntity && Status is InstanceStatus.Completed or InstanceStatus.Failed or InstanceStatus.Terminated;

    public long Touched { get; set; }

    /// <summary>Without unpacking it for good; for those who only look.</summary>
    public InstanceRecord Peek => record ?? Unpacked().Record;

    /// <summary>Of an unpacked instance.</summary>
    public InstanceRecord Record => record!;

    /// <summary>Of an unpacked instance.</summary>
    public byte[][] Chunks => chunks;

    public void Set(InstanceRecord changed)
    {
        record = changed;
        (IsEntity, Status, CreatedAt, UpdatedAt, Execution) = (changed.IsEntity, changed.Status, changed.CreatedAt, changed.UpdatedAt, changed.Execution);
        if (Name != changed.Name) Name = changed.Name;
    }

    public void ClearHistory() => chunks = [];

    /// <summary>Joins chunks of like size, so that a long history is a few arrays and a step still copies little.</summary>
    public void Append(byte[] chunk)
    {
        const int maxMerged = 1 << 16;
        var keep = chunks.Length;
        while (keep > 0 && chunks[keep - 1].Length <= chunk.Length && chunks[keep - 1].Length + chunk.Length <= maxMerged)
            chunk = [.. chunks[--keep], .. chunk];
        chunks = [.. chunks.AsSpan(0, keep), chunk];
    }

    public bool IsIn(InstancePack pack) => ReferenceEquals(packed, pack);

    public void Become(InstancePack pack, string name) => (packed, Name, record, chunks) = (pack, name, null, []);

    /// <returns>Those left behind by it in a pack that is hardly worth keeping; null where it was not packed, none where all is well.</returns>
    public IReadOnlyList<StoredInstance>? Unpack()
    {
        if (packed is not { } pack) return null;
        (record, var history) = Unpacked();
        chunks = history.Length == 0 ? [] : [history];
        packed = null;
        return pack.Leave(this);
    }

    private (InstanceRecord Record, byte[] History) Unpacked()
    {
        var reader = new HistoryReader(packed!.Of(this));
        var history = reader.Bytes().ToArray();
        var head = new InstanceRecord
        {
            Id = Id, Name = Name, IsEntity = IsEntity, Status = Status, CreatedAt = CreatedAt, UpdatedAt = UpdatedAt, Execution = Execution,
        };
        return (head.WithRest(reader.Rest()), history);
    }
}

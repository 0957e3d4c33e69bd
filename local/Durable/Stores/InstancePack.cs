using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>
/// Payloads and histories of some instances, deflated as one. Instances that went cold together are mostly of one kind and say much the same, and so do an
/// approval's input, its status and its history: together they shrink to a tenth, alone to a third (docs/decisions/0007).
/// </summary>
internal sealed class InstancePack
{
    /// <summary>More save little, and each that wakes has to inflate those before it.</summary>
    public const int Size = 8;

    /// <summary>With no more than these left, they are packed anew with others.</summary>
    private const int TooFew = Size / 4;

    private readonly byte[] packed;
    private readonly int[] ends;
    private readonly StoredInstance?[] members;

    /// <param name="instances">As they were when nobody changed them; the packing itself can go on beside other work.</param>
    public InstancePack(IReadOnlyList<(StoredInstance Instance, InstanceRecord Record, byte[][] Chunks)> instances)
    {
        var writer = HistoryWriter.Take();
        ends = new int[instances.Count];
        members = new StoredInstance?[instances.Count];
        for (var i = 0; i < ends.Length; i++)
        {
            var (instance, record, chunks) = instances[i];
            writer.Number(chunks.Sum(c => c.Length));
            foreach (var chunk in chunks) writer.Raw(chunk);
            record.WriteRest(writer);
            (ends[i], members[i]) = (writer.Written.Length, instance);
        }

        packed = PackedBytes.Pack(writer.Written);
        writer.Return();
    }

    public ReadOnlyMemory<byte> Of(StoredInstance member)
    {
        var place = Array.IndexOf(members, member);
        return PackedBytes.Unpack(packed, ends[place]).AsMemory(place == 0 ? 0 : ends[place - 1]);
    }

    /// <summary>Forgets one that is unpacked, removed, or was changed before it got here.</summary>
    /// <returns>The last few, once it is time that they leave too.</returns>
    public IReadOnlyList<StoredInstance> Leave(StoredInstance member)
    {
        members[Array.IndexOf(members, member)] = null;
        var left = members.Count(m => m is not null);
        return left is > 0 and <= TooFew ? [.. members.OfType<StoredInstance>()] : [];
    }
}

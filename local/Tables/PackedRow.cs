using System.Text;

namespace IRFunctions.Local.Tables;

/// <summary>
/// A row as it lies in memory: its properties as bytes. A hundred thousand incidents keep millions of rows, and as objects they would hold several times
/// the memory and occupy the garbage collector for nothing, since few are ever read again.
/// </summary>
internal sealed class PackedRow
{
    [ThreadStatic]
    private static BinaryWriter? reused;
    private readonly byte[] properties;

    private PackedRow(TableRow row, string partitionKey, byte[] properties)
    {
        (PartitionKey, RowKey, Version, TimestampTicks) = (partitionKey, row.RowKey, row.Version, row.Timestamp.UtcTicks);
        this.properties = properties;
    }

    public string PartitionKey { get; }

    public string RowKey { get; }

    public long Version { get; }

    private long TimestampTicks { get; }

    /// <param name="neighbour">The row before it: one partition's rows share the text of their key.</param>
    public static PackedRow Of(TableRow row, PackedRow? neighbour)
    {
        var writer = reused ??= new BinaryWriter(new MemoryStream(4096), Encoding.UTF8);
        var stream = (MemoryStream)writer.BaseStream;
        stream.SetLength(0);
        writer.Write7BitEncodedInt(row.Properties.Length);
        foreach (var (name, value) in row.Properties)
        {
            writer.Write(name);
            Write(writer, value);
        }

        return new PackedRow(row, neighbour?.PartitionKey == row.PartitionKey ? neighbour.PartitionKey : row.PartitionKey, stream.ToArray());
    }

    public TableRow Unpack()
    {
        using var reader = new BinaryReader(new MemoryStream(properties, writable: false), Encoding.UTF8);
        var values = new KeyValuePair<string, object>[reader.Read7BitEncodedInt()];
        for (var i = 0; i < values.Length; i++) values[i] = KeyValuePair.Create(reader.ReadString(), Read(reader));
        return new TableRow(PartitionKey, RowKey, Version, new DateTimeOffset(TimestampTicks, TimeSpan.Zero), values);
    }

    private static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string text: writer.Write((byte)'s'); writer.Write(text); break;
            case long number: writer.Write((byte)'l'); writer.Write(number); break;
            case int number: writer.Write((byte)'i'); writer.Write(number); break;
            case bool flag: writer.Write((byte)'b'); writer.Write(flag); break;
            case double number: writer.Write((byte)'d'); writer.Write(number); break;
            case DateTimeOffset moment: writer.Write((byte)'t'); writer.Write(moment.UtcTicks); break;
            case Guid id: writer.Write((byte)'g'); writer.Write(id.ToByteArray()); break;
            case byte[] bytes: writer.Write((byte)'x'); writer.Write7BitEncodedInt(bytes.Length); writer.Write(bytes); break;
            default: throw new NotSupportedException($"Tables cannot store {value.GetType()}.");
        }
    }

    private static object Read(BinaryReader reader) => (char)reader.ReadByte() switch
    {
        's' => reader.ReadString(),
        'l' => reader.ReadInt64(),
        'i' => reader.ReadInt32(),
        'b' => reader.ReadBoolean(),
        'd' => reader.ReadDouble(),
        't' => new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
        'g' => new Guid(reader.ReadBytes(16)),
        'x' => reader.ReadBytes(reader.Read7BitEncodedInt()),
        var type => throw new InvalidDataException($"A packed row holds a value of unknown type '{type}'."),
    };
}

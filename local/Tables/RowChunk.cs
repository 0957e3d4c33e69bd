using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Tables;

/// <summary>
/// Some rows of one partition that follow each other. A hundred thousand incidents keep millions of rows, few of which are ever read again:
/// left alone for long they are packed into one deflated piece, as objects they would hold ten times the memory and occupy the garbage
/// collector for nothing.
/// </summary>
internal sealed class RowChunk(List<TableRow> rows) : ITouched
{
    /// <summary>
    /// Packed chunks that were looked into lately. Who reads an incident asks several times for rows of the same few chunks.
    /// </summary>
    private static readonly Look?[] Lately = new Look?[256];

    [ThreadStatic]
    private static BinaryWriter? reused;
    private List<TableRow>? rows = rows;
    private byte[]? packed;

    public long Touched { get; set; }

    /// <summary>The key of the last row; known without unpacking.</summary>
    public string LastKey { get; private set; } = rows[^1].RowKey;

    /// <summary>The rows, to be read only; a packed chunk stays packed.</summary>
    public List<TableRow> Peek(string partitionKey) => rows ?? Unpacked(partitionKey);

    /// <summary>The rows, unpacked from now on; after a change comes <see cref="Changed"/>.</summary>
    public List<TableRow> Open(string partitionKey)
    {
        rows ??= [.. Unpacked(partitionKey)];
        packed = null;
        return rows;
    }

    public void Changed()
    {
        if (rows!.Count > 0)
            LastKey = rows[^1].RowKey;
    }

    /// <summary>What packing needs, taken while nobody changes it.</summary>
    public TableRow[]? Snapshot() => rows?.ToArray();

    public void Become(byte[] bytes) => (packed, rows) = (bytes, null);

    public static byte[] Pack(TableRow[] rows)
    {
        var writer = reused ??= new BinaryWriter(new MemoryStream(16384), Encoding.UTF8);
        var stream = (MemoryStream)writer.BaseStream;
        stream.SetLength(0);
        writer.Write7BitEncodedInt(rows.Length);
        foreach (var row in rows)
            Write(writer, row);
        return PackedBytes.Pack(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <returns>Rows that others may be given too.</returns>
    private List<TableRow> Unpacked(string partitionKey)
    {
        ref var place = ref Lately[RuntimeHelpers.GetHashCode(packed) % Lately.Length];
        if (Volatile.Read(ref place) is { } known && ReferenceEquals(known.Packed, packed))
            return known.Rows;
        var all = ReadAll(partitionKey);
        Volatile.Write(ref place, new Look(packed!, all));
        return all;
    }

    private List<TableRow> ReadAll(string partitionKey)
    {
        using var reader = new BinaryReader(new MemoryStream(PackedBytes.Unpack(packed!), writable: false), Encoding.UTF8);
        var all = new List<TableRow>(reader.Read7BitEncodedInt());
        CollectionsMarshal.SetCount(all, all.Capacity);
        foreach (ref var row in CollectionsMarshal.AsSpan(all))
            row = Read(reader, partitionKey);
        return all;
    }

    private static void Write(BinaryWriter writer, TableRow row)
    {
        writer.Write(row.RowKey);
        writer.Write(row.Version);
        writer.Write(row.Timestamp.UtcTicks);
        writer.Write7BitEncodedInt(row.Properties.Length);
        foreach (var (name, value) in row.Properties)
        {
            writer.Write(name);
            Write(writer, value);
        }
    }

    private static TableRow Read(BinaryReader reader, string partitionKey)
    {
        var (key, version, ticks) = (reader.ReadString(), reader.ReadInt64(), reader.ReadInt64());
        var values = new KeyValuePair<string, object>[reader.Read7BitEncodedInt()];
        for (var i = 0; i < values.Length; i++)
            values[i] = KeyValuePair.Create(reader.ReadString(), Read(reader));
        return new TableRow(partitionKey, key, version, new DateTimeOffset(ticks, TimeSpan.Zero), values);
    }

    private static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string text:
                writer.Write((byte)'s');
                writer.Write(text);
                break;
            case long number:
                writer.Write((byte)'l');
                writer.Write(number);
                break;
            case int number:
                writer.Write((byte)'i');
                writer.Write(number);
                break;
            case bool flag:
                writer.Write((byte)'b');
                writer.Write(flag);
                break;
            case double number:
                writer.Write((byte)'d');
                writer.Write(number);
                break;
            case DateTimeOffset moment:
                writer.Write((byte)'t');
                writer.Write(moment.UtcTicks);
                break;
            case Guid id:
                writer.Write((byte)'g');
                writer.Write(id.ToByteArray());
                break;
            case byte[] bytes:
                writer.Write((byte)'x');
                writer.Write7BitEncodedInt(bytes.Length);
                writer.Write(bytes);
                break;
            default:
                throw new NotSupportedException($"Tables cannot store {value.GetType()}.");
        }
    }

    private static object Read(BinaryReader reader) =>
        (char)reader.ReadByte() switch
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

    private sealed class Look(byte[] packed, List<TableRow> rows)
    {
        public byte[] Packed => packed;

        public List<TableRow> Rows => rows;
    }
}

using System.Buffers;
using System.Text;

namespace IRFunctions.Local.Durable.History;

/// <summary>Writes events as compact bytes: kind, a byte that says which fields follow, then those fields (numbers as variable-length
/// integers).</summary>
internal sealed class HistoryWriter
{
    internal const byte TaskFlag = 1;
    internal const byte NumberFlag = 2;
    internal const byte ReferenceFlag = 4;
    internal const byte NameFlag = 8;
    internal const byte TargetFlag = 16;
    internal const byte PayloadFlag = 32;
    private const int LargestKept = 1 << 16;

    // Two are in use at once: the history of a step, and the message it sends.
    [ThreadStatic]
    private static Stack<HistoryWriter>? spare;

    private byte[] buffer = new byte[1024];
    private int length;

    /// <summary>A writer that is given back with <see cref="Return"/> when what it wrote was copied.</summary>
    public static HistoryWriter Take() => spare is not null && spare.TryPop(out var writer) ? writer : new HistoryWriter();

    public void Return()
    {
        Clear();
        if (buffer.Length <= LargestKept && (spare ??= new Stack<HistoryWriter>()).Count < 4) spare.Push(this);
    }

    /// <summary>The bytes that <paramref name="write"/> writes, in an array of their own.</summary>
    public static byte[] Encoded<T>(T value, Action<HistoryWriter, T> write)
    {
        var writer = Take();
        write(writer, value);
        var bytes = writer.ToArray();
        writer.Return();
        return bytes;
    }

    public int Count { get; private set; }

    public void Write(
        EventKind kind,
        int taskId = 0,
        long number = 0,
        long reference = 0,
        string? name = null,
        string? target = null,
        ReadOnlyMemory<byte>? payload = null)
    {
        Count++;
        // JSON is never empty: no bytes means no payload.
        if (payload is { IsEmpty: true }) payload = null;
        var flags = (taskId != 0 ? TaskFlag : 0) | (number != 0 ? NumberFlag : 0) | (reference != 0 ? ReferenceFlag : 0)
            | (name is null ? 0 : NameFlag) | (target is null ? 0 : TargetFlag) | (payload is null ? 0 : PayloadFlag);
        Byte((byte)kind);
        Byte((byte)flags);
        if (taskId != 0) Number(taskId);
        if (number != 0) Number(number);
        if (reference != 0) Number(reference);
        if (name is not null) Text(name);
        if (target is not null) Text(target);
        if (payload is { } bytes) Bytes(bytes.Span);
    }

    /// <summary>Appends events that are already encoded, for instance those of a message.</summary>
    public void WriteEncoded(ReadOnlySpan<byte> encoded)
    {
        Count++;
        encoded.CopyTo(Reserve(encoded.Length));
    }

    /// <summary>What was written; good until the writer is given back.</summary>
    internal ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    internal void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    public byte[] ToArray() => buffer.AsSpan(0, length).ToArray();

    internal void Clear()
    {
        length = 0;
        Count = 0;
    }

    internal void Byte(byte value) => Reserve(1)[0] = value;

    internal void Number(long value)
    {
        var rest = (ulong)value;
        var room = Ensure(10);
        var i = 0;
        for (; rest >= 0x80; rest >>= 7) room[i++] = (byte)(rest | 0x80);
        room[i++] = (byte)rest;
        length += i;
    }

    internal void Text(string value)
    {
        Number(Encoding.UTF8.GetByteCount(value));
        length += Encoding.UTF8.GetBytes(value, Ensure(Encoding.UTF8.GetMaxByteCount(value.Length)));
    }

    internal void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        value.CopyTo(Reserve(value.Length));
    }

    private Span<byte> Reserve(int size)
    {
        var room = Ensure(size);
        length += size;
        return room;
    }

    private Span<byte> Ensure(int size)
    {
        if (buffer.Length - length < size) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + size));
        return buffer.AsSpan(length);
    }
}

/// <summary>Encodes single events, for messages.</summary>
internal static class EncodedEvent
{
    public static byte[] Of(EventKind kind, int taskId = 0, long number = 0, string? name = null, string? target = null, ReadOnlyMemory<byte>? payload = null)
    {
        var writer = HistoryWriter.Take();
        writer.Write(kind, taskId, number, 0, name, target, payload);
        var bytes = writer.ToArray();
        writer.Return();
        return bytes;
    }

    public static HistoryEvent Read(byte[] encoded)
    {
        var reader = new HistoryReader(encoded);
        return reader.TryRead(out var e) ? e : throw new InvalidDataException("A message without an event.");
    }
}

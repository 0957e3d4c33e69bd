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
    private byte[] buffer = new byte[256];
    private int length;

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
    [ThreadStatic]
    private static HistoryWriter? reused;

    public static byte[] Of(EventKind kind, int taskId = 0, long number = 0, string? name = null, string? target = null, ReadOnlyMemory<byte>? payload = null)
    {
        var writer = reused ??= new HistoryWriter();
        writer.Clear();
        writer.Write(kind, taskId, number, 0, name, target, payload);
        return writer.ToArray();
    }

    public static HistoryEvent Read(byte[] encoded)
    {
        var reader = new HistoryReader(encoded);
        return reader.TryRead(out var e) ? e : throw new InvalidDataException("A message without an event.");
    }
}

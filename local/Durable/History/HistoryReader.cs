using System.Text;

namespace IRFunctions.Local.Durable.History;

/// <summary>Reads what <see cref="HistoryWriter"/> wrote. Names and payloads are views, not copies.</summary>
internal struct HistoryReader(ReadOnlyMemory<byte> bytes)
{
    private int at;

    public readonly bool AtEnd => at >= bytes.Length;

    public bool TryRead(out HistoryEvent e)
    {
        e = default;
        if (AtEnd) return false;
        e.Kind = (EventKind)Byte();
        var flags = Byte();
        if ((flags & HistoryWriter.TaskFlag) != 0) e.TaskId = (int)Number();
        if ((flags & HistoryWriter.NumberFlag) != 0) e.Number = Number();
        if ((flags & HistoryWriter.ReferenceFlag) != 0) e.Reference = Number();
        if ((flags & HistoryWriter.NameFlag) != 0) e.Name = Bytes();
        if ((flags & HistoryWriter.TargetFlag) != 0) e.Target = Bytes();
        e.HasPayload = (flags & HistoryWriter.PayloadFlag) != 0;
        if (e.HasPayload) e.Payload = Bytes();
        return true;
    }

    internal byte Byte() => bytes.Span[at++];

    internal long Number()
    {
        var span = bytes.Span;
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = span[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return (long)value;
        }
    }

    internal ReadOnlyMemory<byte> Bytes()
    {
        var size = (int)Number();
        var slice = bytes.Slice(at, size);
        at += size;
        return slice;
    }

    internal readonly ReadOnlyMemory<byte> Rest() => bytes[at..];

    internal string Text() => Encoding.UTF8.GetString(Bytes().Span);
}

/// <summary>The events of one instance, decoded for one step. The array is reused from step to step on the same thread.</summary>
internal sealed class HistoryBuffer
{
    [ThreadStatic]
    private static HistoryBuffer? spare;
    private HistoryEvent[] events = new HistoryEvent[64];

    public int Count { get; private set; }

    public List<ReadOnlyMemory<byte>> Chunks { get; } = [];

    public ref readonly HistoryEvent this[int index] => ref events[index];

    public static HistoryBuffer Take()
    {
        var buffer = spare ?? new HistoryBuffer();
        spare = null;
        return buffer;
    }

    public void Return()
    {
        // Views into payloads must not outlive the step, or they would keep whole histories alive.
        Array.Clear(events, 0, Count);
        Count = 0;
        Chunks.Clear();
        if (events.Length <= 4096) spare = this;
    }

    public void Decode()
    {
        foreach (var chunk in Chunks)
        {
            var reader = new HistoryReader(chunk);
            while (true)
            {
                if (Count == events.Length) Array.Resize(ref events, events.Length * 2);
                if (!reader.TryRead(out events[Count])) break;
                Count++;
            }
        }
    }
}

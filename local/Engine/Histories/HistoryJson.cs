using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.History;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>
/// Durable Task's history events as JSON under their own property names, as its storage providers write them: an array of objects, each beginning with
/// its EventType. Left out is what has its default (EventId -1, IsPlayed, null) and a Timestamp equal to that of the event before. What Durable Task
/// itself does not read back is not written (trace contexts, correlation).
/// </summary>
public static class HistoryJson
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? scratch;

    /// <summary>One chunk of UTF-8.</summary>
    public static byte[] Encode(IReadOnlyList<HistoryEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var (buffer, writer) = scratch ??= Scratch();
        buffer.ResetWrittenCount();
        writer.Reset();
        Write(writer, events);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Encode(HistoryEvent e) => Encode([e]);

    public static void Write(Utf8JsonWriter writer, IReadOnlyList<HistoryEvent> events)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(events);
        writer.WriteStartArray();
        var before = default(DateTime);
        for (var i = 0; i < events.Count; i++)
        {
            HistoryEventWriter.Write(writer, events[i], before);
            before = events[i].Timestamp;
        }
        writer.WriteEndArray();
    }

    /// <summary>Adds the events of a chunk to a list.</summary>
    /// <exception cref="JsonException">Not what <see cref="Encode(IReadOnlyList{HistoryEvent})"/> writes.</exception>
    public static void Decode(ReadOnlySpan<byte> chunk, List<HistoryEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var reader = new Utf8JsonReader(chunk);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) throw new JsonException("A history begins with an array.");
        var fields = new EventFields();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            fields.Read(ref reader);
            events.Add(fields.ToEvent());
        }
    }

    public static List<HistoryEvent> Decode(IEnumerable<byte[]> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        var events = new List<HistoryEvent>();
        foreach (var chunk in chunks) Decode(chunk, events);
        return events;
    }

    public static HistoryEvent DecodeOne(ReadOnlySpan<byte> chunk)
    {
        var events = new List<HistoryEvent>(1);
        Decode(chunk, events);
        return events[0];
    }

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) Scratch()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        return (buffer, new Utf8JsonWriter(buffer, Compact));
    }
}

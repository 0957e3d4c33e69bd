using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DurableTask.Core.History;
using IRFunctions.Local.Engine.Stores;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>The history of one orchestration as a text: recorded once, kept with the tests, replayed against the present code.</summary>
public static class HistoryFile
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>See <see cref="HistoryJson"/> for the form.</summary>
    /// <exception cref="KeyNotFoundException">The store has no such orchestration.</exception>
    public static string Export(IDurableStore store, string instanceId)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (store.Read(instanceId) is not { IsEntity: false } record) throw new KeyNotFoundException($"There is no orchestration with the id '{instanceId}'.");
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Readable)) HistoryJson.Write(writer, HistoryJson.Decode(store.ReadHistory(record.Execution)));
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <exception cref="JsonException">The text is not what <see cref="Export"/> writes.</exception>
    public static IReadOnlyList<HistoryEvent> Import(string json)
    {
        var events = new List<HistoryEvent>();
        HistoryJson.Decode(Encoding.UTF8.GetBytes(json), events);
        return events.OfType<ExecutionStartedEvent>().Any() ? events : throw new JsonException("A history without its start.");
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Durable;

/// <summary>The history of one orchestration as JSON, one event a line's worth: recorded once, kept under tests/, replayed against the present
/// code.</summary>
public sealed class HistoryFile
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter() },
    };

    private HistoryFile(InstanceRecord record, byte[] events)
    {
        Record = record;
        Events = events;
    }

    public string InstanceId => Record.Id;

    public string Name => Record.Name;

    internal InstanceRecord Record { get; }

    internal byte[] Events { get; }

    /// <exception cref="KeyNotFoundException">The store has no such orchestration.</exception>
    public static string Export(IDurableStore store, string instanceId)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (store.Read(instanceId) is not { IsEntity: false } record)
            throw new KeyNotFoundException($"There is no orchestration with the id '{instanceId}'.");
        var chunks = new List<ReadOnlyMemory<byte>>();
        store.ReadHistory(instanceId, chunks);
        var lines = new List<Line>();
        foreach (var chunk in chunks)
        {
            var reader = new HistoryReader(chunk);
            while (reader.TryRead(out var e)) lines.Add(Line.Of(lines.Count + 1, e));
        }

        return JsonSerializer.Serialize(
            new Document(record.Id, record.Name, record.Version, record.Parent, record.Execution, record.CreatedAt, Element(record.Input), lines), Format);
    }

    /// <exception cref="JsonException">The text is not what <see cref="Export"/> writes.</exception>
    public static HistoryFile Import(string json)
    {
        var document = JsonSerializer.Deserialize<Document>(json, Format) ?? throw new JsonException("An empty history.");
        var record = new InstanceRecord
        {
            Id = document.InstanceId, Name = document.Name, Version = document.Version, Parent = document.Parent, Execution = document.Execution,
            CreatedAt = document.CreatedAt, Input = document.Input is { } input ? JsonSerializer.SerializeToUtf8Bytes(input) : null,
        };
        var writer = new HistoryWriter();
        foreach (var line in document.Events) line.Write(writer);
        return new HistoryFile(record, writer.ToArray());
    }

    private static JsonElement? Element(ReadOnlyMemory<byte>? json) =>
        json is { IsEmpty: false } bytes ? JsonSerializer.Deserialize<JsonElement>(bytes.Span) : null;

    private sealed record Document(
        string InstanceId, string Name, string? Version, ParentLink? Parent, long Execution, long CreatedAt, JsonElement? Input, List<Line> Events);

    private sealed record Line(
        int Number, EventKind Kind, int Task, DateTime? Time, long Value, long Reference, string? Name, string? Target, JsonElement? Payload)
    {
        public static Line Of(int number, HistoryEvent e)
        {
            var isTime = IsTime(e.Kind) && e.Number != 0;
            return new Line(
                number, e.Kind, e.TaskId, isTime ? new DateTime(e.Number, DateTimeKind.Utc) : null, isTime ? 0 : e.Number, e.Reference,
                e.Name.IsEmpty ? null : e.NameText, e.Target.IsEmpty ? null : e.TargetText, Element(e.Data));
        }

        public void Write(HistoryWriter writer) => writer.Write(
            Kind, Task, Time is { } time ? time.ToUniversalTime().Ticks : Value, Reference, Name, Target,
            Payload is { } payload ? JsonSerializer.SerializeToUtf8Bytes(payload) : default(ReadOnlyMemory<byte>?));

        private static bool IsTime(EventKind kind) => kind is EventKind.StepStarted or EventKind.TimerCreated or EventKind.EntitySignalled;
    }
}

/// <summary>Replays a recorded history against the present code.</summary>
public static class ReplayCheck
{
    /// <exception cref="NonDeterminismException">The code does not follow the history any more: instances that are under way would fail.</exception>
    public static void Run(DurableRegistry registry, HistoryFile history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var broken = Replay(registry, history, trackLines: false);
        if (broken is { Location: null }) broken = Replay(registry, history, trackLines: true);
        if (broken is not null) throw broken;
    }

    private static NonDeterminismException? Replay(DurableRegistry registry, HistoryFile history, bool trackLines)
    {
        var previous = SynchronizationContext.Current;
        var past = HistoryBuffer.Take();
        try
        {
            past.Chunks.Add(history.Events);
            past.Decode();
            var context = new ReplayContext(new ReplaySettings(registry, () => 0, NullLoggerFactory.Instance), history.Record, past, trackLines);
            context.ReplayPast();
            context.End();
            return context.Broken;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(previous);
            past.Return();
        }
    }
}

using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>The history of one orchestration as a text: recorded once, kept with the tests, replayed against the present code.</summary>
public static class HistoryFile
{
    private static readonly JsonSerializerOptions Readable = new(HistoryJson.Options) { WriteIndented = true };

    /// <summary>See <see cref="HistoryJson"/> for the form.</summary>
    /// <exception cref="KeyNotFoundException">The store has no such orchestration.</exception>
    public static string Export(IDurableStore store, string instanceId)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (store.Read(instanceId) is not { IsEntity: false } record)
            throw new KeyNotFoundException($"There is no orchestration with the id '{instanceId}'.");
        return JsonSerializer.Serialize(HistoryJson.Decode(store.ReadHistory(record.Execution)), Readable);
    }

    /// <exception cref="JsonException">The text is not what <see cref="Export"/> writes.</exception>
    public static IReadOnlyList<HistoryEvent> Import(string json)
    {
        var events = HistoryJson.Decode([Encoding.UTF8.GetBytes(json)]);
        return events.OfType<ExecutionStartedEvent>().Any() ? events : throw new JsonException("A history without its start.");
    }
}

/// <summary>Replays a recorded history against the present code, on the official executor.</summary>
public static class ReplayCheck
{
    /// <exception cref="NonDeterminismException">The code does not follow the history any more: instances that are under way would
    /// fail.</exception>
    public static void Run(
        IDurableTaskFactory factory,
        IServiceProvider services,
        IReadOnlyList<HistoryEvent> history,
        DurableTaskWorkerOptions? worker = null
    )
    {
        var start = history.OfType<ExecutionStartedEvent>().First();
        var record = new InstanceRecord
        {
            Id = start.OrchestrationInstance.InstanceId,
            Name = start.Name,
            Version = start.Version,
            Parent = OrchestrationStep.ParentOf(start),
        };
        var tasks = new TaskCatalog(factory, services, worker ?? new DurableTaskWorkerOptions(), NullLoggerFactory.Instance);
        if (new Replay(record, tasks.CodeOf(record, null), [.. history], tasks.ExceptionProperties).Check() is { } broken)
            throw broken;
    }
}

using DurableTask.Core.History;
using IRFunctions.Local.Engine.Steps;
using IRFunctions.Local.Engine.Stores;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>Replays a recorded history against the present code, on the official executor.</summary>
public static class ReplayCheck
{
    /// <exception cref="NonDeterminismException">The code does not follow the history any more: instances that are under way would fail.</exception>
    public static void Run(IDurableTaskFactory factory, IServiceProvider services, IReadOnlyList<HistoryEvent> history, DurableTaskWorkerOptions? worker = null)
    {
        var start = history.OfType<ExecutionStartedEvent>().First();
        var record = new InstanceRecord
        {
            Id = start.OrchestrationInstance.InstanceId, Name = start.Name, Version = start.Version, Parent = OrchestrationStep.ParentOf(start),
        };
        var tasks = new TaskCatalog(factory, services, worker ?? new DurableTaskWorkerOptions(), NullLoggerFactory.Instance);
        var broken = new Replay(record, tasks.CodeOf(record, services), [.. history], tasks.ExceptionProperties).Check();
        if (broken is not null) throw new NonDeterminismException(broken.InstanceId, broken.EventNumber, broken.Message);
    }
}

/// <summary>An orchestrator does not follow a history.</summary>
/// <param name="eventNumber">The event from which on it does not, counted from 1.</param>
public sealed class NonDeterminismException(string instanceId, int eventNumber, string message) : Exception(message)
{
    public string InstanceId => instanceId;

    public int EventNumber => eventNumber;
}

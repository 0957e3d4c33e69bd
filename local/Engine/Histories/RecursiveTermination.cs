using DurableTask.Core.History;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>A termination that ends the open sub-orchestrations, too; Durable Task's own event cannot say that.</summary>
internal sealed class RecursiveTermination(string input) : ExecutionTerminatedEvent(-1, input);

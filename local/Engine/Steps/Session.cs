namespace IRFunctions.Local.Engine.Steps;

/// <summary>What is kept of an instance between two steps: its record and, of an orchestration, the executor that stands where the history ends.</summary>
internal sealed class Session(InstanceRecord record)
{
    public InstanceRecord Record { get; set; } = record;

    public TaskOrchestrationExecutor? Executor { get; set; }

    public OrchestrationRuntimeState? State { get; set; }

    public AsyncServiceScope? Scope { get; set; }

    /// <summary>Ends the scope of the services that the orchestrator was made with.</summary>
    public void Close() => Scope?.Dispose();
}

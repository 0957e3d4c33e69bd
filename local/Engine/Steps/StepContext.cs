namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a step may use of its engine.</summary>
internal sealed class StepContext(TaskCatalog tasks, IDurableStore store, WorkBoard board, EngineLimits limits, Func<long> nextNumber, ILogger log)
{
    public TaskCatalog Tasks => tasks;

    public IDurableStore Store => store;

    public WorkBoard Board => board;

    public EngineLimits Limits => limits;

    public ILogger Log => log;

    public bool KeepsSessions { get; init; }

    public long NextNumber() => nextNumber();

    public List<HistoryEvent> ReadHistory(long execution) => HistoryJson.Decode(store.ReadHistory(execution));

    public Message Message(string target, HistoryEvent e, long execution = 0, long due = 0) =>
        new(nextNumber(), target, e, execution, due);

    /// <summary>Why an id that the code uses is refused; null where none is.</summary>
    public string? WrongTarget(IReadOnlyList<OrchestratorAction> actions)
    {
        try
        {
            foreach (var action in actions)
            {
                if (action is CreateSubOrchestrationAction { InstanceId: { } child }) limits.CheckInstanceId(child);
                else if (action is SendEventOrchestratorAction { Instance.InstanceId: ['@', ..] entity }) limits.CheckEntityId(entity);
            }
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}

/// <summary>There is no such orchestrator.</summary>
internal sealed class TaskMissingException(FailureDetails details) : Exception(details.ErrorMessage)
{
    public FailureDetails Details => details;
}

namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a step may use of its engine.</summary>
internal sealed class StepContext(TaskCatalog tasks, IDurableStore store, WorkBoard board, EngineOptions options, Func<long> nextNumber, ILogger log)
{
    public TaskCatalog Tasks => tasks;

    public IDurableStore Store => store;

    public WorkBoard Board => board;

    public EngineLimits Limits => options.Limits;

    public ILogger Log => log;

    public bool KeepsSessions => options.KeptSessions > 0;

    public long NextNumber() => nextNumber();

    public List<HistoryEvent> ReadHistory(long execution) => HistoryJson.Decode(store.ReadHistory(execution));

    /// <summary>Why a custom status or an id that the code uses is refused; null where none is.</summary>
    public string? Wrong(StepOutcome outcome)
    {
        var wrong = Limits.WrongStatus(outcome.CustomStatus);
        foreach (var action in outcome.Actions)
        {
            if (action is CreateSubOrchestrationAction { InstanceId: { } child }) wrong ??= Limits.WrongInstanceId(child);
            else if (action is SendEventOrchestratorAction { Instance.InstanceId: ['@', ..] entity }) wrong ??= Limits.WrongEntityId(entity);
        }
        return wrong;
    }
}

/// <summary>What came of a step, before it is stored.</summary>
internal sealed class StepResult(StepContext engine, string instanceId, long now)
{
    public StepCommit Commit { get; } = new() { InstanceId = instanceId };

    /// <summary>Messages that were not taken in yet.</summary>
    public IReadOnlyList<Message> Deferred { get; set; } = [];

    /// <summary>Timers that nobody waits for any more.</summary>
    public IReadOnlyList<Message> Cancelled { get; set; } = [];

    /// <summary>What is kept for the next step; null: nothing.</summary>
    public Session? Session { get; set; }

    public DateTime Time { get; } = new(now, DateTimeKind.Utc);

    /// <param name="execution">The run it is meant for; zero: whichever runs.</param>
    public void Send(string target, HistoryEvent e, long execution = 0, long due = 0)
    {
        e.Timestamp = due > now ? new DateTime(due, DateTimeKind.Utc) : Time;
        Commit.New.Add(new Message(engine.NextNumber(), target, e, execution, due));
    }
}

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

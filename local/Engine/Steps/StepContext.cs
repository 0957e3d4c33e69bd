namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a step may use of its engine.</summary>
internal sealed record StepContext(
    TaskCatalog Tasks,
    IDurableStore Store,
    WorkBoard Board,
    EngineOptions Options,
    Func<long> NextNumber,
    ILogger Log
)
{
    public bool KeepsSessions => Options.KeptSessions > 0;

    public List<HistoryEvent> ReadHistory(long execution) => HistoryJson.Decode(Store.ReadHistory(execution));

    /// <summary>Why an id that the code uses is refused; null where none is.</summary>
    public string? WrongId(StepOutcome outcome)
    {
        string? wrong = null;
        foreach (var action in outcome.Actions)
        {
            if (action is CreateSubOrchestrationAction { InstanceId: { } child })
                wrong ??= Options.Limits.WrongInstanceId(child);
            else if (action is SendEventOrchestratorAction { Instance.InstanceId: ['@', ..] entity })
                wrong ??= Options.Limits.WrongEntityId(entity);
        }
        return wrong;
    }
}

/// <summary>What came of a step, before it is stored.</summary>
internal sealed class StepResult(StepContext engine, string instanceId, long now)
{
    public DateTime Time { get; } = new(now, DateTimeKind.Utc);

    public StepCommit Commit { get; } = new() { InstanceId = instanceId };

    /// <summary>Messages that were not taken in yet.</summary>
    public IReadOnlyList<Message> Deferred { get; set; } = [];

    /// <summary>Timers that nobody waits for any more.</summary>
    public IReadOnlyList<Message> Cancelled { get; set; } = [];

    /// <summary>What is kept for the next step; null: nothing.</summary>
    public Session? Session { get; set; }

    /// <param name="execution">The run it is meant for; zero: whichever runs.</param>
    public void Send(string target, HistoryEvent e, long execution = 0, long due = 0)
    {
        e.Timestamp = due > now ? new DateTime(due, DateTimeKind.Utc) : Time;
        Commit.New.Add(new Message(engine.NextNumber(), target, e, execution, due));
    }
}

/// <summary>
/// What is kept of an instance between two steps: its record and, of an orchestration, the executor that stands where the history ends.
/// </summary>
/// <param name="Scope">Of the services that the orchestrator was made with.</param>
internal sealed record Session(AsyncServiceScope? Scope = null)
{
    public required InstanceRecord Record { get; set; }

    public TaskOrchestrationExecutor? Executor { get; set; }

    public OrchestrationRuntimeState? State { get; set; }

    public void Close() => Scope?.Dispose();
}

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// Runs an orchestrator on the official executor. The history so far is replayed alone first: whatever the code has then done that is not in the history
/// shows that it is not deterministic. (The executor itself notices only what contradicts an event.)
/// </summary>
/// <param name="create">Makes the orchestrator, with the official shim around it; once for each replay.</param>
internal sealed class Replay(InstanceRecord record, Func<TaskOrchestration> create, List<HistoryEvent> past, IExceptionPropertiesProvider? properties)
{
    private static readonly TaskOrchestrationEntityParameters EntityParameters = new() { EntityMessageReorderWindow = TimeSpan.Zero };

    public OrchestrationRuntimeState State { get; private set; } = new(past);

    public TaskOrchestrationExecutor? Executor { get; private set; }

    /// <summary>Replays the past without anything new; null where the code still does what the history says.</summary>
    public NonDeterminism? Check()
    {
        var actions = Execute().Actions.ToList();
        if (FailedReplay(actions) is { } failure) return NonDeterminism.Contradicted(record, past, actions, failure);
        // A finished run ends as it did then; of one that goes on nothing is left to do.
        if (past.OfType<ExecutionCompletedEvent>().FirstOrDefault() is { } end) actions.RemoveAll(a => a is OrchestrationCompleteOrchestratorAction c && c.OrchestrationStatus == end.OrchestrationStatus);
        return actions.Count == 0 ? null : NonDeterminism.Exceeded(record, past, actions);
    }

    /// <summary>Replays what is past and goes on with what is new.</summary>
    /// <param name="rewound">The past was cut: what it lacks is to be done again.</param>
    public StepOutcome Run(IReadOnlyList<HistoryEvent> fresh, bool rewound)
    {
        var checks = past.Count > 0 && !rewound;
        if (checks && Check() is { } broken) return new([], null, broken);
        // An executor forgets between two executions that it is to continue as new: all at once, then.
        var again = checks && ExecutorState.WillContinueAsNew(Executor!);
        if (again) State = new(past);
        foreach (var e in fresh) State.AddEvent(e);
        var result = checks && !again ? Executor!.ExecuteNewEvents() : Execute();
        var actions = result.Actions.ToList();
        var failure = FailedReplay(actions);
        return new(actions, result.CustomStatus, failure is null ? null : NonDeterminism.Contradicted(record, [.. past, .. fresh], actions, failure));
    }

    /// <summary>Goes on where a kept executor stands.</summary>
    public static StepOutcome Continue(Session session, IReadOnlyList<HistoryEvent> fresh)
    {
        // Only new events are looked at; the old ones need not be kept.
        session.State!.Events.Clear();
        session.State.NewEvents.Clear();
        foreach (var e in fresh) session.State.AddEvent(e);
        var result = session.Executor!.ExecuteNewEvents();
        return new(result.Actions.ToList(), result.CustomStatus, null);
    }

    private OrchestratorExecutionResult Execute()
    {
        // Takes the instance from the state when it is made: the start must be among its events by then.
        Executor = new(State, create(), BehaviorOnContinueAsNew.Carryover, EntityParameters, ErrorPropagationMode.UseFailureDetails, properties);
        return Executor.Execute();
    }

    private static FailureDetails? FailedReplay(List<OrchestratorAction> actions) =>
        actions is [.., OrchestrationCompleteOrchestratorAction { FailureDetails: { } f }] && f.ErrorType == typeof(NonDeterministicOrchestrationException).FullName ? f : null;
}

/// <summary>What the code did in a step; nothing where it is <paramref name="Broken"/>.</summary>
internal sealed record StepOutcome(IReadOnlyList<OrchestratorAction> Actions, string? CustomStatus, NonDeterminism? Broken)
{
    /// <summary>Why the code could not be run at all.</summary>
    public FailureDetails? Failure { get; init; }
}

using System.Collections;
using System.Linq.Expressions;
using System.Reflection;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// What the code did in a step; nothing where it is <paramref name="Broken"/> or could not be run at all (<paramref name="Failure"/>).
/// </summary>
internal sealed record StepOutcome(
    IReadOnlyList<OrchestratorAction> Actions,
    string? CustomStatus = null,
    NonDeterminismException? Broken = null,
    FailureDetails? Failure = null
);

/// <summary>
/// Runs an orchestrator on the official executor. The history so far is replayed alone first: whatever the code has then done that is not
/// in the history shows that it is not deterministic. (The executor itself notices only what contradicts an event.)
/// </summary>
/// <param name="create">Makes the orchestrator, with the official shim around it; once for each replay.</param>
internal sealed class Replay(
    InstanceRecord record,
    Func<TaskOrchestration> create,
    List<HistoryEvent> past,
    IExceptionPropertiesProvider? properties
)
{
    private static readonly TaskOrchestrationEntityParameters EntityParameters = new() { EntityMessageReorderWindow = TimeSpan.Zero };

    public OrchestrationRuntimeState State { get; private set; } = new(past);

    public TaskOrchestrationExecutor? Executor { get; private set; }

    /// <summary>Replays the past without anything new; null where the code still does what the history says.</summary>
    public NonDeterminismException? Check()
    {
        var actions = Execute().Actions.ToList();
        if (FailedReplay(actions) is { } failure)
            return NonDeterminismException.Contradicted(record, past, actions, failure);
        // A finished run ends as it did then; of one that goes on nothing is left to do.
        if (past.OfType<ExecutionCompletedEvent>().FirstOrDefault() is { } end)
            actions.RemoveAll(a => a is OrchestrationCompleteOrchestratorAction c && c.OrchestrationStatus == end.OrchestrationStatus);
        return actions.Count == 0 ? null : NonDeterminismException.Exceeded(record, past, actions);
    }

    /// <summary>Replays what is past and goes on with what is new.</summary>
    /// <param name="rewound">The past was cut: what it lacks is to be done again.</param>
    public StepOutcome Run(IReadOnlyList<HistoryEvent> fresh, bool rewound)
    {
        var checks = past.Count > 0 && !rewound;
        if (checks && Check() is { } broken)
            return new([], null, broken);
        // An executor forgets between two executions that it is to continue as new: all at once, then.
        var again = checks && ExecutorState.WillContinueAsNew(Executor!);
        if (again)
            State = new(past);
        foreach (var e in fresh)
            State.AddEvent(e);
        var result = checks && !again ? Executor!.ExecuteNewEvents() : Execute();
        var actions = result.Actions.ToList();
        return new(
            actions,
            result.CustomStatus,
            FailedReplay(actions) is { } f ? NonDeterminismException.Contradicted(record, [.. past, .. fresh], actions, f) : null
        );
    }

    /// <summary>Goes on where a kept executor stands.</summary>
    public static StepOutcome Continue(Session session, IReadOnlyList<HistoryEvent> fresh)
    {
        // Only new events are looked at; the old ones need not be kept.
        session.State!.Events.Clear();
        session.State.NewEvents.Clear();
        foreach (var e in fresh)
            session.State.AddEvent(e);
        var result = session.Executor!.ExecuteNewEvents();
        return new(result.Actions.ToList(), result.CustomStatus);
    }

    private OrchestratorExecutionResult Execute()
    {
        // Takes the instance from the state when it is made: the start must be among its events by then.
        Executor = new(
            State,
            create(),
            BehaviorOnContinueAsNew.Carryover,
            EntityParameters,
            ErrorPropagationMode.UseFailureDetails,
            properties
        );
        return Executor.Execute();
    }

    private static FailureDetails? FailedReplay(List<OrchestratorAction> actions) =>
        actions is [.., OrchestrationCompleteOrchestratorAction { FailureDetails: { } f }]
        && f.ErrorType == typeof(NonDeterministicOrchestrationException).FullName
            ? f
            : null;
}

/// <summary>
/// Two things that the official executor knows and does not tell (of the pinned version; the tests notice where another one differs): which
/// of its tasks are open, so that a timer that lost its race can be removed at once, and whether ContinueAsNew was called before the code
/// ended, which an executor that is kept would forget.
/// </summary>
internal static class ExecutorState
{
    private static readonly FieldInfo Context = typeof(TaskOrchestrationExecutor).GetField(
        "context",
        BindingFlags.Instance | BindingFlags.NonPublic
    )!;
    private static readonly Func<TaskOrchestrationExecutor, IDictionary> OpenTasks = Compile<IDictionary>(c =>
        Expression.Field(c, "openTasks")
    );
    private static readonly Func<TaskOrchestrationExecutor, bool> Continues = Compile<bool>(c =>
        Expression.Property(c, "HasContinueAsNew")
    );

    /// <summary>By the number of the call: activities, timers and sub-orchestrations that have not answered.</summary>
    public static IDictionary OpenTasksOf(TaskOrchestrationExecutor executor) => OpenTasks(executor);

    public static bool WillContinueAsNew(TaskOrchestrationExecutor executor) => Continues(executor);

    private static Func<TaskOrchestrationExecutor, T> Compile<T>(Func<Expression, Expression> member)
    {
        var executor = Expression.Parameter(typeof(TaskOrchestrationExecutor));
        return Expression
            .Lambda<Func<TaskOrchestrationExecutor, T>>(
                Expression.Convert(member(Expression.Field(executor, Context)), typeof(T)),
                executor
            )
            .Compile();
    }
}

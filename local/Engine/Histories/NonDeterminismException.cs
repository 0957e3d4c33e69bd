namespace IRFunctions.Local.Engine.Histories;

/// <summary>The code does not follow the history: of which instance, from which event on, and what it did instead.</summary>
/// <param name="eventNumber">Counts the events of the history from 1; one more than there are where the code did more than they
/// say.</param>
public sealed class NonDeterminismException(string instanceId, int eventNumber, string message) : Exception(message)
{
    public string InstanceId => instanceId;

    public int EventNumber => eventNumber;

    internal FailureDetails ToFailure() =>
        new(typeof(NonDeterministicOrchestrationException).FullName!, Message, null, null, isNonRetriable: true);

    /// <summary>An event of the history is not what the code did.</summary>
    internal static NonDeterminismException Contradicted(
        InstanceRecord r,
        IReadOnlyList<HistoryEvent> events,
        List<OrchestratorAction> actions,
        FailureDetails official
    )
    {
        // The executor marks what it has taken in; it stops at the event that it cannot.
        var at = 0;
        while (at < events.Count - 1 && (events[at].IsPlayed || events[at] is OrchestratorStartedEvent))
            at++;
        var instead = actions.FirstOrDefault(a => a.Id == events[at].EventId && a is not OrchestrationCompleteOrchestratorAction);
        var did = instead is null ? "had done nothing of the kind by then" : $"did {Describe(instead)}";
        return new(
            r.Id,
            at + 1,
            $"{Who(r)} is not deterministic: event {at + 1} of its history is {Describe(events[at])}, but the code {did}. "
                + $"{official.ErrorMessage}"
        );
    }

    /// <summary>The code did more than its history says.</summary>
    internal static NonDeterminismException Exceeded(InstanceRecord r, IReadOnlyList<HistoryEvent> events, List<OrchestratorAction> actions)
    {
        var did = actions[0] is OrchestrationCompleteOrchestratorAction c
            ? $"finished ({c.OrchestrationStatus})"
            : $"did {Describe(actions[0])}";
        return new(
            r.Id,
            events.Count + 1,
            $"{Who(r)} is not deterministic: its history of {events.Count} events says no more, but the code {did}. "
                + "Was a change made to the orchestrator code after this instance had already started running?"
        );
    }

    private static string Who(InstanceRecord r) => $"Orchestration '{r.Id}' ({r.Name})";

    private static string Describe(HistoryEvent e) =>
        e switch
        {
            TaskScheduledEvent x => $"TaskScheduled #{x.EventId} '{x.Name}'",
            SubOrchestrationInstanceCreatedEvent x => $"SubOrchestrationInstanceCreated #{x.EventId} '{x.Name}' -> '{x.InstanceId}'",
            EventSentEvent x => $"EventSent #{x.EventId} '{x.Name}' -> '{x.InstanceId}'",
            _ => $"{e.EventType} #{e.EventId}",
        };

    private static string Describe(OrchestratorAction a) =>
        a switch
        {
            ScheduleTaskOrchestratorAction x => $"TaskScheduled #{x.Id} '{x.Name}'",
            CreateSubOrchestrationAction x => $"SubOrchestrationInstanceCreated #{x.Id} '{x.Name}' -> '{x.InstanceId}'",
            CreateTimerOrchestratorAction x => $"TimerCreated #{x.Id}",
            SendEventOrchestratorAction x => $"EventSent #{x.Id} '{x.EventName}' -> '{x.Instance?.InstanceId}'",
            _ => $"{a.OrchestratorActionType} #{a.Id}",
        };
}

namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a history has begun and not ended.</summary>
internal static class OpenWork
{
    /// <summary>Sub-orchestrations that have not answered.</summary>
    public static IEnumerable<string> Children(IReadOnlyList<HistoryEvent> history)
    {
        var answered = history.Select(e => e is SubOrchestrationInstanceCompletedEvent done ? done.TaskScheduledId : Failed(e)).ToHashSet();
        return history
            .OfType<SubOrchestrationInstanceCreatedEvent>()
            .Where(c => !answered.Contains(c.EventId))
            .Select(c => c.InstanceId)
            .Distinct();
    }

    /// <summary>Entities that are locked or were asked for their lock.</summary>
    public static List<string> Locks(IReadOnlyList<HistoryEvent> history)
    {
        var locks = new List<string>();
        foreach (var sent in history.OfType<EventSentEvent>().Where(e => e.InstanceId is ['@', ..] && e.Input is not null))
        {
            if (sent.Name == EntityMessage.ReleaseName)
                locks.Remove(sent.InstanceId);
            else
                locks.AddRange(new EntityMessage(new EventRaisedEvent(-1, sent.Input) { Name = sent.Name }).LockSet);
        }
        return locks;
    }

    /// <summary>
    /// A failed history without its failures, as Durable Task's dispatcher rewinds it: failed activities are called again, failed
    /// sub-orchestrations are rewound and their calls kept. Timers that had not fired are to be set again.
    /// </summary>
    public static List<HistoryEvent> Rewound(
        List<HistoryEvent> history,
        InstanceRecord run,
        out List<string> children,
        out List<TimerCreatedEvent> timers
    )
    {
        var failed = history.Select(Failed).ToHashSet();
        var fired = history.OfType<TimerFiredEvent>().Select(t => t.TimerId).ToHashSet();
        children =
        [
            .. history.OfType<SubOrchestrationInstanceCreatedEvent>().Where(c => failed.Contains(c.EventId)).Select(c => c.InstanceId),
        ];
        timers = [.. history.OfType<TimerCreatedEvent>().Where(t => !fired.Contains(t.EventId))];
        var start = history.OfType<ExecutionStartedEvent>().First();
        start.OrchestrationInstance.ExecutionId = OrchestrationStep.ExecutionId(run.Execution);
        if (run.Parent is { } parent)
            start.ParentInstance.OrchestrationInstance.ExecutionId = OrchestrationStep.ExecutionId(parent.Execution);
        return
        [
            .. history.Where(e =>
                Failed(e) < 0 && e is not ExecutionCompletedEvent && !(e is TaskScheduledEvent && failed.Contains(e.EventId))
            ),
        ];
    }

    private static int Failed(HistoryEvent e) =>
        e switch
        {
            SubOrchestrationInstanceFailedEvent x => x.TaskScheduledId,
            TaskFailedEvent x => x.TaskScheduledId,
            _ => -1,
        };
}

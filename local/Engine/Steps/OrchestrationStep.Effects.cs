using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a step leads to: events of the history, messages, a new record.</summary>
internal sealed partial class OrchestrationStep
{
    private List<HistoryEvent>? cutPast;
    private IDictionary? openTasks;
    private bool answersSoon;

    public static string ExecutionId(long execution) => execution.ToString("x32", CultureInfo.InvariantCulture);

    public static ParentLink? ParentOf(ExecutionStartedEvent start) =>
        start.ParentInstance is not { } p
            ? null
            : new ParentLink(
                p.OrchestrationInstance.InstanceId,
                ExecutionOf(p.OrchestrationInstance.ExecutionId),
                p.Name,
                p.TaskScheduleId
            );

    public static ExecutionStartedEvent Start(
        string id,
        long execution,
        string name,
        string? version,
        string? input,
        IDictionary<string, string>? tags,
        ParentLink? parent
    ) =>
        new(-1, input)
        {
            Name = name,
            Version = version ?? "",
            Tags = tags,
            OrchestrationInstance = Instance(id, execution),
            ParentInstance = parent is not { } p
                ? null
                : new ParentInstance
                {
                    Name = p.Name,
                    Version = "",
                    TaskScheduleId = p.TaskId,
                    OrchestrationInstance = Instance(p.InstanceId, p.Execution),
                },
        };

    private static long ExecutionOf(string? id) =>
        long.TryParse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var execution) ? execution : 0;

    private static OrchestrationInstance Instance(string id, long execution) =>
        new() { InstanceId = id, ExecutionId = ExecutionId(execution) };

    private static bool IsFireAndForget(IDictionary<string, string>? tags) => tags?.ContainsKey(OrchestrationTags.FireAndForget) == true;

    // A child inherits its parent's tags, except that nobody waits for the parent.
    private static Dictionary<string, string>? Merge(IDictionary<string, string>? own, IDictionary<string, string>? inherited)
    {
        if (own is null or { Count: 0 } && inherited is null or { Count: 0 })
            return null;
        var tags = (inherited ?? new Dictionary<string, string>()).Where(t => t.Key != OrchestrationTags.FireAndForget).ToDictionary();
        foreach (var (key, value) in own ?? new Dictionary<string, string>())
            tags[key] = value;
        return tags;
    }

    private void Note(HistoryEvent e)
    {
        e.Timestamp = result.Time;
        fresh.Add(e);
    }

    private static OrchestrationCompleteOrchestratorAction Failed(FailureDetails failure) =>
        new()
        {
            Id = -1,
            OrchestrationStatus = OrchestrationStatus.Failed,
            Result = failure.ErrorMessage,
            FailureDetails = failure,
        };

    /// <summary>
    /// As the Functions host leaves an orchestration that it fails itself: the problem is in its output, and there are no failure details.
    /// </summary>
    private static OrchestrationCompleteOrchestratorAction RefusedByHost(string name, string problem) =>
        new()
        {
            Id = -1,
            OrchestrationStatus = OrchestrationStatus.Failed,
            Result = JsonSerializer.Serialize(
                new { message = $"Function '{name}' failed with an unhandled exception.", details = $"System.ArgumentException: {problem}" }
            ),
        };

    /// <param name="end">Ends the run whatever the code did.</param>
    private void Finish(StepOutcome outcome, OrchestrationCompleteOrchestratorAction? end)
    {
        // Where there is one, it is the last.
        var complete = end ?? (outcome.Actions is [.., OrchestrationCompleteOrchestratorAction last] ? last : null);
        openTasks = session?.Executor is { } executor ? ExecutorState.OpenTasksOf(executor) : null;
        foreach (var action in outcome.Actions)
            Do(action);
        var status = outcome.CustomStatus ?? (record.Continued ? record.CustomStatus : null);
        record = record with
        {
            CustomStatus = status,
            Started = true,
            Steps = record.Steps + 1,
            UpdatedAt = now,
            Status = StatusAfter(complete),
            Failure = complete?.FailureDetails,
        };
        if (complete is null)
            Wait();
        else if (complete.OrchestrationStatus == OrchestrationStatus.ContinuedAsNew)
            ContinueAsNew(complete);
        else
            End(complete);
    }

    private OrchestrationStatus StatusAfter(OrchestrationCompleteOrchestratorAction? complete) =>
        complete is { OrchestrationStatus: not OrchestrationStatus.ContinuedAsNew } ? complete.OrchestrationStatus
        : complete is null && session?.State?.OrchestrationStatus == OrchestrationStatus.Suspended ? OrchestrationStatus.Suspended
        : OrchestrationStatus.Running;

    private void Do(OrchestratorAction action)
    {
        switch (action)
        {
            case ScheduleTaskOrchestratorAction a:
                var task = new TaskScheduledEvent(a.Id, a.Name!, a.Version, a.Input) { Tags = a.Tags };
                Note(task);
                result.Send(slot.Id, task, record.Execution);
                answersSoon = true;
                break;
            case CreateTimerOrchestratorAction a:
                Note(new TimerCreatedEvent(a.Id, a.FireAt));
                // One that was cancelled at once need not be waited for.
                if (openTasks?.Contains(a.Id) != false)
                    StartTimer(a.Id, a.FireAt);
                break;
            case CreateSubOrchestrationAction a:
                var tags = Merge(a.Tags, record.Tags);
                Note(
                    new SubOrchestrationInstanceCreatedEvent(a.Id)
                    {
                        InstanceId = a.InstanceId,
                        Name = a.Name,
                        Version = a.Version,
                        Input = a.Input,
                        Tags = tags,
                    }
                );
                var execution = engine.NextNumber();
                var parent = new ParentLink(slot.Id, record.Execution, record.Name, a.Id);
                result.Send(a.InstanceId!, Start(a.InstanceId!, execution, a.Name!, a.Version, a.Input, tags, parent), execution);
                answersSoon = true;
                break;
            case SendEventOrchestratorAction a:
                var target = a.Instance!.InstanceId;
                Note(
                    new EventSentEvent(a.Id)
                    {
                        InstanceId = target,
                        Name = a.EventName,
                        Input = a.EventData,
                    }
                );
                var raised = new EventRaisedEvent(-1, a.EventData) { Name = a.EventName };
                result.Send(target, raised, due: target[0] == '@' ? EntityMessage.DueOf(raised) : 0);
                answersSoon |= target[0] == '@';
                break;
        }
    }

    private void StartTimer(int id, DateTime fireAt) =>
        result.Send(slot.Id, new TimerFiredEvent(-1, fireAt) { TimerId = id }, record.Execution, fireAt.Ticks);

    private void Wait()
    {
        Note(new OrchestratorCompletedEvent(-1));
        Store(record);
        var timers = engine.Board.TimersOf(slot).Where(m => m.Event is TimerFiredEvent && m.Execution == record.Execution).ToArray();
        if (openTasks is { } open && timers.Length > 0)
            Cancel(timers.Where(m => !open.Contains(((TimerFiredEvent)m.Event).TimerId)));
        // What only waits for a person or for its time is replayed when that comes.
        answersSoon =
            answersSoon
            || openTasks?.Count > timers.Length - result.Cancelled.Count + result.Commit.New.Count(m => m.Event is TimerFiredEvent);
        if (!engine.KeepsSessions || !answersSoon || session?.Executor is not { } executor || ExecutorState.WillContinueAsNew(executor))
        {
            Drop();
            return;
        }
        session.Record = record;
        result.Session = session;
    }

    private void End(OrchestrationCompleteOrchestratorAction a)
    {
        Note(new ExecutionCompletedEvent(a.Id, a.Result, a.OrchestrationStatus, a.FailureDetails));
        Note(new OrchestratorCompletedEvent(-1));
        if (a.OrchestrationStatus != OrchestrationStatus.Completed)
            Abandon();
        Store(record with { Output = a.FailureDetails is not null ? null : a.Result });
        Cancel(engine.Board.TimersOf(slot).Where(m => m.Execution == record.Execution));
        if (record.Parent is { } parent && !IsFireAndForget(record.Tags))
            Answer(parent, a);
        Drop();
    }

    /// <summary>What code that did not run to its end leaves behind: locks, and children that are to end with it.</summary>
    private void Abandon()
    {
        List<HistoryEvent> history = starts ? fresh : [.. cutPast ?? engine.ReadHistory(record.Execution), .. fresh];
        foreach (var entity in OpenWork.Locks(history))
            result.Send(entity, EntityMessage.Release(entity, slot.Id));
        if (terminated is not RecursiveTermination)
            return;
        foreach (var child in OpenWork.Children(history))
            result.Send(child, new RecursiveTermination(terminated.Input));
    }

    private void Answer(ParentLink parent, OrchestrationCompleteOrchestratorAction a)
    {
        var failure =
            a.OrchestrationStatus != OrchestrationStatus.Terminated
                ? a.FailureDetails
                : new FailureDetails(
                    "Terminated",
                    $"The orchestration '{slot.Id}' was terminated{(a.Result is null ? "." : $": {a.Result}")}",
                    null,
                    null,
                    false
                );
        result.Send(
            parent.InstanceId,
            a.OrchestrationStatus == OrchestrationStatus.Completed
                ? new SubOrchestrationInstanceCompletedEvent(-1, parent.TaskId, a.Result)
                : new SubOrchestrationInstanceFailedEvent(-1, parent.TaskId, a.Result, null, failure),
            parent.Execution
        );
    }

    /// <summary>Ends a run whose code has not begun and never will.</summary>
    private void TerminateUnstarted(ExecutionTerminatedEvent e)
    {
        if (!starts && engine.Board.PendingStart(slot.Id) is { } start)
            fresh.Insert(1, start);
        starts = true;
        Finish(
            new([new OrchestrationCompleteOrchestratorAction { OrchestrationStatus = OrchestrationStatus.Terminated, Result = e.Input }]),
            null
        );
    }

    private void ContinueAsNew(OrchestrationCompleteOrchestratorAction a)
    {
        var (old, execution, version) = (record.Execution, engine.NextNumber(), a.NewVersion ?? record.Version);
        result.Send(slot.Id, Start(slot.Id, execution, record.Name, version, a.Result, record.Tags, record.Parent), execution);
        foreach (var carried in a.CarryoverEvents)
            result.Send(slot.Id, carried);
        fresh.Clear();
        Store(record with { Execution = execution, Version = version, Started = false, Continued = true, Steps = 0, CreatedAt = now });
        result.Commit.ClearHistoryOf = old;
        Cancel(engine.Board.TimersOf(slot).Where(m => m.Execution == old));
        Drop();
    }

    /// <summary>Cuts from the history what failed, so that it is done again.</summary>
    private StepOutcome Rewind(ExecutionRewoundEvent e)
    {
        result.Commit.ClearHistoryOf = record.Execution;
        var past = engine.ReadHistory(record.Execution);
        record = record with { Execution = engine.NextNumber(), Output = null };
        if (record.Parent is { } parent && e.ParentExecutionId is { Length: > 0 } by)
            record = record with { Parent = parent with { Execution = ExecutionOf(by) } };
        cutPast = OpenWork.Rewound(past, record, out var children, out var timers);
        foreach (var child in children)
            result.Send(child, new ExecutionRewoundEvent(-1, e.Reason) { ParentExecutionId = ExecutionId(record.Execution) });
        foreach (var timer in timers)
            StartTimer(timer.EventId, timer.FireAt);
        return Execute(cutPast);
    }

    private void Store(InstanceRecord changed)
    {
        if (stored is { IsTerminal: true } && starts)
            result.Commit.ClearHistoryOf = stored.Execution;
        result.Commit.Record = changed;
        if (fresh.Count > 0)
            result.Commit.History = cutPast is null ? fresh : [.. cutPast, .. fresh];
    }

    private void Cancel(IEnumerable<Message> timers)
    {
        result.Cancelled = [.. timers];
        result.Commit.Consumed.AddRange(result.Cancelled.Select(m => m.Number));
    }

    private void Drop()
    {
        session?.Close();
        result.Session = null;
    }
}

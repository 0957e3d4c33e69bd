using System.Collections;
using System.Globalization;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>What a step leads to: events of the history, messages, a new record.</summary>
internal sealed partial class OrchestrationStep
{
    private List<HistoryEvent>? cutPast;
    private IDictionary? openTasks;
    private bool answersSoon;

    public static string ExecutionId(long execution) => execution.ToString("x32", CultureInfo.InvariantCulture);

    private static long ExecutionOf(string? id) =>
        long.TryParse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var execution) ? execution : 0;

    private static bool IsFireAndForget(IDictionary<string, string>? tags) => tags?.ContainsKey(OrchestrationTags.FireAndForget) == true;

    public static ParentLink? ParentOf(ExecutionStartedEvent start) => start.ParentInstance is not { } p ? null
        : new ParentLink(p.OrchestrationInstance.InstanceId, ExecutionOf(p.OrchestrationInstance.ExecutionId), p.Name, p.TaskScheduleId);

    private Message Send(string target, HistoryEvent e, long execution = 0, long due = 0)
    {
        e.Timestamp = time;
        var message = engine.Message(target, e, execution, due);
        result.Commit.New.Add(message);
        return message;
    }

    private void Note(HistoryEvent e)
    {
        e.Timestamp = time;
        fresh.Add(e);
    }

    /// <param name="failure">Ends the run whatever the code did.</param>
    private void Finish(StepOutcome outcome, FailureDetails? failure)
    {
        // Where there is one, it is the last.
        var complete = outcome.Actions is [.., OrchestrationCompleteOrchestratorAction last] ? last : null;
        if (failure is not null) complete = new() { Id = -1, OrchestrationStatus = OrchestrationStatus.Failed, Result = failure.ErrorMessage, FailureDetails = failure };
        openTasks = session?.Executor is { } executor ? ExecutorState.OpenTasksOf(executor) : null;
        foreach (var action in outcome.Actions) Do(action);
        if (complete is { OrchestrationStatus: OrchestrationStatus.ContinuedAsNew }) ContinueAsNew(complete, outcome.CustomStatus);
        else if (complete is not null) End(complete, outcome.CustomStatus);
        else Wait(outcome.CustomStatus);
    }

    private void Do(OrchestratorAction action)
    {
        switch (action)
        {
            case ScheduleTaskOrchestratorAction a:
                var task = new TaskScheduledEvent(a.Id, a.Name!, a.Version, a.Input) { Tags = a.Tags };
                Note(task);
                Send(slot.Id, task, record.Execution);
                answersSoon = true;
                break;
            case CreateTimerOrchestratorAction a:
                Note(new TimerCreatedEvent(a.Id, a.FireAt));
                // One that was cancelled at once need not be waited for.
                if (openTasks?.Contains(a.Id) != false) StartTimer(a.Id, a.FireAt);
                break;
            case CreateSubOrchestrationAction a:
                StartChild(a);
                answersSoon = true;
                break;
            case SendEventOrchestratorAction a:
                var target = a.Instance!.InstanceId;
                Note(new EventSentEvent(a.Id) { InstanceId = target, Name = a.EventName, Input = a.EventData });
                var raised = new EventRaisedEvent(-1, a.EventData) { Name = a.EventName };
                Send(target, raised, due: target[0] == '@' ? EntityMessage.DueOf(raised) : 0);
                answersSoon |= target[0] == '@';
                break;
        }
    }

    private void StartTimer(int id, DateTime fireAt) =>
        Send(slot.Id, new TimerFiredEvent(-1, fireAt) { TimerId = id }, record.Execution, fireAt.Ticks).Event.Timestamp = fireAt;

    private void StartChild(CreateSubOrchestrationAction a)
    {
        var tags = Merge(a.Tags, record.Tags);
        Note(new SubOrchestrationInstanceCreatedEvent(a.Id) { InstanceId = a.InstanceId, Name = a.Name, Version = a.Version, Input = a.Input, Tags = tags });
        var execution = engine.NextNumber();
        Send(a.InstanceId!, Start(a.InstanceId!, execution, a.Name!, a.Version, a.Input, tags, new ParentLink(slot.Id, record.Execution, record.Name, a.Id)), execution);
    }

    public static ExecutionStartedEvent Start(
        string id, long execution, string name, string? version, string? input, IDictionary<string, string>? tags, ParentLink? parent) => new(-1, input)
    {
        Name = name, Version = version ?? "", Tags = tags, OrchestrationInstance = Instance(id, execution),
        ParentInstance = parent is not { } p ? null
            : new ParentInstance { Name = p.Name, Version = "", TaskScheduleId = p.TaskId, OrchestrationInstance = Instance(p.InstanceId, p.Execution) },
    };

    private static OrchestrationInstance Instance(string id, long execution) => new() { InstanceId = id, ExecutionId = ExecutionId(execution) };

    // A child inherits its parent's tags, except that nobody waits for the parent.
    private static Dictionary<string, string>? Merge(IDictionary<string, string>? own, IDictionary<string, string>? inherited)
    {
        if (own is null or { Count: 0 } && inherited is null or { Count: 0 }) return null;
        var tags = (inherited ?? new Dictionary<string, string>()).Where(t => t.Key != OrchestrationTags.FireAndForget).ToDictionary();
        foreach (var (key, value) in own ?? new Dictionary<string, string>()) tags[key] = value;
        return tags;
    }

    private void Wait(string? customStatus)
    {
        Note(new OrchestratorCompletedEvent(-1));
        var suspended = session?.State?.OrchestrationStatus == OrchestrationStatus.Suspended;
        Store(record with
        {
            Status = suspended ? OrchestrationStatus.Suspended : OrchestrationStatus.Running, CustomStatus = StatusOf(customStatus), Started = true,
            Steps = record.Steps + 1, UpdatedAt = now,
        });
        if (openTasks is { } open) Cancel(engine.Board.TimersOf(slot).Where(m => m.Event is TimerFiredEvent t && m.Execution == record.Execution && !open.Contains(t.TimerId)));
        // What only waits for a person or for its time is replayed when that comes.
        var kept = engine.KeepsSessions && session?.Executor is { } executor && (answersSoon || openTasks is { Count: > 0 } && HasOtherThanTimers()) && !ExecutorState.WillContinueAsNew(executor);
        if (!kept)
        {
            Drop();
            return;
        }
        session!.Record = result.Commit.Record!;
        result.Session = session;
    }

    private bool HasOtherThanTimers()
    {
        var timers = engine.Board.TimersOf(slot).Count(m => m.Execution == record.Execution) + result.Commit.New.Count(m => m.Event is TimerFiredEvent) - result.Cancelled.Count;
        return openTasks!.Count > timers;
    }

    private string? StatusOf(string? customStatus) => customStatus ?? (record.Continued ? record.CustomStatus : null);

    private void End(OrchestrationCompleteOrchestratorAction a, string? customStatus)
    {
        Note(new ExecutionCompletedEvent(a.Id, a.Result, a.OrchestrationStatus, a.FailureDetails));
        Note(new OrchestratorCompletedEvent(-1));
        if (a.OrchestrationStatus != OrchestrationStatus.Completed)
        {
            ReleaseLocks();
            if (terminated is RecursiveTermination recursive)
                foreach (var child in OpenWork.Children(WholeHistory())) Send(child, new RecursiveTermination(recursive.Input));
        }
        Store(record with
        {
            Status = a.OrchestrationStatus, Failure = a.FailureDetails, CustomStatus = StatusOf(customStatus),
            Output = a.OrchestrationStatus == OrchestrationStatus.Failed ? null : a.Result, Started = true, Steps = record.Steps + 1, UpdatedAt = now,
        });
        Cancel(engine.Board.TimersOf(slot).Where(m => m.Execution == record.Execution));
        if (record.Parent is { } parent && !IsFireAndForget(record.Tags)) Answer(parent, a);
        Drop();
    }

    private void Answer(ParentLink parent, OrchestrationCompleteOrchestratorAction a)
    {
        var failure = a.FailureDetails;
        if (a.OrchestrationStatus == OrchestrationStatus.Terminated)
            failure = new FailureDetails("Terminated", $"The orchestration '{slot.Id}' was terminated{(a.Result is null ? "." : $": {a.Result}")}", null, null, false);
        Send(parent.InstanceId, a.OrchestrationStatus == OrchestrationStatus.Completed
            ? new SubOrchestrationInstanceCompletedEvent(-1, parent.TaskId, a.Result)
            : new SubOrchestrationInstanceFailedEvent(-1, parent.TaskId, a.Result, null, failure), parent.Execution);
    }

    /// <summary>Ends a run whose code has not begun and never will.</summary>
    private void TerminateUnstarted(ExecutionTerminatedEvent e)
    {
        if (!starts && engine.Board.PendingStart(slot.Id) is { } start) fresh.Insert(1, start);
        starts = true;
        End(new() { Id = 0, OrchestrationStatus = OrchestrationStatus.Terminated, Result = e.Input }, null);
    }

    private void ContinueAsNew(OrchestrationCompleteOrchestratorAction a, string? customStatus)
    {
        var old = record;
        var execution = engine.NextNumber();
        var version = a.NewVersion ?? record.Version;
        Send(slot.Id, Start(slot.Id, execution, record.Name, version, a.Result, record.Tags, record.Parent), execution);
        foreach (var carried in a.CarryoverEvents) result.Commit.New.Add(engine.Message(slot.Id, carried));
        fresh.Clear();
        Store(record with
        {
            Status = OrchestrationStatus.Running, Execution = execution, Version = version, Started = false, Continued = true, Steps = 0, CreatedAt = now, UpdatedAt = now,
            CustomStatus = StatusOf(customStatus),
        });
        result.Commit.ClearHistoryOf = old.Execution;
        Cancel(engine.Board.TimersOf(slot).Where(m => m.Execution == old.Execution));
        Drop();
    }

    /// <summary>Cuts from the history what failed, so that it is done again.</summary>
    private StepOutcome Rewind(ExecutionRewoundEvent e)
    {
        var old = record.Execution;
        record = record with
        {
            Execution = engine.NextNumber(), Output = null, Failure = null,
            Parent = record.Parent is { } p && e.ParentExecutionId is { Length: > 0 } by ? p with { Execution = ExecutionOf(by) } : record.Parent,
        };
        cutPast = OpenWork.Rewound(engine.ReadHistory(old), record, out var children, out var timers);
        foreach (var child in children) Send(child, new ExecutionRewoundEvent(-1, e.Reason) { ParentExecutionId = ExecutionId(record.Execution) });
        foreach (var timer in timers) StartTimer(timer.EventId, timer.FireAt);
        result.Commit.ClearHistoryOf = old;
        return Execute(cutPast);
    }

    private void Store(InstanceRecord changed)
    {
        if (stored is { IsTerminal: true } && starts) result.Commit.ClearHistoryOf = stored.Execution;
        result.Commit.Record = changed;
        if (fresh.Count > 0) result.Commit.History = HistoryJson.Encode(cutPast is null ? fresh : [.. cutPast, .. fresh]);
    }

    private void Cancel(IEnumerable<Message> timers)
    {
        result.Cancelled = [.. timers];
        foreach (var timer in result.Cancelled) result.Commit.Consumed.Add(timer.Number);
    }

    private void Drop()
    {
        session?.Close();
        result.Session = null;
    }

    private List<HistoryEvent> WholeHistory() => starts ? fresh : cutPast is null ? [.. engine.ReadHistory(record.Execution), .. fresh] : [.. cutPast, .. fresh];

    private void ReleaseLocks()
    {
        foreach (var entity in OpenWork.Locks(WholeHistory())) Send(entity, EntityMessage.Release(entity, slot.Id));
    }
}

namespace IRFunctions.Local.Engine.Steps;

/// <summary>One step of an orchestration: takes in its messages, runs its code, and says what is to be stored.</summary>
internal sealed partial class OrchestrationStep(StepContext engine, Slot slot, List<Message> inbox, long now)
{
    private readonly DateTime time = new(now, DateTimeKind.Utc);
    private readonly StepResult result = new(slot.Id);
    private readonly List<Message> deferred = [];

    /// <summary>What the step adds to the history: first what came, then what the code did.</summary>
    private readonly List<HistoryEvent> fresh = [];
    private InstanceRecord? stored;
    private InstanceRecord record = null!;
    private Session? session = slot.Session;
    private ExecutionRewoundEvent? rewind;
    private ExecutionTerminatedEvent? terminated;
    private bool starts;

    public StepResult Run()
    {
        stored = session?.Record ?? engine.Store.Read(slot.Id);
        record = stored!;
        foreach (var message in inbox) TakeIn(message);
        result.Session = session;
        result.Deferred = deferred;
        // Nothing to do: what came was for nobody, or waits.
        if (fresh.Count == 0) return result;
        result.Commit.ExpectedExecution = stored?.Execution ?? 0;
        fresh.Insert(0, new OrchestratorStartedEvent(-1) { Timestamp = time });
        if (terminated is { } early && (starts || !record.Started)) TerminateUnstarted(early);
        else if (WrongVersion() is { } wrong) Finish(new([], null, null), wrong);
        else if (IsLeft()) Leave();
        else if (rewind is not null) Apply(Rewind(rewind));
        else Apply(session?.Executor is null ? Execute(starts ? [] : engine.ReadHistory(record.Execution)) : Replay.Continue(session, fresh));
        return result;
    }

    private void TakeIn(Message message)
    {
        if (message.Event is ExecutionStartedEvent start)
        {
            TakeStart(message, start);
            return;
        }
        var foreign = message.Execution != 0 && message.Execution != record?.Execution;
        var rewinds = message.Event is ExecutionRewoundEvent && record is { Status: OrchestrationStatus.Failed };
        if (!foreign && !starts && record is { Started: false, IsTerminal: false } && message.Event is not ExecutionTerminatedEvent)
        {
            deferred.Add(message);
            return;
        }
        result.Commit.Consumed.Add(message.Number);
        if (foreign || record is null || (record.IsTerminal && !rewinds) || (!rewinds && message.Event is ExecutionRewoundEvent)) return;
        fresh.Add(message.Event);
        terminated ??= message.Event as ExecutionTerminatedEvent;
        if (rewinds) (rewind, record) = ((ExecutionRewoundEvent)message.Event, record with { Status = OrchestrationStatus.Running });
    }

    private void TakeStart(Message message, ExecutionStartedEvent start)
    {
        result.Commit.Consumed.Add(message.Number);
        if (record is null || (record.IsTerminal && record.Execution < message.Execution)) record = NewRecord(message, start);
        else if (record.Started || record.IsTerminal || record.Execution != message.Execution)
        {
            Refuse(start);
            return;
        }
        starts = true;
        fresh.Insert(0, start);
        // What came before the start was taken in waits for it.
        foreach (var early in deferred)
        {
            result.Commit.Consumed.Add(early.Number);
            fresh.Add(early.Event);
        }
        deferred.Clear();
    }

    private InstanceRecord NewRecord(Message message, ExecutionStartedEvent start) => new()
    {
        Id = slot.Id, Name = start.Name, Version = start.Version, CreatedAt = now, Execution = message.Execution,
        Tags = start.Tags, Parent = ParentOf(start),
    };

    private void Refuse(ExecutionStartedEvent start)
    {
        engine.Log.LogWarning("Another start of orchestration '{Id}' is dropped: it is already running.", slot.Id);
        if (ParentOf(start) is not { } parent || IsFireAndForget(start.Tags)) return;
        var reason = new FailureDetails(typeof(InvalidOperationException).FullName!, $"An orchestration with the id '{slot.Id}' is already running.", null, null, false);
        Send(parent.InstanceId, new SubOrchestrationInstanceFailedEvent(-1, parent.TaskId, null, null, reason), parent.Execution);
    }

    /// <summary>The failure of a run that this worker's version may not touch, where it is to fail for that.</summary>
    private FailureDetails? WrongVersion() =>
        engine.Tasks.Options.Versioning?.FailureStrategy == DurableTaskWorkerOptions.VersionFailureStrategy.Fail ? engine.Tasks.WrongVersion(record.Version ?? "") : null;

    private bool IsLeft()
    {
        if (engine.Tasks.WrongVersion(record.Version ?? "") is { } wrong)
        {
            engine.Log.LogWarning("Orchestration '{Id}' is left to another worker: {Reason}", slot.Id, wrong.ErrorMessage);
            return true;
        }
#pragma warning disable CS0618 // Experimental, but there.
        if (engine.Tasks.Filter is not { } filter) return false;
        var about = new OrchestrationFilterParameters { Name = record.Name, Tags = record.Tags is { } tags ? new Dictionary<string, string>(tags) : null };
        return !filter.IsOrchestrationValidAsync(about, CancellationToken.None).AsTask().GetAwaiter().GetResult();
#pragma warning restore CS0618
    }

    /// <summary>Nothing of this step happens; its messages stay where they are.</summary>
    private void Leave()
    {
        result.Commit.Consumed.Clear();
        result.Commit.New.Clear();
        result.Commit.ExpectedExecution = null;
        result.Deferred = inbox;
    }

    private StepOutcome Execute(List<HistoryEvent> past)
    {
        session?.Close();
        session = new Session(record) { Scope = engine.Tasks.NewScope() };
        try
        {
            var replay = new Replay(record, engine.Tasks.CodeOf(record, session.Scope?.ServiceProvider ?? engine.Tasks.Services), past, engine.Tasks.ExceptionProperties);
            var outcome = replay.Run(fresh, rewind is not null);
            (session.Executor, session.State) = (replay.Executor, replay.State);
            return outcome;
        }
#pragma warning disable CA1031 // What making an orchestrator throws fails it, as on the official worker.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new([], null, null) { Failure = e is TaskMissingException missing ? missing.Details : engine.Tasks.Failure(e) };
        }
    }

    private void Apply(StepOutcome outcome)
    {
        if (outcome.Broken is { } broken)
        {
            engine.Log.LogError("{Message}", broken.Message);
            Finish(outcome with { Actions = [] }, broken.ToFailure());
        }
        else if ((engine.Limits.WrongStatus(outcome.CustomStatus) ?? engine.WrongTarget(outcome.Actions)) is { } wrong)
        {
            Finish(new([], record.CustomStatus, null), new FailureDetails(typeof(ArgumentException).FullName!, wrong, null, null, false));
        }
        else
        {
            Finish(outcome, outcome.Failure);
        }
    }
}

namespace IRFunctions.Local.Engine.Steps;

/// <summary>One step of an orchestration: takes in its messages, runs its code, and says what is to be stored.</summary>
internal sealed partial class OrchestrationStep(StepContext engine, Slot slot, List<Message> inbox, long now)
{
    private readonly StepResult result = new(engine, slot.Id, now);
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
        foreach (var message in inbox)
            TakeIn(message);
        (result.Session, result.Deferred) = (session, deferred);
        // Nothing to do: what came was for nobody, or waits.
        if (fresh.Count == 0)
            return result;
        result.Commit.ExpectedExecution = stored?.Execution ?? 0;
        fresh.Insert(0, new OrchestratorStartedEvent(-1) { Timestamp = result.Time });
        var wrong = engine.Tasks.WrongVersion(record.Version);
        if (terminated is not null && (starts || !record.Started))
            TerminateUnstarted(terminated);
        else if (
            wrong is not null
            && engine.Tasks.Options.Versioning!.FailureStrategy == DurableTaskWorkerOptions.VersionFailureStrategy.Fail
        )
            Finish(new([]), Failed(wrong));
        else if (wrong is not null || IsFilteredOut())
            Leave(wrong);
        else if (rewind is not null)
            Apply(Rewind(rewind));
        else
            Apply(
                session?.Executor is null ? Execute(starts ? [] : engine.ReadHistory(record.Execution)) : Replay.Continue(session, fresh)
            );
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
        if (foreign || record is null || (record.IsTerminal && !rewinds) || (!rewinds && message.Event is ExecutionRewoundEvent))
            return;
        fresh.Add(message.Event);
        terminated ??= message.Event as ExecutionTerminatedEvent;
        if (rewinds)
            (rewind, record) = ((ExecutionRewoundEvent)message.Event, record with { Status = OrchestrationStatus.Running });
    }

    private void TakeStart(Message message, ExecutionStartedEvent start)
    {
        result.Commit.Consumed.Add(message.Number);
        if (record is null || (record.IsTerminal && record.Execution < message.Execution))
        {
            record = new InstanceRecord
            {
                Id = slot.Id,
                Name = start.Name,
                Version = start.Version,
                CreatedAt = now,
                Execution = message.Execution,
                Tags = start.Tags,
                Parent = ParentOf(start),
            };
        }
        else if (record.Started || record.IsTerminal || record.Execution != message.Execution)
        {
            Refuse(start);
            return;
        }
        starts = true;
        fresh.Insert(0, start);
        // What came before the start was taken in waits for it.
        result.Commit.Consumed.AddRange(deferred.Select(m => m.Number));
        fresh.AddRange(deferred.Select(m => m.Event));
        deferred.Clear();
    }

    private void Refuse(ExecutionStartedEvent start)
    {
        engine.Log.LogWarning("Another start of orchestration '{Id}' is dropped: it is already running.", slot.Id);
        if (ParentOf(start) is not { } parent || IsFireAndForget(start.Tags))
            return;
        var reason = new FailureDetails(
            typeof(InvalidOperationException).FullName!,
            $"An orchestration with the id '{slot.Id}' is already running.",
            null,
            null,
            false
        );
        result.Send(parent.InstanceId, new SubOrchestrationInstanceFailedEvent(-1, parent.TaskId, null, null, reason), parent.Execution);
    }

    private bool IsFilteredOut()
    {
#pragma warning disable CS0618 // Experimental, but there.
        if (engine.Tasks.Filter is not { } filter)
            return false;
        var about = new OrchestrationFilterParameters
        {
            Name = record.Name,
            Tags = record.Tags is { } tags ? new Dictionary<string, string>(tags) : null,
        };
        return !filter.IsOrchestrationValidAsync(about, CancellationToken.None).AsTask().GetAwaiter().GetResult();
#pragma warning restore CS0618
    }

    /// <summary>Nothing of this step happens; its messages stay where they are, for another worker.</summary>
    private void Leave(FailureDetails? wrong)
    {
        engine.Log.LogWarning(
            "Orchestration '{Id}' is left to another worker: {Reason}",
            slot.Id,
            wrong?.ErrorMessage ?? "the filter does not take it"
        );
        result.Commit.Consumed.Clear();
        result.Commit.New.Clear();
        result.Commit.ExpectedExecution = null;
        result.Deferred = inbox;
    }

    private StepOutcome Execute(List<HistoryEvent> past)
    {
        session?.Close();
        session = new Session(engine.Tasks.NewScope()) { Record = record };
        try
        {
            var replay = new Replay(record, engine.Tasks.CodeOf(record, session.Scope), past, engine.Tasks.ExceptionProperties);
            var outcome = replay.Run(fresh, rewind is not null);
            (session.Executor, session.State) = (replay.Executor, replay.State);
            return outcome;
        }
#pragma warning disable CA1031 // What making an orchestrator throws fails it, as on the official worker.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new([], Failure: engine.Tasks.Failure(e));
        }
    }

    private void Apply(StepOutcome outcome)
    {
        if (outcome.Broken is { } broken)
        {
            engine.Log.LogError("{Message}", broken.Message);
            Finish(outcome with { Actions = [] }, Failed(broken.ToFailure()));
        }
        else if (engine.Options.Limits.WrongStatus(outcome.CustomStatus) is { } large)
        {
            Finish(new([]), RefusedByHost(record.Name, large));
        }
        else if (engine.WrongId(outcome) is { } wrong)
        {
            Finish(new([], record.CustomStatus), Failed(new FailureDetails(typeof(ArgumentException).FullName!, wrong, null, null, false)));
        }
        else
        {
            Finish(outcome, outcome.Failure is { } failure ? Failed(failure) : null);
        }
    }
}

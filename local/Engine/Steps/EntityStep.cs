namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// One step of an entity: its messages in order. Operations run in batches on the official shim; an orchestration that holds the lock is served alone,
/// everybody else waits in line.
/// </summary>
internal sealed class EntityStep(StepContext engine, Slot slot, List<Message> inbox, long now)
{
    private readonly DateTime time = new(now, DateTimeKind.Utc);
    private readonly StepResult result = new(slot.Id);
    private readonly List<EntityMessage> batch = [];
    private InstanceRecord record = null!;

    public async ValueTask<StepResult> RunAsync()
    {
        var id = EntityInstanceId.FromString(slot.Id);
        var stored = slot.Session?.Record ?? engine.Store.Read(slot.Id);
        record = stored ?? new InstanceRecord { Id = slot.Id, Name = id.Name, CreatedAt = now, Execution = engine.NextNumber() };
        var waiting = inbox;
        // Whoever waited for the lock is looked at again once it is free.
        for (var before = -1; before != waiting.Count && waiting.Count > 0;)
        {
            before = waiting.Count;
            waiting = await PassAsync(id, waiting);
        }
        result.Deferred = waiting;
        if (result.Commit.Consumed.Count == 0) return result;
        var gone = record is { Output: null, LockedBy: null };
        if (!gone || stored is not null) result.Commit.ExpectedExecution = stored?.Execution ?? 0;
        if (!gone) result.Commit.Record = record with { UpdatedAt = now };
        else if (stored is not null) result.Commit.Delete = true;
        if (engine.KeepsSessions && !gone) result.Session = new Session(result.Commit.Record!);
        return result;
    }

    private async ValueTask<List<Message>> PassAsync(EntityInstanceId id, List<Message> messages)
    {
        var deferred = new List<Message>();
        foreach (var message in messages)
        {
            var m = new EntityMessage((EventRaisedEvent)message.Event);
            if (!m.IsRelease && record.LockedBy is { } owner && owner != m.Parent)
            {
                deferred.Add(message);
                continue;
            }
            result.Commit.Consumed.Add(message.Number);
            if (!m.IsRelease && !m.IsLockRequest)
            {
                batch.Add(m);
                continue;
            }
            await RunBatchAsync(id);
            if (m.IsRelease) Release(m);
            else Lock(m);
        }
        await RunBatchAsync(id);
        return deferred;
    }

    private void Release(EntityMessage m)
    {
        if (record.LockedBy == m.Parent) record = record with { LockedBy = null };
    }

    private void Lock(EntityMessage m)
    {
        // The orchestration may have ended while it stood in line.
        if (engine.Store.Read(m.Parent!) is not { IsTerminal: false } owner || OrchestrationStep.ExecutionId(owner.Execution) != m.ParentExecution) return;
        record = record with { LockedBy = m.Parent };
        if (m.NextLock() is { } next) Send(next.Entity, next.Request);
        else Send(m.Parent!, m.LockGranted());
    }

    private async ValueTask RunBatchAsync(EntityInstanceId id)
    {
        if (batch.Count == 0) return;
        var done = await ExecuteAsync(id, new() { InstanceId = slot.Id, EntityState = record.Output, Operations = [.. batch.Select(m => m.ToRequest())] });
        record = record with { Output = done.EntityState };
        for (var i = 0; i < batch.Count; i++)
        {
            if (!batch[i].IsSignal) Send(batch[i].Parent!, batch[i].Answer(done.Results![i]));
        }
        foreach (var action in done.Actions ?? [])
        {
            if (action is SendSignalOperationAction signal) Signal(signal);
            else if (action is StartNewOrchestrationOperationAction start) Start(start);
        }
        batch.Clear();
    }

    private async ValueTask<EntityBatchResult> ExecuteAsync(EntityInstanceId id, EntityBatchRequest request)
    {
        FailureDetails failure;
        try
        {
            await using var scope = engine.Tasks.NewScope();
            if (engine.Tasks.CreateEntity(id, scope?.ServiceProvider ?? engine.Tasks.Services) is { } entity) return await entity.ExecuteOperationBatchAsync(request);
            failure = TaskCatalog.NotFound("EntityTaskNotFound", "entity", id.Name, null);
        }
#pragma warning disable CA1031 // What making an entity throws is its callers' to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            engine.Log.LogError(e, "Entity '{Id}' could not be made.", slot.Id);
            failure = engine.Tasks.Failure(e);
        }
        return new() { EntityState = request.EntityState, Results = [.. request.Operations!.Select(_ => new OperationResult { FailureDetails = failure })] };
    }

    private void Signal(SendSignalOperationAction a)
    {
        var due = a.ScheduledTime?.ToUniversalTime();
        Send(a.InstanceId!, EntityMessage.Signal(a.InstanceId!, a.Name!, a.Input, due), due: due?.Ticks ?? 0);
    }

    private void Start(StartNewOrchestrationOperationAction a)
    {
        try
        {
            engine.Limits.CheckInstanceId(a.InstanceId!);
        }
        catch (ArgumentException e)
        {
            engine.Log.LogError("Entity '{Id}' could not start '{Orchestration}': {Reason}", slot.Id, a.Name, e.Message);
            return;
        }
        var execution = engine.NextNumber();
        // Nobody waits for it; its parent is the entity all the same, as in Durable Task's dispatcher.
        var tags = new Dictionary<string, string>(a.Tags ?? new Dictionary<string, string>()) { [OrchestrationTags.FireAndForget] = "" };
        var start = OrchestrationStep.Start(a.InstanceId!, execution, a.Name!, a.Version, a.Input, tags, new ParentLink(slot.Id, 0, record.Name, -1));
        Send(a.InstanceId!, start, execution, a.ScheduledStartTime?.ToUniversalTime().Ticks ?? 0);
    }

    private void Send(string target, HistoryEvent e, long execution = 0, long due = 0)
    {
        e.Timestamp = time;
        result.Commit.New.Add(engine.Message(target, e, execution, due));
    }
}

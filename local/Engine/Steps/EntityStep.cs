namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// One step of an entity: its messages in order. Operations run in batches on the official shim; an orchestration that holds the lock is
/// served alone, everybody else waits in line.
/// </summary>
internal sealed class EntityStep(StepContext engine, Slot slot, List<Message> inbox, long now)
{
    private readonly StepResult result = new(engine, slot.Id, now);
    private readonly List<EntityMessage> batch = [];
    private readonly EntityInstanceId id = EntityInstanceId.FromString(slot.Id);
    private InstanceRecord record = null!;

    public async ValueTask<StepResult> RunAsync()
    {
        var stored = slot.Session?.Record ?? engine.Store.Read(slot.Id);
        record =
            stored
            ?? new InstanceRecord
            {
                Id = slot.Id,
                Name = id.Name,
                CreatedAt = now,
                Execution = engine.NextNumber(),
            };
        var waiting = inbox;
        // Whoever waited for the lock is looked at again once it is free.
        var before = -1;
        while (before != waiting.Count && waiting.Count > 0)
        {
            before = waiting.Count;
            waiting = await PassAsync(waiting);
        }
        (result.Deferred, result.Session) = (waiting, slot.Session);
        var (commit, exists) = (result.Commit, record is not { Output: null, LockedBy: null });
        if (commit.Consumed.Count == 0)
            return result;
        (commit.Record, commit.Delete) = (exists ? record with { UpdatedAt = now } : null, !exists && stored is not null);
        if (exists || stored is not null)
            commit.ExpectedExecution = stored?.Execution ?? 0;
        result.Session = engine.KeepsSessions && exists ? new Session { Record = commit.Record! } : null;
        return result;
    }

    private async ValueTask<List<Message>> PassAsync(List<Message> messages)
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
            if (m.IsRelease || m.IsLockRequest)
                await RunBatchAsync();
            else
                batch.Add(m);
            if (m.IsLockRequest)
                Lock(m);
            else if (m.IsRelease && record.LockedBy == m.Parent)
                record = record with { LockedBy = null };
        }
        await RunBatchAsync();
        return deferred;
    }

    private void Lock(EntityMessage m)
    {
        // The orchestration may have ended while it stood in line.
        if (
            engine.Store.Read(m.Parent!) is not { IsTerminal: false } owner
            || OrchestrationStep.ExecutionId(owner.Execution) != m.ParentExecution
        )
            return;
        record = record with { LockedBy = m.Parent };
        if (m.NextLock() is { } next)
            result.Send(next.Entity, next.Request);
        else
            result.Send(m.Parent!, m.LockGranted());
    }

    private async ValueTask RunBatchAsync()
    {
        if (batch.Count == 0)
            return;
        var done = await ExecuteAsync(
            new()
            {
                InstanceId = slot.Id,
                EntityState = record.Output,
                Operations = [.. batch.Select(m => m.ToRequest())],
            }
        );
        record = record with { Output = done.EntityState };
        for (var i = 0; i < batch.Count; i++)
        {
            if (!batch[i].IsSignal)
                result.Send(batch[i].Parent!, batch[i].Answer(done.Results![i]));
        }
        foreach (var action in done.Actions ?? [])
        {
            if (action is SendSignalOperationAction signal)
                Signal(signal);
            else if (action is StartNewOrchestrationOperationAction start)
                Start(start);
        }
        batch.Clear();
    }

    private async ValueTask<EntityBatchResult> ExecuteAsync(EntityBatchRequest request)
    {
        try
        {
            await using var scope = engine.Tasks.NewScope();
            return await engine.Tasks.CreateEntity(id, scope).ExecuteOperationBatchAsync(request);
        }
#pragma warning disable CA1031 // What making an entity throws is its callers' to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            engine.Log.LogError(e, "Entity '{Id}' could not be made.", slot.Id);
            var failure = new OperationResult { FailureDetails = engine.Tasks.Failure(e) };
            return new() { EntityState = request.EntityState, Results = [.. request.Operations!.Select(_ => failure)] };
        }
    }

    private void Signal(SendSignalOperationAction a)
    {
        var due = a.ScheduledTime?.ToUniversalTime();
        if (engine.Options.Limits.WrongEntityId(a.InstanceId!) is { } wrong)
            engine.Log.LogError("Entity '{Id}' could not signal another: {Reason}", slot.Id, wrong);
        else
            result.Send(a.InstanceId!, EntityMessage.Signal(a.InstanceId!, a.Name!, a.Input, due), due: due?.Ticks ?? 0);
    }

    private void Start(StartNewOrchestrationOperationAction a)
    {
        if (engine.Options.Limits.WrongInstanceId(a.InstanceId!) is { } wrong)
        {
            engine.Log.LogError("Entity '{Id}' could not start '{Orchestration}': {Reason}", slot.Id, a.Name, wrong);
            return;
        }
        var execution = engine.NextNumber();
        // Without one, the worker's default as for a child.
        var version = string.IsNullOrEmpty(a.Version) ? engine.Tasks.Options.Versioning?.DefaultVersion : a.Version;
        // Nobody waits for it; its parent is the entity all the same, as in Durable Task's dispatcher.
        var tags = new Dictionary<string, string>(a.Tags ?? new Dictionary<string, string>()) { [OrchestrationTags.FireAndForget] = "" };
        var start = OrchestrationStep.Start(
            a.InstanceId!,
            execution,
            a.Name!,
            version,
            a.Input,
            tags,
            new ParentLink(slot.Id, 0, record.Name, -1)
        );
        result.Send(a.InstanceId!, start, execution, a.ScheduledStartTime?.ToUniversalTime().Ticks ?? 0);
    }
}

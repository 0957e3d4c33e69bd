using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Replay;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Durable.Steps;

/// <summary>One step of one entity: its operations, one after another, as far as a lock lets them.</summary>
internal sealed class EntityStep(ReplaySettings settings, IDurableStore store, EntityInstanceId id, long now, ILogger log)
{
    private readonly InstanceRecord? existing = store.Read(id.ToString());
    private readonly StepResult result = new(new StepCommit { InstanceId = id.ToString() });
    private byte[]? state;
    private string? lockedBy;
    private long lockExecution;

    public async ValueTask<StepResult> RunAsync(IReadOnlyList<DurableMessage> messages)
    {
        (state, lockedBy, lockExecution) = (existing?.Output, existing?.LockedBy, existing?.LockExecution ?? 0);
        var queue = new LinkedList<DurableMessage>(messages);
        while (queue.First is { } first)
        {
            queue.RemoveFirst();
            var message = first.Value;
            if (MustWait(message))
            {
                result.Deferred.Add(message);
                continue;
            }

            result.Consume(message);
            if (message.Kind == EventKind.EntityOperation) await OperateAsync(message);
            else if (message.Kind == EventKind.EntityLock) Lock(message);
            else if (message.Kind == EventKind.EntityUnlock) Unlock(message, queue);
        }

        if (result.Commit.ConsumedMessages.Count > 0) Store();
        return result;
    }

    private bool MustWait(DurableMessage m) =>
        lockedBy is not null && (m.Kind == EventKind.EntityLock || (m.Kind == EventKind.EntityOperation && !IsOwner(m)));

    private bool IsOwner(DurableMessage m) => m.Source == lockedBy && m.SourceExecution == lockExecution;

    private async ValueTask OperateAsync(DurableMessage message)
    {
        var call = message.Read();
        var run = new EntityOperationRun(id, call.NameText, call.Data, state, message, settings.NextNumber, now);
        byte[] reply;
        try
        {
            if (!settings.Registry.TryGetEntity(id.Name, out var create))
                throw new InvalidOperationException($"There is no entity named '{id.Name}'.");
            var output = DurableJson.Serialize(await create().RunAsync(run));
            reply = EncodedEvent.Of(EventKind.EntityReplied, call.TaskId, payload: output);
            state = run.NewState;
            result.Commit.NewMessages.AddRange(run.Sent);
        }
#pragma warning disable CA1031 // Whatever an operation throws is its caller's to know; its changes are dropped.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (call.TaskId == 0) log.LogError(e, "Signal '{Operation}' of entity '{Id}' failed; its changes were dropped.", call.NameText, id);
            reply = EncodedEvent.Of(EventKind.EntityFailed, call.TaskId, payload: DurableJson.Failure(e));
        }

        if (call.TaskId != 0) Send(message.Source!, message.SourceExecution, reply);
    }

    private void Lock(DurableMessage message)
    {
        (lockedBy, lockExecution) = (message.Source, message.SourceExecution);
        var request = message.Read();
        var ids = OpenWork.LockedIds(request.TargetText);
        var next = ids.SkipWhile(i => i != id.ToString()).Skip(1).FirstOrDefault();
        if (next is null)
        {
            Send(lockedBy!, lockExecution, EncodedEvent.Of(EventKind.LockGranted, request.TaskId, target: request.TargetText));
            return;
        }

        // In the orchestration's name, so that the next entity knows whose lock it is.
        result.Commit.NewMessages.Add(new DurableMessage
        {
            Number = settings.NextNumber(), Target = next, Event = message.Event, Source = lockedBy, SourceExecution = lockExecution,
        });
    }

    private void Unlock(DurableMessage message, LinkedList<DurableMessage> queue)
    {
        // The owner may have ended before its turn came: it does not want the lock any more.
        bool IsItsRequest(DurableMessage d) =>
            d.Kind == EventKind.EntityLock && d.Source == message.Source && d.SourceExecution == message.SourceExecution;
        foreach (var request in result.Deferred.Where(IsItsRequest)) result.Consume(request);
        result.Deferred.RemoveAll(IsItsRequest);
        if (!IsOwner(message)) return;
        lockedBy = null;
        for (var i = result.Deferred.Count - 1; i >= 0; i--) queue.AddFirst(result.Deferred[i]);
        result.Deferred.Clear();
    }

    private void Store()
    {
        if (state is null && lockedBy is null)
        {
            result.Commit.Delete = existing is not null;
            return;
        }

        result.Commit.Record = (existing ?? New()) with
        {
            Output = state, LockedBy = lockedBy, LockExecution = lockedBy is null ? 0 : lockExecution, UpdatedAt = now,
        };
    }

    private InstanceRecord New() => new() { Id = id.ToString(), Name = id.Name, IsEntity = true, CreatedAt = now, Execution = settings.NextNumber() };

    private void Send(string target, long execution, byte[] message) => result.Commit.NewMessages.Add(new DurableMessage
    {
        Number = settings.NextNumber(), Target = target, Execution = execution, Source = id.ToString(), Event = message,
    });
}

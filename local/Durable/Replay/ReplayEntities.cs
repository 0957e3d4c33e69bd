using System.Text.Json;
using IRFunctions.Local.Durable.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>What orchestrators do with entities.</summary>
#pragma warning disable CA1001 // A critical section is the orchestrator's to dispose.
internal sealed class ReplayEntities(ReplayContext context) : TaskOrchestrationEntityFeature
{
    private CriticalSection? section;

    public override Task CallEntityAsync(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null) =>
        CallEntityAsync<Nothing>(id, operationName, input, options);

    public override Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null)
    {
        context.EnsureOnThread();
        if (section is { } s && !s.Ids.Contains(id))
            throw new InvalidOperationException($"In a critical section only locked entities can be called; '{id}' is not.");
        var target = id.ToString();
        HostLimits.CheckEntityId(target);
        var taskId = context.NewTaskId();
        if (!context.IsRecorded(EventKind.EntityCalled, taskId, operationName, target, out _))
        {
            context.Effects.History.Write(EventKind.EntityCalled, taskId, name: operationName, target: target);
            context.Send(target, EncodedEvent.Of(EventKind.EntityOperation, taskId, name: operationName, payload: DurableJson.Serialize(input)));
        }

        return context.WaitFor<TResult>(taskId, details => new EntityOperationFailedException(id, operationName, details));
    }

    public override Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
    {
        context.EnsureOnThread();
        if (section is { } s && s.Ids.Contains(id))
            throw new InvalidOperationException($"In a critical section a locked entity cannot be signalled; '{id}' is.");
        var target = id.ToString();
        HostLimits.CheckEntityId(target);
        if (context.IsRecorded(EventKind.EntitySignalled, 0, operationName, target, out _)) return Task.CompletedTask;
        var due = options?.SignalTime?.UtcTicks ?? 0;
        context.Effects.History.Write(EventKind.EntitySignalled, number: due, name: operationName, target: target);
        context.Send(target, EncodedEvent.Of(EventKind.EntityOperation, name: operationName, payload: DurableJson.Serialize(input)), due);
        return Task.CompletedTask;
    }

    public override async Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds)
    {
        ArgumentNullException.ThrowIfNull(entityIds);
        context.EnsureOnThread();
        if (section is not null) throw new InvalidOperationException("Critical sections cannot be nested.");
        // One order for all, so that two sections never wait for each other.
        var ids = entityIds.Distinct().OrderBy(i => i.ToString(), StringComparer.Ordinal).ToArray();
        if (ids.Length == 0) throw new ArgumentException("There is nothing to lock.", nameof(entityIds));
        var taskId = context.NewTaskId();
        var list = JsonSerializer.Serialize(ids.Select(i => i.ToString()));
        if (!context.IsRecorded(EventKind.LockRequested, taskId, null, list, out _))
        {
            context.Effects.History.Write(EventKind.LockRequested, taskId, target: list);
            context.Send(ids[0].ToString(), EncodedEvent.Of(EventKind.EntityLock, taskId, target: list));
        }

        section = new CriticalSection(this, taskId, ids);
        await context.WaitFor<Nothing>(taskId);
        return section;
    }

    public override bool InCriticalSection([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds)
    {
        entityIds = section?.Ids;
        return section is not null;
    }

    private void Release(CriticalSection released)
    {
        if (section != released) return;
        section = null;
        if (context.IsRecorded(EventKind.LockReleased, released.TaskId, null, null, out _)) return;
        context.Effects.History.Write(EventKind.LockReleased, released.TaskId);
        foreach (var id in released.Ids) context.Send(id.ToString(), EncodedEvent.Of(EventKind.EntityUnlock));
    }

    private sealed class CriticalSection(ReplayEntities owner, int taskId, EntityInstanceId[] ids) : IAsyncDisposable
    {
        public int TaskId => taskId;

        public EntityInstanceId[] Ids => ids;

        public ValueTask DisposeAsync()
        {
            owner.Release(this);
            return default;
        }
    }
}

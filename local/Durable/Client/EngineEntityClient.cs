using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable.Client;

/// <summary>Signals and reads entities.</summary>
internal sealed class EngineEntityClient(DurableEngine engine, IDurableStore store) : DurableEntityClient("local")
{
    public override async Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        HostLimits.CheckEntityId(id.ToString());
        var commit = new StepCommit { InstanceId = id.ToString() };
        commit.NewMessages.Add(new DurableMessage
        {
            Number = engine.NextNumber(), Target = id.ToString(), Due = options?.SignalTime?.UtcTicks ?? 0,
            Event = EncodedEvent.Of(EventKind.EntityOperation, name: operationName, payload: DurableJson.Serialize(input)),
        });
        await engine.PostAsync(commit);
    }

    public override Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        Task.FromResult(Find(id) is { } record ? Untyped(record, includeState) : null);

    public override Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        Task.FromResult(Find(id) is { } record ? Typed<T>(record, includeState) : null);

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => Pages(filter, Untyped);

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => Pages(filter, Typed<T>);

    /// <summary>Nothing to do: an entity without state or lock is not stored, and locks of orchestrations that end are released with them.</summary>
    public override Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default) =>
        Task.FromResult(default(CleanEntityStorageResult));

    private InstanceRecord? Find(EntityInstanceId id) => store.Read(id.ToString()) is { IsEntity: true, Output: not null } record ? record : null;

    private AsyncPageable<T> Pages<T>(EntityQuery? filter, Func<InstanceRecord, bool, T> convert)
        where T : notnull
    {
        var query = filter ?? new EntityQuery();
        return Pageable.Create((token, size, _) =>
        {
            var limit = size ?? query.PageSize ?? EntityQuery.DefaultPageSize;
            var found = store.Query(new InstanceFilter
            {
                Entities = true, Prefix = query.InstanceIdStartsWith, After = token ?? query.ContinuationToken, Limit = limit,
                UpdatedFrom = query.LastModifiedFrom?.UtcTicks ?? 0, UpdatedTo = query.LastModifiedTo?.UtcTicks ?? long.MaxValue,
            });
            // An entity that is only locked is there in passing.
            var values = found.Where(r => r.Output is not null || query.IncludeTransient).Select(r => convert(r, query.IncludeState)).ToArray();
            return Task.FromResult(new Page<T>(values, found.Count == limit ? found[^1].Id : null));
        });
    }

    private EntityMetadata Untyped(InstanceRecord r, bool includeState) =>
        new(
            EntityInstanceId.FromString(r.Id),
            includeState && r.Output is not null ? new SerializedData(DurableJson.Text(r.Output)!, DurableJson.Converter) : null)
        {
            LastModifiedTime = new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero), LockedBy = r.LockedBy, BacklogQueueSize = engine.Backlog(r.Id),
        };

    private EntityMetadata<T> Typed<T>(InstanceRecord r, bool includeState)
    {
        var id = EntityInstanceId.FromString(r.Id);
        var modified = new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero);
        var backlog = engine.Backlog(r.Id);
        if (!includeState || r.Output is null) return new EntityMetadata<T>(id) { LastModifiedTime = modified, LockedBy = r.LockedBy, BacklogQueueSize = backlog };
        var state = DurableJson.Deserialize<T>(r.Output.AsMemory());
        return new EntityMetadata<T>(id, state) { LastModifiedTime = modified, LockedBy = r.LockedBy, BacklogQueueSize = backlog };
    }
}

using DurableTask.AzureStorage;
using DurableTask.Core;
using DurableTask.Core.Entities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Stored = DurableTask.Core.Entities.EntityBackendQueries;

namespace IRFunctions.Local.Azurite;

/// <summary>Signals and reads entities of the engine on Azure Storage.</summary>
internal sealed class StorageEntityClient(AzureStorageOrchestrationService service, DataConverter converter)
    : DurableEntityClient("azure-storage")
{
    private Stored Queries { get; } = ((IEntityOrchestrationService)service).EntityBackendQueries!;

    public override Task SignalEntityAsync(
        EntityInstanceId id,
        string operationName,
        object? input = null,
        SignalEntityOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        // A signal of the far future would be capped by the engine's own dispatcher; queues take messages of up to seven days ahead.
        var due = options?.SignalTime?.UtcDateTime;
        var signal = ClientEntityHelpers.EmitOperationSignal(
            new OrchestrationInstance { InstanceId = id.ToString() },
            Guid.NewGuid(),
            operationName,
            converter.Serialize(input),
            due is { } d ? (d, d) : null
        );
        return service.SendTaskOrchestrationMessageAsync(signal.AsTaskMessage());
    }

    public override async Task<EntityMetadata?> GetEntityAsync(
        EntityInstanceId id,
        bool includeState = true,
        CancellationToken cancellation = default
    ) =>
        await Queries.GetEntityAsync(new EntityId(id.Name, id.Key), includeState, includeStateless: false, cancellation) is { } found
            ? Untyped(found)
            : null;

    public override async Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id,
        bool includeState = true,
        CancellationToken cancellation = default
    ) =>
        await Queries.GetEntityAsync(new EntityId(id.Name, id.Key), includeState, includeStateless: false, cancellation) is { } found
            ? Typed<T>(found)
            : null;

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => Pages(filter, Untyped);

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => Pages(filter, Typed<T>);

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null,
        bool continueUntilComplete = true,
        CancellationToken cancellation = default
    )
    {
        var wanted = request ?? CleanEntityStorageRequest.Default;
        var (token, empty, locks) = (wanted.ContinuationToken, 0, 0);
        do
        {
            var done = await Queries.CleanEntityStorageAsync(
                new Stored.CleanEntityStorageRequest
                {
                    RemoveEmptyEntities = wanted.RemoveEmptyEntities,
                    ReleaseOrphanedLocks = wanted.ReleaseOrphanedLocks,
                    ContinuationToken = token,
                },
                cancellation
            );
            (token, empty, locks) = (done.ContinuationToken, empty + done.EmptyEntitiesRemoved, locks + done.OrphanedLocksReleased);
        } while (continueUntilComplete && token is not null);
        return new CleanEntityStorageResult
        {
            ContinuationToken = token,
            EmptyEntitiesRemoved = empty,
            OrphanedLocksReleased = locks,
        };
    }

    private AsyncPageable<T> Pages<T>(EntityQuery? filter, Func<Stored.EntityMetadata, T> convert)
        where T : notnull
    {
        var query = filter ?? new EntityQuery();
        return Pageable.Create(
            async (token, size, cancellation) =>
            {
                var found = await Queries.QueryEntitiesAsync(
                    new Stored.EntityQuery
                    {
                        InstanceIdStartsWith = query.InstanceIdStartsWith,
                        LastModifiedFrom = query.LastModifiedFrom?.UtcDateTime,
                        LastModifiedTo = query.LastModifiedTo?.UtcDateTime,
                        IncludeState = query.IncludeState,
                        IncludeTransient = query.IncludeTransient,
                        PageSize = size ?? query.PageSize,
                        ContinuationToken = token ?? query.ContinuationToken,
                    },
                    cancellation
                );
                return new Page<T>([.. found.Results.Select(convert)], found.ContinuationToken);
            }
        );
    }

    private EntityMetadata Untyped(Stored.EntityMetadata e) =>
        new(
            new EntityInstanceId(e.EntityId.Name, e.EntityId.Key),
            e.SerializedState is { } state ? new SerializedData(state, converter) : null
        )
        {
            LastModifiedTime = e.LastModifiedTime,
            LockedBy = e.LockedBy,
            BacklogQueueSize = e.BacklogQueueSize,
        };

    private EntityMetadata<T> Typed<T>(Stored.EntityMetadata e)
    {
        var id = new EntityInstanceId(e.EntityId.Name, e.EntityId.Key);
        return e.SerializedState is { } state
            ? new(id, converter.Deserialize<T>(state))
            {
                LastModifiedTime = e.LastModifiedTime,
                LockedBy = e.LockedBy,
                BacklogQueueSize = e.BacklogQueueSize,
            }
            : new(id)
            {
                LastModifiedTime = e.LastModifiedTime,
                LockedBy = e.LockedBy,
                BacklogQueueSize = e.BacklogQueueSize,
            };
    }
}

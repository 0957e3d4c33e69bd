using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Client.Entities;

/// <summary>Signals and reads entities.</summary>
public abstract class DurableEntityClient
{
    protected DurableEntityClient(string name) => Name = name;

    public string Name { get; }

    public virtual Task SignalEntityAsync(
        EntityInstanceId id, string operationName, SignalEntityOptions options, CancellationToken cancellation = default) =>
        SignalEntityAsync(id, operationName, null, options, cancellation);

    public virtual Task SignalEntityAsync(EntityInstanceId id, string operationName, CancellationToken cancellation) =>
        SignalEntityAsync(id, operationName, null, null, cancellation);

    public abstract Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default);

    public virtual Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, CancellationToken cancellation) =>
        GetEntityAsync(id, true, cancellation);

    public abstract Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default);

    public virtual Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, CancellationToken cancellation) =>
        GetEntityAsync<T>(id, true, cancellation);

    public abstract Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default);

    public abstract AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null);

    public abstract AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null);

    public abstract Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default);
}

/// <summary>An entity as it was when asked for.</summary>
public class EntityMetadata<TState>
{
    private readonly TState? state;

    public EntityMetadata(EntityInstanceId id) => Id = id;

    public EntityMetadata(EntityInstanceId id, TState? state)
    {
        Id = id;
        this.state = state;
        IncludesState = state is not null;
    }

    public EntityInstanceId Id { get; }

    public DateTimeOffset LastModifiedTime { get; init; }

    public int BacklogQueueSize { get; init; }

    public string? LockedBy { get; init; }

    public bool IncludesState { get; }

    /// <exception cref="InvalidOperationException">The state was not asked for, or there is none.</exception>
    public TState State => IncludesState ? state! : throw new InvalidOperationException($"Entity '{Id}' was read without its state, or has none.");
}

/// <summary>An entity as it was when asked for, its state still serialized.</summary>
public sealed class EntityMetadata(EntityInstanceId id, SerializedData? state = null) : EntityMetadata<SerializedData>(id, state);

/// <summary>Which entities to list. The prefix is that of the whole id, as in `@counter@a`.</summary>
public record EntityQuery
{
    public const int DefaultPageSize = 100;
    private readonly string? startsWith;

    /// <summary>Without a leading '@' one is put in front, and a name without a key is completed in lower case.</summary>
    public string? InstanceIdStartsWith
    {
        get => startsWith;
        init
        {
            if (value is null) return;
            var text = value.StartsWith('@') ? value : "@" + value;
            var end = text.IndexOf('@', 1);
#pragma warning disable CA1308 // Names of entities are in lower case.
            startsWith = end < 0 ? text.ToLowerInvariant() : text[..end].ToLowerInvariant() + text[end..];
#pragma warning restore CA1308
        }
    }

    public DateTimeOffset? LastModifiedFrom { get; init; }

    public DateTimeOffset? LastModifiedTo { get; init; }

    public bool IncludeState { get; init; } = true;

    public bool IncludeTransient { get; init; }

    public int? PageSize { get; init; }

    public string? ContinuationToken { get; init; }
}

/// <summary>What to clean out of the entities' storage.</summary>
public readonly record struct CleanEntityStorageRequest
{
    public static CleanEntityStorageRequest Default => new() { RemoveEmptyEntities = true, ReleaseOrphanedLocks = true };

    public bool RemoveEmptyEntities { get; init; }

    public bool ReleaseOrphanedLocks { get; init; }

    public string? ContinuationToken { get; init; }
}

/// <summary>What was cleaned.</summary>
public readonly record struct CleanEntityStorageResult
{
    public string? ContinuationToken { get; init; }

    public int EmptyEntitiesRemoved { get; init; }

    public int OrphanedLocksReleased { get; init; }
}

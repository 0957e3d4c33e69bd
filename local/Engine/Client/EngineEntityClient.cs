namespace IRFunctions.Local.Engine.Client;

/// <summary>Signals and reads entities.</summary>
internal sealed class EngineEntityClient(DurableEngine engine, DataConverter converter) : DurableEntityClient("local")
{
    public override Task SignalEntityAsync(
        EntityInstanceId id,
        string operationName,
        object? input = null,
        SignalEntityOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(operationName);
        var target = Checked(id);
        if (engine.Limits.WrongEntityId(target) is { } wrong)
            throw new ArgumentException(wrong, nameof(id));
        var due = options?.SignalTime?.UtcDateTime;
        return PostAsync(target, EntityMessage.Signal(target, operationName, converter.Serialize(input), due), due?.Ticks ?? 0);
    }

    public override Task<EntityMetadata?> GetEntityAsync(
        EntityInstanceId id,
        bool includeState = true,
        CancellationToken cancellation = default
    ) => Task.FromResult(Find(id) is { } record ? Untyped(record, includeState) : null);

    public override Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id,
        bool includeState = true,
        CancellationToken cancellation = default
    ) => Task.FromResult(Find(id) is { } record ? Typed<T>(record, includeState) : null);

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => Pages(filter, Untyped);

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => Pages(filter, Typed<T>);

    /// <summary>
    /// Releases locks whose owner does not run. An entity without state or lock is not stored, so there is none to remove; and locks are
    /// released with the run that holds them, so there is one only where that was lost.
    /// </summary>
    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null,
        bool continueUntilComplete = true,
        CancellationToken cancellation = default
    )
    {
        if (!(request ?? CleanEntityStorageRequest.Default).ReleaseOrphanedLocks)
            return default;
        var released = 0;
        string? after = null;
        while (true)
        {
            var page = engine.Store.Query(new InstanceFilter { Entities = true, After = after });
            foreach (var entity in page.Where(e => e.LockedBy is not null && engine.Store.Read(e.LockedBy) is null or { IsTerminal: true }))
            {
                cancellation.ThrowIfCancellationRequested();
                await PostAsync(entity.Id, EntityMessage.Release(entity.Id, entity.LockedBy!), 0);
                released++;
            }
            if (page.Count == 0)
                return new CleanEntityStorageResult { OrphanedLocksReleased = released };
            after = page[^1].Id;
        }
    }

    private async Task PostAsync(string target, HistoryEvent e, long due)
    {
        e.Timestamp = new DateTime(engine.Now, DateTimeKind.Utc);
        var commit = new StepCommit { InstanceId = target };
        commit.New.Add(new(engine.NextNumber(), target, e, 0, due));
        await engine.PostAsync(commit);
    }

    // The default of the struct has neither name nor key.
    private static string Checked(EntityInstanceId id) => id.Key is not null ? id.ToString() : throw new ArgumentNullException(nameof(id));

    private InstanceRecord? Find(EntityInstanceId id) => engine.Store.Read(Checked(id)) is { Output: not null } record ? record : null;

    private AsyncPageable<T> Pages<T>(EntityQuery? filter, Func<InstanceRecord, bool, T> convert)
        where T : notnull
    {
        var query = filter ?? new EntityQuery();
        return Pageable.Create(
            (token, size, _) =>
            {
                var limit = size ?? query.PageSize ?? EntityQuery.DefaultPageSize;
                var found = engine.Store.Query(
                    new InstanceFilter
                    {
                        Entities = true,
                        Prefix = query.InstanceIdStartsWith,
                        After = token ?? query.ContinuationToken,
                        Limit = limit + 1,
                        UpdatedFrom = query.LastModifiedFrom?.UtcTicks ?? 0,
                        UpdatedTo = query.LastModifiedTo?.UtcTicks ?? long.MaxValue,
                    }
                );
                // An entity that is only locked is there in passing.
                var values = found
                    .Take(limit)
                    .Where(r => r.Output is not null || query.IncludeTransient)
                    .Select(r => convert(r, query.IncludeState))
                    .ToArray();
                return Task.FromResult(new Page<T>(values, found.Count > limit ? found[limit - 1].Id : null));
            }
        );
    }

    private EntityMetadata Untyped(InstanceRecord r, bool includeState) =>
        new(EntityInstanceId.FromString(r.Id), includeState && r.Output is { } state ? new SerializedData(state, converter) : null)
        {
            LastModifiedTime = new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero),
            LockedBy = r.LockedBy,
            BacklogQueueSize = engine.Board.Backlog(r.Id),
        };

    private EntityMetadata<T> Typed<T>(InstanceRecord r, bool includeState)
    {
        var (id, modified, backlog) = (
            EntityInstanceId.FromString(r.Id),
            new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero),
            engine.Board.Backlog(r.Id)
        );
        return includeState && r.Output is { } state
            ? new(id, converter.Deserialize<T>(state))
            {
                LastModifiedTime = modified,
                LockedBy = r.LockedBy,
                BacklogQueueSize = backlog,
            }
            : new(id)
            {
                LastModifiedTime = modified,
                LockedBy = r.LockedBy,
                BacklogQueueSize = backlog,
            };
    }
}

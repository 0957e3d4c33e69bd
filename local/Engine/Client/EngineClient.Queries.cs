namespace IRFunctions.Local.Engine.Client;

/// <summary>Reading and removing.</summary>
public sealed partial class EngineClient
{
    private const int PurgePage = 500;

    /// <summary>Inputs, outputs, custom status and failures are there only where asked for, as the Functions host answers.</summary>
    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return Task.FromResult(Find(instanceId) is { } record ? MetadataOf(record, getInputsAndOutputs) : null);
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        NotEntity(query.InstanceIdPrefix ?? "");
        return Pageable.Create(
            (token, size, _) =>
            {
                var limit = size ?? query.PageSize;
                var found = Store.Query(
                    Filter(query.CreatedFrom, query.CreatedTo, query.Statuses) with
                    {
                        Prefix = query.InstanceIdPrefix,
                        After = token ?? query.ContinuationToken,
                        Limit = limit + 1,
                    }
                );
                return Task.FromResult(
                    PageOf([.. found.Select(r => MetadataOf(r, query.FetchInputsAndOutputs))], limit, m => m.InstanceId)
                );
            }
        );
    }

    /// <summary>By the time at which they ended; an instance that runs is only listed where no time is given.</summary>
    public override Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null,
        DateTimeOffset? completedTimeFrom = null,
        DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize,
        string? lastInstanceKey = null,
        CancellationToken cancellation = default
    )
    {
        var filter = Filter(null, null, runtimeStatus) with
        {
            UpdatedFrom = completedTimeFrom?.UtcTicks ?? 0,
            UpdatedTo = completedTimeTo?.UtcTicks ?? long.MaxValue,
            After = lastInstanceKey,
            Limit = pageSize + 1,
        };
        if (completedTimeFrom is not null || completedTimeTo is not null)
            filter = filter with { Statuses = (filter.Statuses ?? Terminal).Intersect(Terminal).ToHashSet() };
        return Task.FromResult(PageOf([.. Store.Query(filter).Select(r => r.Id)], pageSize, id => id));
    }

    /// <exception cref="ArgumentException">There is no such orchestration.</exception>
    public override Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default) =>
        Task.FromResult<IList<HistoryEvent>>(HistoryJson.Decode(Store.ReadHistory(Existing(instanceId).Execution)));

    /// <summary>Removes a finished orchestration, or an entity.</summary>
    /// <exception cref="InvalidOperationException">The orchestration is not finished.</exception>
    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId,
        PurgeInstanceOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        if (Store.Read(instanceId) is { IsTerminal: false, IsEntity: false } running)
            throw new InvalidOperationException(
                $"Only a finished orchestration can be purged; '{instanceId}' is {running.Status}. Terminate it first."
            );
        return new(await PurgeAsync(instanceId, options?.Recursive == true), isComplete: true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter,
        PurgeInstanceOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Timeout <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(
                nameof(filter),
                filter.Timeout,
                "PurgeInstancesFilter.Timeout must be a positive TimeSpan."
            );
        var wanted = Filter(filter.CreatedFrom, filter.CreatedTo, filter.Statuses);
        var started = engine.Now;
        var purged = 0;
        string? after = null;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = Store.Query(wanted with { After = after, Limit = PurgePage });
            foreach (var record in page)
                purged += await PurgeAsync(record.Id, options?.Recursive == true);
            if (page.Count == 0)
                return new PurgeResult(purged, isComplete: true);
            if (engine.Now - started >= filter.Timeout?.Ticks)
                return new PurgeResult(purged, isComplete: false);
            after = page[^1].Id;
        }
    }

    private static HashSet<OrchestrationStatus> Terminal =>
        [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    private static InstanceFilter Filter(DateTimeOffset? from, DateTimeOffset? to, IEnumerable<OrchestrationRuntimeStatus>? statuses) =>
        new()
        {
            CreatedFrom = from?.UtcTicks ?? 0,
            CreatedTo = to?.UtcTicks ?? long.MaxValue,
            // The two enums have the same numbers.
            Statuses = statuses?.Select(s => (OrchestrationStatus)s).ToHashSet() is { Count: > 0 } wanted ? wanted : null,
        };

    /// <param name="found">One more than fits, where there are more.</param>
    private static Page<T> PageOf<T>(List<T> found, int limit, Func<T, string> key)
        where T : notnull
    {
        if (found.Count <= limit)
            return new Page<T>(found);
        found.RemoveAt(limit);
        return new Page<T>(found, key(found[^1]));
    }

    private async Task<int> PurgeAsync(string id, bool recursive)
    {
        if (Store.Read(id) is not { } record || !(record.IsTerminal || record.IsEntity))
            return 0;
        var children = recursive
            ? HistoryJson
                .Decode(Store.ReadHistory(record.Execution))
                .OfType<SubOrchestrationInstanceCreatedEvent>()
                .Select(c => c.InstanceId)
                .Distinct()
                .ToArray()
            : [];
        var purged = await engine.PostAsync(
            new StepCommit
            {
                InstanceId = id,
                ExpectedExecution = record.Execution,
                Delete = true,
            }
        )
            ? 1
            : 0;
        foreach (var child in children)
            purged += await PurgeAsync(child, recursive);
        return purged;
    }

    private string? InputOf(InstanceRecord record) =>
        record.Started && Store.ReadHistory(record.Execution) is { Count: > 0 } chunks
            ? HistoryJson.Decode(chunks[0]).OfType<ExecutionStartedEvent>().FirstOrDefault()?.Input
            : engine.Board.PendingStart(record.Id)?.Input;

    /// <exception cref="InvalidOperationException">The row has no name, as a killed host may leave it: the real one answers neither for it
    /// nor for the page that holds it, in these words.</exception>
    private OrchestrationMetadata MetadataOf(InstanceRecord r, bool payloads) =>
        new(r.Name.Length > 0 ? r.Name : throw new InvalidOperationException("Exception was thrown by handler."), r.Id)
        {
            RuntimeStatus = (OrchestrationRuntimeStatus)r.Status,
            CreatedAt = new DateTimeOffset(r.CreatedAt, TimeSpan.Zero),
            LastUpdatedAt = new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero),
            DataConverter = payloads ? options.DataConverter : null,
            SerializedCustomStatus = payloads ? r.CustomStatus : null,
            SerializedInput = payloads ? InputOf(r) : null,
            SerializedOutput = payloads ? r.Output : null,
            FailureDetails = payloads && r.Failure is { } failure ? Public(failure) : null,
            Tags = r.Tags is { } tags ? tags.ToDictionary() : [],
        };

    private static TaskFailureDetails Public(FailureDetails f) =>
        new(f.ErrorType, f.ErrorMessage, f.StackTrace, f.InnerFailure is { } inner ? Public(inner) : null, f.Properties);
}

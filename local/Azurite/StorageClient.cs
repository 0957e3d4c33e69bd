using DurableTask.AzureStorage;
using DurableTask.Core;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using OrchestrationQuery = Microsoft.DurableTask.Client.OrchestrationQuery;
using StoredQuery = DurableTask.Core.Query.OrchestrationQuery;

namespace IRFunctions.Local.Azurite;

/// <summary>The official client's face for the engine on Azure Storage; in Azure the Functions host serves it over gRPC.</summary>
internal sealed class StorageClient(AzureStorageOrchestrationService service, DataConverter converter) : DurableTaskClient("azure-storage")
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Another one of the same id is refused while it is one of these, as by the Functions host.</summary>
    private static readonly OrchestrationStatus[] Unfinished =
    [
        OrchestrationStatus.Pending,
        OrchestrationStatus.Running,
        OrchestrationStatus.Suspended,
    ];

    public override DurableEntityClient Entities { get; } = new StorageEntityClient(service, converter);

    /// <exception cref="DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException">There is one of this id and it is not
    /// finished.</exception>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        var instance = new OrchestrationInstance
        {
            InstanceId = options?.InstanceId ?? Guid.NewGuid().ToString("N"),
            ExecutionId = Guid.NewGuid().ToString("N"),
        };
        var start = new ExecutionStartedEvent(-1, converter.Serialize(input))
        {
            Name = orchestratorName.Name,
            Version = options?.Version?.Version ?? "",
            OrchestrationInstance = instance,
            ScheduledStartTime = options?.StartAt?.UtcDateTime,
            Tags = options?.Tags?.ToDictionary(),
        };
        await service.CreateTaskOrchestrationAsync(new TaskMessage { OrchestrationInstance = instance, Event = start }, Unfinished);
        return instance.InstanceId;
    }

    public override Task RaiseEventAsync(
        string instanceId,
        string eventName,
        object? eventPayload = null,
        CancellationToken cancellation = default
    ) => SendAsync(instanceId, new EventRaisedEvent(-1, converter.Serialize(eventPayload)) { Name = eventName });

    public override Task TerminateInstanceAsync(
        string instanceId,
        TerminateInstanceOptions? options = null,
        CancellationToken cancellation = default
    ) => SendAsync(instanceId, new ExecutionTerminatedEvent(-1, converter.Serialize(options?.Output)));

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionSuspendedEvent(-1, reason));

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionResumedEvent(-1, reason));

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        var states = await service.GetOrchestrationStateAsync(instanceId, allExecutions: false, fetchInput: getInputsAndOutputs);
        return states is [{ } state, ..] ? MetadataOf(state, getInputsAndOutputs) : null;
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        return Pageable.Create(
            async (token, size, cancellation) =>
            {
                var found = await ((IOrchestrationServiceQueryClient)service).GetOrchestrationWithQueryAsync(
                    new StoredQuery
                    {
                        InstanceIdPrefix = query.InstanceIdPrefix,
                        CreatedTimeFrom = query.CreatedFrom?.UtcDateTime,
                        CreatedTimeTo = query.CreatedTo?.UtcDateTime,
                        // The two enums have the same numbers.
                        RuntimeStatus = query.Statuses?.Select(s => (OrchestrationStatus)s).ToArray() is { Length: > 0 } wanted
                            ? wanted
                            : null,
                        PageSize = size ?? query.PageSize,
                        ContinuationToken = token ?? query.ContinuationToken,
                        FetchInputsAndOutputs = query.FetchInputsAndOutputs,
                        ExcludeEntities = true,
                    },
                    cancellation
                );
                return new Page<OrchestrationMetadata>(
                    [.. found.OrchestrationState.Select(s => MetadataOf(s, query.FetchInputsAndOutputs))],
                    found.ContinuationToken
                );
            }
        );
    }

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => WaitAsync(instanceId, m => m.RuntimeStatus != OrchestrationRuntimeStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => WaitAsync(instanceId, m => m.IsCompleted, getInputsAndOutputs, cancellation);

    public override ValueTask DisposeAsync() => default;

    private async Task<OrchestrationMetadata> WaitAsync(
        string id,
        Func<OrchestrationMetadata, bool> reached,
        bool payloads,
        CancellationToken cancellation
    )
    {
        while (true)
        {
            if (await GetInstancesAsync(id, payloads, cancellation) is { } found && reached(found))
                return found;
            await Task.Delay(Look, TimeProvider.System, cancellation);
        }
    }

    private Task SendAsync(string id, HistoryEvent e) =>
        service.SendTaskOrchestrationMessageAsync(
            new TaskMessage
            {
                OrchestrationInstance = new OrchestrationInstance { InstanceId = id },
                Event = e,
            }
        );

    /// <exception cref="InvalidOperationException">The row has no name, as a killed host may leave it.</exception>
    private OrchestrationMetadata MetadataOf(OrchestrationState s, bool payloads) =>
        new(
            s.Name is { Length: > 0 } name
                ? name
                : throw new InvalidOperationException($"Instance '{s.OrchestrationInstance.InstanceId}' has no name."),
            s.OrchestrationInstance.InstanceId
        )
        {
            RuntimeStatus = (OrchestrationRuntimeStatus)s.OrchestrationStatus,
            CreatedAt = s.CreatedTime,
            LastUpdatedAt = s.LastUpdatedTime,
            DataConverter = payloads ? converter : null,
            SerializedCustomStatus = payloads ? s.Status : null,
            SerializedInput = payloads ? s.Input : null,
            SerializedOutput = payloads ? s.Output : null,
            FailureDetails = payloads && s.FailureDetails is { } failure ? Public(failure) : null,
            Tags = s.Tags is { } tags ? tags.ToDictionary() : [],
        };

    private static TaskFailureDetails Public(FailureDetails f) =>
        new(f.ErrorType, f.ErrorMessage, f.StackTrace, f.InnerFailure is { } inner ? Public(inner) : null, f.Properties);
}

using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.DurableTask.Protobuf;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// What the durable extension answers to a worker's DurableTaskClient: states that a test has put there; what was asked is kept.
/// </summary>
internal sealed class TaskHub : TaskHubSidecarService.TaskHubSidecarServiceBase
{
    private readonly ConcurrentDictionary<string, string> entities = new();
    private readonly ConcurrentDictionary<string, OrchestrationState> instances = new();
    private readonly ConcurrentQueue<SignalEntityRequest> signals = new();
    private readonly ConcurrentQueue<CreateInstanceRequest> starts = new();
    private readonly ConcurrentQueue<RaiseEventRequest> events = new();
    private readonly ConcurrentQueue<string> hubs = new();

    private volatile bool failing;

    public IReadOnlyList<SignalEntityRequest> Signals => [.. signals];

    public IReadOnlyList<CreateInstanceRequest> Starts => [.. starts];

    public IReadOnlyList<RaiseEventRequest> Events => [.. events];

    /// <summary>The task hub that each call named.</summary>
    public IReadOnlyList<string> Hubs => [.. hubs];

    /// <param name="id">As `@globalstop@tenant`.</param>
    /// <param name="state">JSON.</param>
    public void PutEntity(string id, string state) => entities[id] = state;

    public void PutInstance(OrchestrationState instance) => instances[instance.InstanceId] = instance;

    public override Task<SignalEntityResponse> SignalEntity(SignalEntityRequest request, ServerCallContext context)
    {
        Note(context);
        signals.Enqueue(request);
        return Task.FromResult(new SignalEntityResponse());
    }

    public override Task<CreateInstanceResponse> StartInstance(CreateInstanceRequest request, ServerCallContext context)
    {
        Note(context);
        starts.Enqueue(request);
        return Task.FromResult(new CreateInstanceResponse { InstanceId = request.InstanceId });
    }

    public override Task<RaiseEventResponse> RaiseEvent(RaiseEventRequest request, ServerCallContext context)
    {
        Note(context);
        events.Enqueue(request);
        return Task.FromResult(new RaiseEventResponse());
    }

    public override Task<GetInstanceResponse> GetInstance(GetInstanceRequest request, ServerCallContext context)
    {
        Note(context);
        var known = instances.GetValueOrDefault(request.InstanceId);
        return Task.FromResult(new GetInstanceResponse { Exists = known is not null, OrchestrationState = known });
    }

    public override Task<QueryInstancesResponse> QueryInstances(QueryInstancesRequest request, ServerCallContext context)
    {
        Note(context);
        var answer = new QueryInstancesResponse();
        var (prefix, wanted) = (request.Query.InstanceIdPrefix ?? "", request.Query.RuntimeStatus);
        answer.OrchestrationState.AddRange(
            instances.Values.Where(i =>
                i.InstanceId.StartsWith(prefix, StringComparison.Ordinal) && (wanted.Count == 0 || wanted.Contains(i.OrchestrationStatus))
            )
        );
        return Task.FromResult(answer);
    }

    public override Task<GetEntityResponse> GetEntity(GetEntityRequest request, ServerCallContext context)
    {
        Note(context);
        return Task.FromResult(
            entities.TryGetValue(request.InstanceId, out var state)
                ? new GetEntityResponse { Exists = true, Entity = Entity(request.InstanceId, state) }
                : new GetEntityResponse()
        );
    }

    public override Task<QueryEntitiesResponse> QueryEntities(QueryEntitiesRequest request, ServerCallContext context)
    {
        Note(context);
        var answer = new QueryEntitiesResponse();
        var prefix = request.Query.InstanceIdStartsWith ?? "";
        answer.Entities.AddRange(
            entities.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(e => Entity(e.Key, e.Value))
        );
        return Task.FromResult(answer);
    }

    private static EntityMetadata Entity(string id, string state) =>
        new()
        {
            InstanceId = id,
            SerializedState = state,
            LastModifiedTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
        };

    /// <summary>Refuses every call until disposed.</summary>
    public IDisposable Fail()
    {
        failing = true;
        return new Outage(this);
    }

    private void Note(ServerCallContext context)
    {
        if (failing)
            throw new RpcException(new Status(StatusCode.Unavailable, "the storage account does not answer"));
        hubs.Enqueue(context.RequestHeaders.GetValue("durable-taskhub") ?? "");
    }

    private sealed class Outage(TaskHub hub) : IDisposable
    {
        public void Dispose() => hub.failing = false;
    }
}

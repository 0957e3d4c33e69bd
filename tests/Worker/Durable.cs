using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using IRFunctions.Tests.RealWorker.Rpc;
using Microsoft.DurableTask.Protobuf;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// Steps of orchestrations and entities as the durable extension hands them to a worker: protobuf messages as base64 text.
/// </summary>
internal static class Durable
{
    private static readonly Timestamp Now = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());

    private static readonly OrchestratorEntityParameters Entities = new()
    {
        EntityMessageReorderWindow = Duration.FromTimeSpan(TimeSpan.FromMinutes(30)),
    };

    /// <summary>Runs an orchestrator on a history and returns what it wants next.</summary>
    /// <param name="past">What it has been through; empty for its first step.</param>
    /// <param name="news">What happened since.</param>
    public static async Task<OrchestratorResponse> StepAsync(
        FunctionsHost host,
        string orchestrator,
        string instance,
        object input,
        IReadOnlyList<HistoryEvent>? past = null,
        params HistoryEvent[] news
    )
    {
        var request = new OrchestratorRequest
        {
            InstanceId = instance,
            ExecutionId = "run",
            EntityParameters = Entities,
        };
        if (past is null)
            request.NewEvents.Add(Started(orchestrator, instance, input));
        else
        {
            request.PastEvents.Add(Started(orchestrator, instance, input));
            request.PastEvents.Add(past);
            request.NewEvents.Add(
                new HistoryEvent
                {
                    EventId = -1,
                    Timestamp = Now,
                    OrchestratorStarted = new OrchestratorStartedEvent(),
                }
            );
            request.NewEvents.Add(news);
        }
        var answer = await host.InvokeAsync(orchestrator, Encoded(request));
        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, answer.Result.Exception?.Message);
        return OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(answer.ReturnValue.String));
    }

    /// <summary>Runs operations on an entity, one batch.</summary>
    /// <param name="state">JSON; null for an entity that was never there.</param>
    public static async Task<EntityBatchResult> BatchAsync(
        FunctionsHost host,
        string entity,
        string key,
        string? state,
        params (string Operation, object? Input)[] operations
    )
    {
        var request = new EntityBatchRequest { InstanceId = $"@{entity.ToLowerInvariant()}@{key}", EntityState = state };
        request.Operations.AddRange(
            operations.Select(o => new OperationRequest
            {
                Operation = o.Operation,
                RequestId = Guid.NewGuid().ToString(),
                Input = Json(o.Input),
            })
        );
        var answer = await host.InvokeAsync(entity, Encoded(request));
        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, answer.Result.Exception?.Message);
        var result = EntityBatchResult.Parser.ParseFrom(Convert.FromBase64String(answer.ReturnValue.String));
        Assert.Null(result.FailureDetails);
        return result;
    }

    public static HistoryEvent Scheduled(int id, string activity) =>
        new()
        {
            EventId = id,
            Timestamp = Now,
            TaskScheduled = new TaskScheduledEvent { Name = activity },
        };

    public static HistoryEvent Completed(int id, string result) =>
        new()
        {
            EventId = -1,
            Timestamp = Now,
            TaskCompleted = new TaskCompletedEvent { TaskScheduledId = id, Result = result },
        };

    public static string? Json(object? value) => value is null ? null : JsonSerializer.Serialize(value, PayloadJson.Options);

    private static HistoryEvent[] Started(string orchestrator, string instance, object input) =>
        [
            new HistoryEvent
            {
                EventId = -1,
                Timestamp = Now,
                OrchestratorStarted = new OrchestratorStartedEvent(),
            },
            new HistoryEvent
            {
                EventId = -1,
                Timestamp = Now,
                ExecutionStarted = new ExecutionStartedEvent
                {
                    Name = orchestrator,
                    Version = "1.0",
                    Input = Json(input),
                    OrchestrationInstance = new OrchestrationInstance { InstanceId = instance, ExecutionId = "run" },
                },
            },
        ];

    private static TypedData Encoded(IMessage message) => new() { String = Convert.ToBase64String(message.ToByteArray()) };
}

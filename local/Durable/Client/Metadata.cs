using Grpc.Core;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Local.Durable.Client;

/// <summary>Between what is stored and what clients see.</summary>
internal static class Metadata
{
    /// <exception cref="RpcException">The row has no name, as a killed host may leave it: the real host cannot answer for it, nor for the page that holds it.</exception>
    public static OrchestrationMetadata Of(InstanceRecord r, bool payloads) => new(r.Name.Length > 0 ? r.Name : throw new RpcException(new Status(StatusCode.Unknown, "Exception was thrown by handler.")), r.Id)
    {
        RuntimeStatus = (OrchestrationRuntimeStatus)r.Status,
        CreatedAt = new DateTimeOffset(r.CreatedAt, TimeSpan.Zero),
        LastUpdatedAt = new DateTimeOffset(r.UpdatedAt, TimeSpan.Zero),
        DataConverter = DurableJson.Converter,
        SerializedCustomStatus = DurableJson.Text(r.CustomStatus),
        SerializedInput = payloads ? DurableJson.Text(r.Input) : null,
        SerializedOutput = payloads ? DurableJson.Text(r.Output) : null,
        FailureDetails = r.Failure is null ? null : DurableJson.ReadFailure(r.Failure),
        Tags = DurableJson.Deserialize<Dictionary<string, string>>(r.Tags is null ? null : r.Tags.AsMemory()) ?? [],
    };

    public static InstanceFilter Filter(DateTimeOffset? from, DateTimeOffset? to, IEnumerable<OrchestrationRuntimeStatus>? statuses) => new()
    {
        Entities = false,
        CreatedFrom = from?.UtcTicks ?? 0,
        CreatedTo = to?.UtcTicks ?? long.MaxValue,
        Statuses = statuses is null ? null : [.. statuses.Select(s => (InstanceStatus)s)],
    };
}

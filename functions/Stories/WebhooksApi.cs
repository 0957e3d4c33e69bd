using System.ComponentModel;
using System.Text.Json.Serialization;
using Azure.Data.Tables;
using IRFunctions.Http;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Stories;

/// <summary>How a delivery stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeliveryState>))]
public enum DeliveryState
{
    Waiting,
    Sent,

    /// <summary>Given up; people were paged.</summary>
    Failed,
}

/// <summary>Which deliveries are wanted. Everything given must hold.</summary>
public sealed record WebhookQuery : PageQuery
{
    [Description("How they stand.")]
    public DeliveryState? State { get; init; }

    [Description("Key of the incident.")]
    public string? Incident { get; init; }
}

/// <summary>One outcome on its way to one endpoint. The endpoint's address is not shown.</summary>
/// <param name="Id">Of the event; the same at every try.</param>
/// <param name="Endpoint">Names the endpoint by a digest of its address.</param>
/// <param name="NextAt">When it is tried again; null where it is not.</param>
/// <param name="LastAnswer">What became of the last try; null before the first.</param>
public sealed record WebhookDelivery(
    string Id,
    string Endpoint,
    string Type,
    string Incident,
    DeliveryState State,
    DateTimeOffset At,
    int Attempts,
    DateTimeOffset? LastAt,
    string? LastAnswer,
    DateTimeOffset? NextAt
);

/// <summary>A page of deliveries, those that ended before those that wait, by id.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record WebhookList(IReadOnlyList<WebhookDelivery> Deliveries, string? Continuation, string? Next);

/// <summary>Outcomes sent to other systems: the log of deliveries, and the clock that sends them.</summary>
public sealed class WebhooksApi(RequestGuard guard, TableServiceClient tables, WebhookSender sender)
{
    private readonly TableClient table = tables.GetTableClient(OutcomeQueue.TableName);

    /// <summary>Every minute; with nothing configured it does nothing.</summary>
    [Function("SendWebhooks")]
    public Task SendAsync([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellation) => sender.SendAsync(cancellation);

    [Query(typeof(WebhookQuery))]
    [EndpointSummary("Deliveries of outcomes to other systems")]
    [ProducesResponseType<WebhookList>(200)]
    [Function("GetWebhooks")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/webhooks")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<WebhookQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 2, out var keys, out problem))
            return problem;
        var (partition, place) = keys.Count > 0 ? (keys[0], keys[1]) : ("", "");
        var found = new List<WebhookDelivery>();
        string? continuation = null;
        var last = ("", "");
        var filter = TableClient.CreateQueryFilter($"PartitionKey gt {partition} or (PartitionKey eq {partition} and RowKey gt {place})");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            if (found.Count == query.Rows)
            {
                continuation = Continuation.Of(query, last.Item1, last.Item2);
                break;
            }
            last = (row.PartitionKey, row.RowKey);
            var delivery = Of(row);
            if (
                (query.State is not { } state || delivery.State == state) && (query.Incident is null || delivery.Incident == query.Incident)
            )
                found.Add(delivery);
        }
        return new TaggedResult(new WebhookList(found, continuation, Continuation.LinkOf(request, continuation)));
    }

    private static WebhookDelivery Of(TableEntity row)
    {
        var key = row.RowKey.Split('|');
        return new WebhookDelivery(
            key[0],
            key[^1],
            row.GetString("Type") ?? "",
            row.GetString("Chain") ?? "",
            row.PartitionKey == OutcomeQueue.Waiting ? DeliveryState.Waiting
                : row.GetString("State") == "sent" ? DeliveryState.Sent
                : DeliveryState.Failed,
            row.GetDateTimeOffset("At") ?? default,
            row.GetInt32("Attempts") ?? 0,
            row.GetDateTimeOffset("LastAt"),
            row.GetString("LastAnswer"),
            row.GetDateTimeOffset("NextAt")
        );
    }
}

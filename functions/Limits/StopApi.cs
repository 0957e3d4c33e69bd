using IRFunctions.Http;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Limits;

/// <param name="Reason">Why; stands on the record.</param>
public sealed record StopBody(string? Reason);

/// <summary>The red button: PUT engages it, DELETE lifts it, GET looks.</summary>
public sealed class StopApi(RequestGuard guard)
{
    [Function("GetStop")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) =>
        await guard.ReaderAsync(request, cancellation) is null
            ? ProblemResults.SignIn()
            : new OkObjectResult(await GlobalStop.ReadAsync(client, cancellation));

    [Function("PutStop")]
    public Task<IActionResult> EngageAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => ChangeAsync(request, client, nameof(GlobalStop.Engage), AuditKinds.StopEngaged, "engaged the global stop", cancellation);

    [Function("DeleteStop")]
    public Task<IActionResult> LiftAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => ChangeAsync(request, client, nameof(GlobalStop.Lift), AuditKinds.StopLifted, "lifted the global stop", cancellation);

    private async Task<IActionResult> ChangeAsync(
        HttpRequest request,
        DurableTaskClient client,
        string operation,
        string kind,
        string what,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, what, cancellation);
        if (caller is null)
            return refusal!;
        var (body, problem) = await RequestGuard.ReadAsync<StopBody>(request, """{"reason":"..."}""", cancellation);
        if (body is null)
            return problem!;
        if (ProblemResults.LacksReason(body.Reason, out var silent))
            return silent;
        await guard.RecordAsync(RecordChains.Pipeline, kind, $"{caller.Name} {what}: {body.Reason}", caller.ObjectId, cancellation);
        await client.Entities.SignalEntityAsync(
            GlobalStop.Id,
            operation,
            new StopOrder(caller.ObjectId, body.Reason),
            cancellation: cancellation
        );
        return new AcceptedResult("/api/stop", new { what, look = "/api/stop" });
    }
}

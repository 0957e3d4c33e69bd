using IRFunctions.Http;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Limits;

/// <summary>The red button: PUT engages it, DELETE lifts it, GET looks.</summary>
public sealed class StopApi(RequestGuard guard)
{
    [Function("GetStop")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) =>
        await guard.ReaderAsync(request, cancellation) is null
            ? ProblemResults.SignIn()
            : new OkObjectResult(await GlobalStop.ReadAsync(client, cancellation));

    [Function("PutStop")]
    public Task<IActionResult> EngageAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => ChangeAsync(request, client, nameof(GlobalStop.Engage), AuditKinds.StopEngaged, "engaged the global stop", cancellation);

    [Function("DeleteStop")]
    public Task<IActionResult> LiftAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/stop")] HttpRequest request,
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
        var (caller, refusal) = await guard.ResponderAsync(request, what, cancellation, [.. TokenSignIn.MayStop]);
        if (caller is null)
            return refusal!;
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        await guard.RecordAsync(RecordChains.Pipeline, kind, $"{caller.Name} {what}: {reason}", caller.ObjectId, cancellation);
        await client.Entities.SignalEntityAsync(
            GlobalStop.Id,
            operation,
            new StopOrder(caller.ObjectId, reason),
            cancellation: cancellation
        );
        return new AcceptedResult("/api/stop", new { what, look = "/api/stop" });
    }
}

using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Limits;

/// <summary>The global stop was engaged or lifted.</summary>
/// <param name="What">What the person did.</param>
/// <param name="At">When it was taken, by the server's clock.</param>
/// <param name="Look">Where to see it.</param>
public sealed record StopTaken(string What, bool Engaged, DateTimeOffset At, string Look);

/// <summary>The red button: PUT engages it, DELETE lifts it, GET looks.</summary>
public sealed class StopApi(RequestGuard guard, TimeProvider time)
{
    [EndpointSummary("Whether new effects are halted")]
    [ProducesResponseType<GlobalStopState>(200)]
    [Function("GetStop")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        return QueryReader.Refuses(request, out var unknown) ? unknown : new TaggedResult(await GlobalStop.ReadAsync(client, cancellation));
    }

    [Accepts(typeof(ReasonBody))]
    [EndpointSummary("Halt every new effect at once")]
    [ProducesResponseType<StopTaken>(202)]
    [Function("PutStop")]
    public Task<IActionResult> EngageAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/stop")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => ChangeAsync(request, client, nameof(GlobalStop.Engage), AuditKinds.StopEngaged, "engaged the global stop", cancellation);

    [Accepts(typeof(ReasonBody))]
    [EndpointSummary("Let effects happen again")]
    [ProducesResponseType<StopTaken>(202)]
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
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
        const string Look = "/api/stop";
        return new AcceptedResult(Look, new StopTaken(what, operation == nameof(GlobalStop.Engage), time.GetUtcNow(), Look));
    }
}

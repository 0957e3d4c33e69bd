using System.Text.Json.Serialization;
using IRFunctions.Http;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <param name="Endpoint">What the request calls; may be left out.</param>
/// <param name="Authentication">"failed" where the request's authentication failed just now.</param>
/// <param name="Amount">What the request would move, where the policy limits it; its sign is the direction.</param>
/// <param name="Unit">Unit of the amount.</param>
public sealed record EvaluateBody(
    string? Endpoint,
    string? IdentityType,
    string? Authentication,
    decimal? Amount = null,
    string? Unit = null
);

/// <summary>The answer in front of every request.</summary>
/// <param name="ForSeconds">How long it stands; null where the next request may be answered otherwise.</param>
public sealed record EvaluateAnswer(
    [property: JsonConverter(typeof(JsonStringEnumConverter<GateVerdict>))] GateVerdict Verdict,
    string Reason,
    double? ForSeconds,
    DateTimeOffset? Until,
    BreakerStatus State,
    DateTimeOffset AsOf
);

/// <summary>Agents and workloads: the gate, their activity, what their breaker thinks, and what people may order.</summary>
public sealed class IdentitiesApi(
    RequestGuard guard,
    Gate gate,
    AgentGate agents,
    PolicyStore policies,
    InteractionStore evidence,
    TimeProvider time
)
{
    /// <summary>Allow, limited or deny for one request, from memory.</summary>
    [Function("EvaluateIdentity")]
    public async Task<IActionResult> EvaluateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "identities/{id}/evaluate")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        EvaluateBody? body = null;
        if (request.ContentLength is > 0)
        {
            (body, var problem) = await RequestGuard.ReadAsync<EvaluateBody>(request, """{"endpoint":"GET /quotes"}""", cancellation);
            if (body is null)
                return problem!;
        }
        if (body?.Endpoint is { Length: > ActivityLimits.MaxText })
            return ProblemResults.Of(400, "endpoint", "The endpoint is too long", $"At most {ActivityLimits.MaxText} characters.");
        var failed = string.Equals(body?.Authentication, "failed", StringComparison.OrdinalIgnoreCase);
        var answer = await gate.EvaluateAsync(
            identity,
            new GateRequest(body?.Endpoint, failed, body?.IdentityType ?? "unknown", body?.Amount, body?.Unit),
            client,
            cancellation
        );
        var left = answer.Until is { } until ? Math.Max(0, (until - time.GetUtcNow()).TotalSeconds) : (double?)null;
        return new OkObjectResult(new EvaluateAnswer(answer.Verdict, answer.Reason, left, answer.Until, answer.Status, answer.AsOf));
    }

    /// <summary>A batch of activity over HTTP: the same as on the queue, for senders without Service Bus.</summary>
    [Function("PostActivity")]
    public async Task<IActionResult> ActivityAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "activity")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (sender, stranger) = await agents.SenderAsync(request, cancellation);
        if (sender is null)
            return stranger!;
        var (bytes, problem) = await RequestGuard.ReadBytesAsync(request, ActivityLimits.MaxBytes, cancellation);
        if (bytes is null)
            return problem!;
        var reading = ActivityReader.Read(bytes);
        if (reading.Batch is not { } batch)
            return ProblemResults.Of(400, ActivityReading.ReasonCode, "This is no activity batch", reading.Explanation);
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(batch.Identity),
            nameof(CircuitBreaker.Observe),
            // The sender is who signed in, whatever name the batch claims: nobody can number another's batches.
            batch.From($"http:{sender}"),
            cancellation: cancellation
        );
        // Not durable is not accepted: the sender repeats the batch, which changes nothing more.
        await evidence.KeepAsync(batch, cancellation);
        return new AcceptedResult(
            $"/api/identities/{batch.Identity}",
            new { accepted = batch.Events.Count, look = $"/api/identities/{batch.Identity}" }
        );
    }

    /// <summary>State, score with every contribution, what is usual, and the history.</summary>
    [Function("GetIdentity")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "identities/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var entity = await client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(identity), cancellation: cancellation);
        if (entity is not { IncludesState: true, State: { } state })
            return ProblemResults.NotFound($"activity of {identity}");
        return new OkObjectResult(
            new
            {
                identity,
                type = state.IdentityType,
                state = state.Status,
                since = state.Since,
                until = state.Until,
                limitedUntil = state.LimitedUntil,
                score = state.Score.Value,
                contributions = state.Score.Contributions,
                inWords = state.Score.InWords,
                quarantineAbove = policies.Current.Breaker.QuarantineAbove,
                baseline = new
                {
                    learnt = state.Baseline.IsAnchored,
                    windows = state.Baseline.Windows,
                    mean = state.Baseline.Mean,
                    anchor = state.Baseline.Anchor,
                    usualEndpoints = state.Baseline.UsualEndpoints.Order(StringComparer.Ordinal),
                },
                good = state.Good,
                duplicates = state.Duplicates,
                late = state.Late,
                bypassed = state.Bypassed,
                refusals = state.Refusals,
                history = state.History,
                record = $"/api/audit/{BreakerKinds.ChainOf(identity)}",
            }
        );
    }

    /// <summary>
    /// `/open`, `/half-open`, `/close` or `/rebase`, with a reason. What is not legal is refused by the breaker, on the record.
    /// </summary>
    [Function("ChangeIdentity")]
    public async Task<IActionResult> ChangeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "identities/{id}/breaker/{change}")] HttpRequest request,
        string id,
        string change,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"{change} of the breaker of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        if (Operation(change) is not { } operation)
            return ProblemResults.NotFound($"change called {change}; use open, half-open, close or rebase");
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        // The breaker records its changes itself; a rebase changes no state.
        if (operation == nameof(CircuitBreaker.Rebase))
            await guard.RecordAsync(
                BreakerKinds.ChainOf(identity),
                BreakerKinds.Rebased,
                $"{caller.Name} accepted what is usual now as the baseline of {identity}: {reason}",
                caller.ObjectId,
                cancellation
            );
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(identity),
            operation,
            new BreakerOrder(caller.ObjectId, reason),
            cancellation: cancellation
        );
        return new AcceptedResult($"/api/identities/{identity}", new { change, look = $"/api/identities/{identity}" });
    }

    private static string? Operation(string change) =>
        change switch
        {
            "open" => nameof(CircuitBreaker.Open),
            "half-open" => nameof(CircuitBreaker.HalfOpen),
            "close" => nameof(CircuitBreaker.Close),
            "rebase" => nameof(CircuitBreaker.Rebase),
            _ => null,
        };
}

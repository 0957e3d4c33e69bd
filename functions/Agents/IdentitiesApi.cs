using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using IRFunctions.Durable;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>The request that waits in front of the gate.</summary>
/// <param name="Endpoint">What the request calls; may be left out.</param>
/// <param name="Authentication">"failed" where the request's authentication failed just now.</param>
[RequestBody]
public sealed record EvaluateBody(
    [property: Description("What it calls, as the activity feed calls it."), MaxLength(ActivityLimits.MaxText)] string? Endpoint,
    [property: Description("Word of the policy.")] string? IdentityType,
    [property: Description("failed where its authentication failed just now.")] string? Authentication
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

/// <summary>A batch of activity was taken.</summary>
/// <param name="Accepted">Events in it.</param>
/// <param name="At">When, by the server's clock.</param>
/// <param name="Look">Where to see what it changed.</param>
public sealed record ActivityTaken(int Accepted, DateTimeOffset At, string Look);

/// <summary>Which identities are wanted. Everything given must hold.</summary>
public sealed record IdentityQuery : PageQuery
{
    [Description("Where the breaker stands.")]
    public BreakerStatus? State { get; init; }

    [Description("Type of the identity, a word of the policy.")]
    public string? Type { get; init; }

    [Description("Part of the identity's name, in any case.")]
    public string? Text { get; init; }
}

/// <summary>An identity in a list.</summary>
/// <param name="Until">When an open breaker becomes half-open by itself; null where it does not.</param>
public sealed record ShownIdentity(
    string Identity,
    string Type,
    BreakerStatus State,
    DateTimeOffset Since,
    DateTimeOffset? Until,
    DateTimeOffset? LimitedUntil,
    decimal Score
);

/// <summary>A page of identities, in the order of their names.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record IdentityList(IReadOnlyList<ShownIdentity> Identities, string? Continuation, string? Next);

/// <summary>What is usual for an identity.</summary>
/// <param name="Learnt">Whether enough was seen to judge by it.</param>
public sealed record ShownBaseline(bool Learnt, int Windows, UsualValues? Mean, UsualValues? Anchor, IReadOnlyList<string> UsualEndpoints);

/// <summary>State, score with every contribution, what is usual, and the history.</summary>
/// <param name="Since">Since when it stands so.</param>
/// <param name="Until">When an open breaker becomes half-open by itself; null where it does not.</param>
/// <param name="Record">Address of its chain.</param>
public sealed record IdentityDetails(
    string Identity,
    string Type,
    BreakerStatus State,
    DateTimeOffset Since,
    DateTimeOffset? Until,
    DateTimeOffset? LimitedUntil,
    decimal Score,
    IReadOnlyList<Contribution> Contributions,
    string InWords,
    decimal QuarantineAbove,
    ShownBaseline Baseline,
    int Good,
    int Duplicates,
    int Late,
    int Bypassed,
    int Refusals,
    IReadOnlyList<BreakerEntry> History,
    string Record
);

/// <summary>A change of a breaker was ordered; what is not legal is refused by the breaker, on the record.</summary>
/// <param name="At">When, by the server's clock.</param>
/// <param name="Look">Where to see it.</param>
public sealed record BreakerChangeTaken(string Change, DateTimeOffset At, string Look);

/// <summary>Agents and workloads: the gate, their activity, what their breaker thinks, and what people may order.</summary>
public sealed class IdentitiesApi(
    RequestGuard guard,
    Gate gate,
    AgentGate agents,
    PolicyStore policies,
    InteractionStore evidence,
    RowTrouble trouble,
    TimeProvider time
)
{
    /// <summary>Allow, limited or deny for one request, from memory.</summary>
    [Accepts(typeof(EvaluateBody), IsOptional = true)]
    [EndpointSummary("Allow, limited or deny for one request")]
    [ProducesResponseType<EvaluateAnswer>(200)]
    [Function("EvaluateIdentity")]
    public async Task<IActionResult> EvaluateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/identities/{id}/evaluate")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
            new GateRequest(body?.Endpoint, failed, body?.IdentityType ?? "unknown"),
            client,
            cancellation
        );
        var left = answer.Until is { } until ? Math.Max(0, (until - time.GetUtcNow()).TotalSeconds) : (double?)null;
        return new OkObjectResult(new EvaluateAnswer(answer.Verdict, answer.Reason, left, answer.Until, answer.Status, answer.AsOf));
    }

    /// <summary>A batch of activity over HTTP: the same as on the queue, for senders without Service Bus.</summary>
    [Accepts(null, "application/json")]
    [EndpointSummary("A batch of activity, as on the queue")]
    [EndpointDescription("docs/agents.md has the form of a batch. At least once is enough: a batch that comes again changes nothing.")]
    [ProducesResponseType<ActivityTaken>(202)]
    [Function("PostActivity")]
    public async Task<IActionResult> ActivityAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/activity")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        var (bytes, problem) = await RequestGuard.ReadBytesAsync(request, ActivityLimits.MaxBytes, cancellation);
        if (bytes is null)
            return problem!;
        var reading = ActivityReader.Read(bytes);
        if (reading.Batch is not { } batch)
            return ProblemResults.Of(400, ActivityReading.ReasonCode, "This is no activity batch", reading.Explanation);
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(batch.Identity),
            nameof(CircuitBreaker.Observe),
            batch,
            cancellation: cancellation
        );
        // Not durable is not accepted: the sender repeats the batch, which changes nothing more.
        await evidence.KeepAsync(batch, cancellation);
        var look = $"/api/identities/{batch.Identity}";
        return new AcceptedResult(look, new ActivityTaken(batch.Events.Count, time.GetUtcNow(), look));
    }

    /// <summary>Every identity that was heard of.</summary>
    [Query(typeof(IdentityQuery))]
    [EndpointSummary("Identities and how their breakers stand")]
    [ProducesResponseType<IdentityList>(200)]
    [Function("GetIdentities")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/identities")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<IdentityQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 2, out var keys, out problem))
            return problem;
        var (found, next) = await EntityList.PageAsync<BreakerState>(
            client,
            nameof(CircuitBreaker),
            (id, state) => Matches(id, state, query),
            (id, why) => trouble.TellAsync($"the state of identity {id}", why, "Its breaker cannot be judged; look at it.", cancellation),
            keys.Count > 0 ? (keys[0], keys[1]) : null,
            query.Rows,
            cancellation
        );
        var continuation = next is { } place ? Continuation.Of(query, place.Page, place.Key) : null;
        return new TaggedResult(
            new IdentityList(
                [
                    .. found.Select(f => new ShownIdentity(
                        f.Key,
                        f.State.IdentityType,
                        f.State.Status,
                        f.State.Since,
                        f.State.Until,
                        f.State.LimitedUntil,
                        f.State.Score.Value
                    )),
                ],
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }

    private static bool Matches(string id, BreakerState state, IdentityQuery query) =>
        (query.State is not { } wanted || state.Status == wanted)
        && (query.Type is null || state.IdentityType == query.Type)
        && (query.Text is not { } text || id.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>State, score with every contribution, what is usual, and the history.</summary>
    [EndpointSummary("One identity: state, score, what is usual, history")]
    [ProducesResponseType<IdentityDetails>(200)]
    [Function("GetIdentity")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/identities/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.NoIdentityReaderAsync(request, cancellation) is { } refused)
            return refused;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var entity = await client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(identity), cancellation: cancellation);
        if (entity is not { IncludesState: true, State: { } state })
            return ProblemResults.NotFound($"activity of {identity}");
        return new TaggedResult(
            new IdentityDetails(
                identity,
                state.IdentityType,
                state.Status,
                state.Since,
                state.Until,
                state.LimitedUntil,
                state.Score.Value,
                state.Score.Contributions,
                state.Score.InWords,
                policies.Current.Breaker.QuarantineAbove,
                new ShownBaseline(
                    state.Baseline.IsAnchored,
                    state.Baseline.Windows,
                    state.Baseline.Mean,
                    state.Baseline.Anchor,
                    [.. state.Baseline.UsualEndpoints.Order(StringComparer.Ordinal)]
                ),
                state.Good,
                state.Duplicates,
                state.Late,
                state.Bypassed,
                state.Refusals,
                state.History,
                $"/api/audit/{BreakerKinds.ChainOf(identity)}"
            )
        );
    }

    /// <summary>
    /// `/open`, `/half-open`, `/close` or `/rebase`, with a reason. What is not legal is refused by the breaker, on the record.
    /// </summary>
    [Accepts(typeof(ReasonBody))]
    [EndpointSummary("Open, half-open, close or rebase a breaker")]
    [ProducesResponseType<BreakerChangeTaken>(202)]
    [Function("ChangeIdentity")]
    public async Task<IActionResult> ChangeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/identities/{id}/breaker/{change}")] HttpRequest request,
        string id,
        [Description("open, half-open, close or rebase."), AllowedValues("open", "half-open", "close", "rebase")] string change,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"{change} of the breaker of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
        var look = $"/api/identities/{identity}";
        return new AcceptedResult(look, new BreakerChangeTaken(change, time.GetUtcNow(), look));
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

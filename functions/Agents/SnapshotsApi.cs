using System.ComponentModel;
using IRFunctions.Connections;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>What a snapshot builds on.</summary>
public sealed record SnapshotQuery
{
    [Description("An identity that it builds on; once for each.")]
    public IReadOnlyList<string>? DependsOn { get; init; }
}

/// <summary>A recovery point in the list.</summary>
/// <param name="AgeSeconds">Its age at the time of the answer.</param>
/// <param name="Verified">Read back now and unchanged.</param>
/// <param name="Problem">Why not; null where it is.</param>
public sealed record ShownSnapshot(
    long Version,
    DateTimeOffset TakenAt,
    double AgeSeconds,
    bool Verified,
    string? Problem,
    int Size,
    string Sha256,
    IReadOnlyList<SnapshotDependency> Dependencies
);

/// <summary>The last ten recovery points of an identity, newest first.</summary>
public sealed record SnapshotList(IReadOnlyList<ShownSnapshot> RecoveryPoints);

/// <summary>An identity went back to a snapshot.</summary>
/// <param name="Warnings">Dependencies that moved on since.</param>
/// <param name="At">When, by the server's clock.</param>
/// <param name="Content">Address of the state.</param>
/// <param name="Breaker">How the breaker stands now.</param>
public sealed record SnapshotRestored(
    Snapshot Snapshot,
    bool Verified,
    IReadOnlyList<string> Warnings,
    DateTimeOffset At,
    string Content,
    string Breaker
);

/// <summary>
/// States that agents hand in, and the way back to one: verified, with warnings, on the record, and the breaker half-open afterwards.
/// </summary>
public sealed class SnapshotsApi(RequestGuard guard, AgentGate agents, AgentSnapshots snapshots, TimeProvider time)
{
    /// <summary>The body is the state, opaque; `?dependsOn=agent` once for each agent it builds on.</summary>
    [Query(typeof(SnapshotQuery)), Accepts(null, "application/octet-stream")]
    [EndpointSummary("Hand in a state to come back to")]
    [ProducesResponseType<Snapshot>(201)]
    [Function("PostSnapshot")]
    public async Task<IActionResult> KeepAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/identities/{id}/snapshots")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        if (!QueryReader.TryRead<SnapshotQuery>(request, out var query, out var unknown))
            return unknown;
        var dependsOn = (query.DependsOn ?? []).Select(d => d.ToLowerInvariant()).ToList();
        if (dependsOn.Count > AgentSnapshots.MaxDependencies || dependsOn.Any(d => !ActivityReader.IsIdentity(d)))
            return ProblemResults.Of(
                400,
                "depends-on",
                "A dependency is no identity",
                $"Name at most {AgentSnapshots.MaxDependencies} identities, each as ?dependsOn=ID."
            );
        var (bytes, problem) = await RequestGuard.ReadBytesAsync(request, AgentSnapshots.MaxSize, cancellation);
        if (bytes is null)
            return problem!;
        if (bytes.Length == 0)
            return ProblemResults.Of(400, "body", "There is no state", "Send the state as the body of the request.");
        var snapshot = await snapshots.KeepAsync(identity, bytes, dependsOn, cancellation);
        return new CreatedResult($"/api/identities/{identity}/snapshots/{snapshot.Version}", snapshot);
    }

    /// <summary>The last ten recovery points with their age, and whether each is unchanged.</summary>
    [EndpointSummary("The last ten states of an identity")]
    [ProducesResponseType<SnapshotList>(200)]
    [Function("GetSnapshots")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/identities/{id}/snapshots")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.NoIdentityReaderAsync(request, cancellation) is { } refused)
            return refused;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var points = await snapshots.RecoveryPointsAsync(identity, cancellation);
        return new TaggedResult(
            new SnapshotList([
                .. points.Select(p => new ShownSnapshot(
                    p.Snapshot.Version,
                    p.Snapshot.TakenAt,
                    p.Age.TotalSeconds,
                    p.Verified,
                    p.Problem,
                    p.Snapshot.Size,
                    p.Snapshot.Sha256,
                    p.Snapshot.Dependencies
                )),
            ])
        );
    }

    /// <summary>The state of a version, for the agent's runtime; verified before a byte is sent.</summary>
    [EndpointSummary("The state of a version, verified")]
    [ProducesResponseType(typeof(Stream), 200, "application/octet-stream")]
    [Function("GetSnapshot")]
    public async Task<IActionResult> ReadAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/identities/{id}/snapshots/{version:long}")] HttpRequest request,
        string id,
        long version,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        try
        {
            return new FileContentResult((await snapshots.OpenAsync(identity, version, cancellation)).Content, "application/octet-stream");
        }
        catch (PermanentFaultException e)
        {
            return ProblemResults.Of(409, "snapshot", "This recovery point cannot be used", e.Message);
        }
    }

    /// <summary>
    /// Goes back to a version: verifies it, warns about dependencies that moved on, records, and leaves the breaker half-open.
    /// </summary>
    [Accepts(typeof(ReasonBody))]
    [EndpointSummary("Go back to a version")]
    [ProducesResponseType<SnapshotRestored>(200)]
    [Function("RestoreSnapshot")]
    public async Task<IActionResult> RestoreAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/identities/{id}/snapshots/{version:long}/restore")]
            HttpRequest request,
        string id,
        long version,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"restore of snapshot {version} of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        RestoredState restored;
        try
        {
            restored = await snapshots.OpenAsync(identity, version, cancellation);
        }
        catch (PermanentFaultException e)
        {
            await guard.RecordAsync(
                BreakerKinds.ChainOf(identity),
                BreakerKinds.NotRestored,
                $"{caller.Name} wanted to go back to snapshot {version}: {e.Message}",
                caller.ObjectId,
                cancellation
            );
            return ProblemResults.Of(409, "snapshot", "This recovery point cannot be used", e.Message);
        }
        var warned = restored.Warnings.Count == 0 ? "nothing it depends on has moved on" : string.Join("; ", restored.Warnings);
        await guard.RecordAsync(
            BreakerKinds.ChainOf(identity),
            BreakerKinds.Restored,
            $"{caller.Name} went back to snapshot {version} of {restored.Snapshot.TakenAt:yyyy-MM-dd HH:mm:ss} UTC (sha256 "
                + $"{restored.Snapshot.Sha256}, verified); {warned}. {reason}",
            caller.ObjectId,
            cancellation
        );
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(identity),
            nameof(CircuitBreaker.HalfOpen),
            new BreakerOrder(caller.ObjectId, $"restored from snapshot {version}. {reason}", "restored"),
            cancellation: cancellation
        );
        return new OkObjectResult(
            new SnapshotRestored(
                restored.Snapshot,
                true,
                restored.Warnings,
                time.GetUtcNow(),
                $"/api/identities/{identity}/snapshots/{version}",
                "half-open"
            )
        );
    }
}

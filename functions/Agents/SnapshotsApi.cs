using IRFunctions.Connections;
using IRFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>
/// States that agents hand in, and the way back to one: verified, with warnings, on the record, and the breaker half-open afterwards.
/// </summary>
public sealed class SnapshotsApi(RequestGuard guard, AgentGate agents, AgentSnapshots snapshots, AgentRecovery recovery)
{
    private const string DependsOn = "dependsOn";

    /// <summary>The body is the state, opaque; `?dependsOn=agent` once for each agent it builds on.</summary>
    [Function("PostSnapshot")]
    public async Task<IActionResult> KeepAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "identities/{id}/snapshots")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var dependsOn = request.Query[DependsOn].Select(d => d?.ToLowerInvariant() ?? "").ToList();
        if (dependsOn.Count > AgentSnapshots.MaxDependencies || dependsOn.Any(d => !ActivityReader.IsIdentity(d)))
            return ProblemResults.Of(
                400,
                "depends-on",
                "A dependency is no identity",
                $"Name at most {AgentSnapshots.MaxDependencies} identities, each as ?{DependsOn}=ID."
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
    [Function("GetSnapshots")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "identities/{id}/snapshots")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var points = await snapshots.RecoveryPointsAsync(identity, cancellation);
        return new OkObjectResult(
            new
            {
                recoveryPoints = points.Select(p => new
                {
                    p.Snapshot.Version,
                    p.Snapshot.TakenAt,
                    ageSeconds = p.Age.TotalSeconds,
                    p.Verified,
                    p.Problem,
                    p.Snapshot.Size,
                    p.Snapshot.Sha256,
                    p.Snapshot.Dependencies,
                }),
            }
        );
    }

    /// <summary>The state of a version, for the agent's runtime; verified before a byte is sent.</summary>
    [Function("GetSnapshot")]
    public async Task<IActionResult> ReadAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "identities/{id}/snapshots/{version:long}")] HttpRequest request,
        string id,
        long version,
        CancellationToken cancellation
    )
    {
        if (await agents.StrangerAsync(request, cancellation) is { } stranger)
            return stranger;
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
    [Function("RestoreSnapshot")]
    public async Task<IActionResult> RestoreAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "identities/{id}/snapshots/{version:long}/restore")] HttpRequest request,
        string id,
        long version,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"restore of snapshot {version} of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        var (restored, failed) = await recovery.RestoreAsync(identity, version, caller, reason, client, cancellation);
        if (restored is null)
            return ProblemResults.Of(409, "snapshot", "This recovery point cannot be used", failed!);
        return new OkObjectResult(
            new
            {
                restored.Snapshot,
                verified = true,
                restored.Warnings,
                content = $"/api/identities/{identity}/snapshots/{version}",
                breaker = "half-open",
            }
        );
    }

    /// <summary>
    /// The whole recovery in one request: what the agent depends on first, each to its latest verified state, then the agent; all breakers
    /// half-open, where only the policy's safe requests pass.
    /// </summary>
    [Function("RecoverIdentity")]
    public async Task<IActionResult> RecoverAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "identities/{id}/recover")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"recovery of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        var steps = await recovery.RecoverAsync(identity, caller, reason, client, cancellation);
        return steps is [.., { Restored: null } last]
            ? ProblemResults.Of(409, "recovery", $"{last.Identity} could not be recovered, and nothing after it was", last.Problem ?? "")
            : new OkObjectResult(
                new
                {
                    steps = steps.Select(s => new
                    {
                        s.Identity,
                        s.Restored!.Snapshot.Version,
                        s.Restored.Snapshot.TakenAt,
                        s.Restored.Warnings,
                        content = $"/api/identities/{s.Identity}/snapshots/{s.Restored.Snapshot.Version}",
                    }),
                    breaker = "half-open",
                }
            );
    }
}

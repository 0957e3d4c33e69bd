using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>
/// Recovery points: look, and restore one. Restoring is a release of its containment with the state that the record holds, so it goes the
/// same way as every undo; the global stop does not halt it (S13). Two people have to want it (S3). Shredding stands here too, since it
/// decides what can still be restored.
/// </summary>
public sealed class RecoveryApi(
    RequestGuard guard,
    HoldAnswers holds,
    RecoveryPoints points,
    RestoreWishes wishes,
    Shredder shredder,
    RowTrouble trouble
)
{
    /// <summary>`?incident=ID` or `?target=OBJECT-ID`.</summary>
    [Function("GetRecoveryPoints")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/recovery-points")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (request.Query["incident"].FirstOrDefault() is { Length: > 0 } incident)
            return new OkObjectResult(new { recoveryPoints = await points.OfIncidentAsync(incident, cancellation) });
        if (request.Query["target"].FirstOrDefault() is { Length: > 0 } target)
            return new OkObjectResult(
                new { recoveryPoints = await points.AboutAsync(target.ToLowerInvariant(), cancellation: cancellation) }
            );
        return ProblemResults.Of(400, "which", "Which recovery points?", "Say ?incident=ID or ?target=OBJECT-ID.");
    }

    /// <summary>
    /// Gives back what a recovery point holds: noted for the first person who asks (202, "restoring" false), done for the second.
    /// </summary>
    [Function("RestoreRecoveryPoint")]
    public async Task<IActionResult> RestoreAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/recovery-points/{id}/restore")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"restore of {id}", cancellation);
        if (caller is null)
            return refusal!;
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        if (await points.FindAsync(id, cancellation) is not { } point)
            return ProblemResults.NotFound($"recovery point {id}");
        if (holds.ConflictOf(point.Target, caller.ObjectId) is { } conflict)
        {
            await guard.RefusedAsync(caller.ObjectId, $"restore of {id}: {conflict.Rule}", cancellation);
            return ProblemResults.Of(conflict.Status, conflict.Rule, "Nothing was changed", conflict.Text);
        }
        if (point.Restorable is { } obstacle)
            return ProblemResults.Of(409, "not-restorable", "This recovery point cannot be restored", $"Nothing was changed: {obstacle}.");

        var entity = new EntityInstanceId(nameof(ScheduledRollback), point.Containment);
        var state = await client.Entities.GetEntityAsync<RollbackState>(entity, cancellation: cancellation);
        var status = state is { IncludesState: true } ? state.State.Status : ContainmentStatus.None;
        if (status is not (ContainmentStatus.Live or ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed))
            return ProblemResults.Of(
                409,
                "not-live",
                "There is nothing to restore",
                $"The containment {point.Containment} is {status}: what it changed is not in effect any more."
            );
        if (point.DependsOn.Count > 0 && state!.State.Prior != point.Prior)
            return ProblemResults.Of(
                409,
                "not-the-latest",
                "A later state was captured",
                $"The containment in effect came later; restore {point.DependsOn[^1]} first."
            );
        var first = await wishes.FirstAsync(point, caller.ObjectId, cancellation);
        var differs = state!.State.Prior != point.Prior;
        await RecordAsync(point, caller, reason, differs, first, cancellation);
        if (first is null)
            return new AcceptedResult(
                (string?)null,
                new
                {
                    id,
                    restoring = false,
                    text = RestoreWishes.NeedsSecond,
                }
            );
        await client.Entities.SignalEntityAsync(
            entity,
            nameof(ScheduledRollback.Release),
            new HoldChange(caller.ObjectId, reason, Prior: point.Prior),
            cancellation: cancellation
        );
        return new AcceptedResult(
            "/api/containments?all=true",
            new
            {
                id,
                restoring = true,
                point.Containment,
                look = "/api/containments?all=true",
            }
        );
    }

    private Task RecordAsync(RecoveryPoint point, Caller caller, string reason, bool differs, string? first, CancellationToken cancellation)
    {
        var text = $"{caller.Name} asked to restore {point.Target.Display} to how it was: {reason}";
        var details = new
        {
            point.Id,
            point.Hash,
            ownStateDiffers = differs,
            reason,
            first,
        };
        return guard.RecordAsync(
            point.Chain,
            AuditKinds.RestoreAsked,
            first is null ? $"{text}; somebody else has to ask for the same" : text,
            caller.ObjectId,
            cancellation,
            AuditJson.Of(details, new About(point.Action, point.Target.Key, point.Target.Display))
        );
    }

    /// <summary>
    /// Makes the words of an incident's record unreadable for good: 202 for the first person who asks, done for the second. There is no way
    /// back.
    /// </summary>
    [Function("ShredRecord")]
    public async Task<IActionResult> ShredAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/audit/{incident}/words")] HttpRequest request,
        string incident,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"shredding of {incident}", cancellation);
        if (caller is null)
            return refusal!;
        var (reason, problem) = await RequestGuard.ReadReasonAsync(request, cancellation);
        if (reason is null)
            return problem!;
        await foreach (var (id, state) in Containments.AllAsync(client, trouble, cancellation))
        {
            if (
                state is { Status: ContainmentStatus.Live or ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed }
                && state.Incidents.Contains(incident)
            )
                return ProblemResults.Of(
                    409,
                    "still-contained",
                    "Nothing was shredded",
                    $"{id} is still in effect for this incident; its recovery point is needed."
                );
        }
        var result = await shredder.ShredAsync(incident, caller.ObjectId, reason, holds.AreOne, cancellation);
        if (result.State == ShredState.AboutAsker)
            await guard.RefusedAsync(caller.ObjectId, $"shredding of {incident}: is-target", cancellation);
        return result.State switch
        {
            ShredState.Shredded => new OkObjectResult(new { incident, shredded = true }),
            ShredState.NeedsSecond => new AcceptedResult(
                (string?)null,
                new
                {
                    incident,
                    shredded = false,
                    text = result.Text,
                }
            ),
            ShredState.AboutAsker => ProblemResults.Of(403, "is-target", "Nothing was shredded", result.Text),
            _ => ProblemResults.Of(409, "not-shredded", "Nothing was shredded", result.Text),
        };
    }
}

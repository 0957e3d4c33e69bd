using System.ComponentModel;
using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>Whose recovery points are wanted: those of an incident or of a target.</summary>
public sealed record RecoveryPointQuery : PageQuery
{
    [Description("Key of the incident.")]
    public string? Incident { get; init; }

    [Description("Object id, address or other id of the target.")]
    public string? Target { get; init; }

    [Description("Only what can be restored, or only what cannot.")]
    public bool? Restorable { get; init; }
}

/// <summary>A page of recovery points, oldest first.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record RecoveryPointList(IReadOnlyList<RecoveryPoint> RecoveryPoints, string? Continuation, string? Next);

/// <summary>A wish to restore.</summary>
/// <param name="Restoring">False for the first of the two people who have to want it.</param>
/// <param name="At">When it was taken, by the server's clock.</param>
/// <param name="Containment">Key of the containment that ends with it; null while nothing is restored.</param>
/// <param name="Text">What is missing; null where nothing is.</param>
/// <param name="Look">Where to see it; null while nothing is restored.</param>
public sealed record RestoreTaken(string Id, bool Restoring, DateTimeOffset At, string? Containment, string? Text, string? Look);

/// <summary>A wish to shred.</summary>
/// <param name="Shredded">False for the first of the two people who have to want it.</param>
/// <param name="At">When it was taken, by the server's clock.</param>
/// <param name="Text">What is missing; null where nothing is.</param>
public sealed record ShredTaken(string Incident, bool Shredded, DateTimeOffset At, string? Text);

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
    RowTrouble trouble,
    TimeProvider time
)
{
    /// <summary>`?incident=ID` or `?target=OBJECT-ID`.</summary>
    [Query(typeof(RecoveryPointQuery))]
    [EndpointSummary("What can be restored")]
    [ProducesResponseType<RecoveryPointList>(200)]
    [Function("GetRecoveryPoints")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/recovery-points")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<RecoveryPointQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        if (query is { Incident: null, Target: null } or { Incident: not null, Target: not null })
            return ProblemResults.Of(400, "which", "Which recovery points?", "Say ?incident=ID or ?target=OBJECT-ID.");
        var all = query.Incident is { } incident
            ? await points.OfIncidentAsync(incident, cancellation)
            : await points.AboutAsync(query.Target!.ToLowerInvariant(), cancellation: cancellation);
        var wanted = all.Where(p => query.Restorable is not { } can || p.Restorable is null == can)
            .OrderBy(PlaceOf, StringComparer.Ordinal);
        var rest = wanted.Where(p => keys.Count == 0 || string.CompareOrdinal(PlaceOf(p), keys[0]) > 0).Take(query.Rows + 1).ToList();
        var shown = rest.Take(query.Rows).ToList();
        var continuation = rest.Count > shown.Count ? Continuation.Of(query, PlaceOf(shown[^1])) : null;
        return new TaggedResult(new RecoveryPointList(shown, continuation, Continuation.LinkOf(request, continuation)));
    }

    private static string PlaceOf(RecoveryPoint point) => $"{point.CapturedAt.UtcTicks:D19}|{point.Id}";

    /// <summary>
    /// Gives back what a recovery point holds: noted for the first person who asks (202, "restoring" false), done for the second.
    /// </summary>
    [Accepts(typeof(ReasonBody))]
    [EndpointSummary("Restore one; two people have to want it")]
    [ProducesResponseType<RestoreTaken>(202)]
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
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
            return new AcceptedResult((string?)null, new RestoreTaken(id, false, time.GetUtcNow(), null, RestoreWishes.NeedsSecond, null));
        await client.Entities.SignalEntityAsync(
            entity,
            nameof(ScheduledRollback.Release),
            new HoldChange(caller.ObjectId, reason, Prior: point.Prior),
            cancellation: cancellation
        );
        var look = $"/api/containments/{Uri.EscapeDataString(point.Containment)}";
        return new AcceptedResult(look, new RestoreTaken(id, true, time.GetUtcNow(), point.Containment, null, look));
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
    [Accepts(typeof(ReasonBody))]
    [Tags("audit")]
    [EndpointSummary("Make an incident's words unreadable for good; two people have to want it")]
    [ProducesResponseType<ShredTaken>(200), ProducesResponseType<ShredTaken>(202)]
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
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
            ShredState.Shredded => new OkObjectResult(new ShredTaken(incident, true, time.GetUtcNow(), null)),
            ShredState.NeedsSecond => new AcceptedResult((string?)null, new ShredTaken(incident, false, time.GetUtcNow(), result.Text)),
            ShredState.AboutAsker => ProblemResults.Of(403, "is-target", "Nothing was shredded", result.Text),
            _ => ProblemResults.Of(409, "not-shredded", "Nothing was shredded", result.Text),
        };
    }
}

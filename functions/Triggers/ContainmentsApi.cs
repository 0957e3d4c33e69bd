using IRFunctions.Audit;
using IRFunctions.Containment;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Triggers;

/// <param name="Hours">Only for extend: how long from now, at most the action's maximum duration.</param>
public sealed record ChangeBody(string? Reason, double? Hours);

/// <summary>Live containments: look, release (undo now), confirm (keep), extend (undo later). The global stop halts none of these (S13).</summary>
public sealed class ContainmentsApi(Door door, TimeProvider time)
{
    private static readonly string Prefix = $"@{nameof(ScheduledRollback).ToLowerInvariant()}@";

    /// <summary>`?all=true` shows ended ones too.</summary>
    [Function("GetContainments")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "containments")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (door.Reader(request) is null) return Problems.SignIn();
        var all = request.Query["all"] == "true";
        var found = new List<object>();
        await foreach (var entity in client.Entities.GetAllEntitiesAsync<RollbackState>(new EntityQuery { InstanceIdStartsWith = Prefix, IncludeState = true }).WithCancellation(cancellation))
        {
            if (entity.State is { } state && (all || state.Status is ContainmentStatus.Live or ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed))
                found.Add(new { id = entity.Id.Key, undoAt = state.UndoAt, state });
        }
        return new OkObjectResult(new { containments = found });
    }

    /// <summary>`/release`, `/confirm` or `/extend`, with a reason.</summary>
    [Function("ChangeContainment")]
    public async Task<IActionResult> ChangeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "containments/{id}/{change}")] HttpRequest request, string id, string change,
        [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var asked = time.GetUtcNow(); // The click: everything after it, sign-in checks included, counts into the time of a release.
        var (caller, refusal) = await door.ResponderAsync(request, $"{change} of {id}", cancellation);
        if (caller is null) return refusal!;
        if (change is not ("release" or "confirm" or "extend")) return Problems.NotFound($"change called {change}; use release, confirm or extend");
        var (body, problem) = await Door.ReadAsync<ChangeBody>(request, """{"reason":"..."}""", cancellation);
        if (body is null) return problem!;
        if (string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Length > 500)
            return Problems.Of(400, "reason", "A reason is required", "Say in 1 to 500 characters why; it stands on the record.");
        if (change == "extend" && body.Hours is not > 0) return Problems.Of(400, "hours", "How long is missing", """Send {"reason":"...","hours":2}.""");

        var entityId = new EntityInstanceId(nameof(ScheduledRollback), id);
        var entity = await client.Entities.GetEntityAsync<RollbackState>(entityId, cancellation: cancellation);
        if (entity is not { IncludesState: true } || entity.State.Status == ContainmentStatus.None) return Problems.NotFound($"containment {id}");
        if (!Allows(entity.State.Status, change))
            return Problems.Of(409, "not-live", "Nothing was changed", $"This containment is {entity.State.Status}: {entity.State.Ending}");

        var kind = change switch { "release" => AuditKinds.ReleaseAsked, "confirm" => AuditKinds.Confirmed, _ => AuditKinds.Extended };
        var about = AuditJson.Of(new { change, body.Reason, body.Hours }, new About(entity.State.Action, entity.State.Target!.Key, entity.State.Target.Display));
        foreach (var incident in entity.State.Incidents)
            await door.RecordAsync(incident, kind, $"{caller.Name} asked to {change} {id}: {body.Reason}", caller.ObjectId, cancellation, about);
        var operation = change switch { "release" => nameof(ScheduledRollback.Release), "confirm" => nameof(ScheduledRollback.Confirm), _ => nameof(ScheduledRollback.Extend) };
        var order = new HoldChange(caller.ObjectId, body.Reason, body.Hours is { } hours ? TimeSpan.FromHours(Math.Min(hours, 24 * 365)) : null, asked);
        await client.Entities.SignalEntityAsync(entityId, operation, order, cancellation: cancellation);
        return new AcceptedResult("/api/containments", new { id, change, look = "/api/containments?all=true" });
    }

    private static bool Allows(ContainmentStatus status, string change) => status switch
    {
        ContainmentStatus.Live => true,
        ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed => change == "release",
        _ => false,
    };
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>What a person asks of a live containment.</summary>
/// <param name="Hours">Only for extend: how long from now, at most the action's maximum duration.</param>
[RequestBody]
public sealed record ChangeBody(
    [property: Required, Description("Why; stands on the record."), MaxLength(Objection.MaxReason)] string? Reason,
    [property: Description("Only for extend: hours from now; more than the policy allows is cut, and said.")] double? Hours
);

/// <summary>Which containments are wanted. Everything given must hold.</summary>
public sealed record ContainmentQuery : PageQuery
{
    [Description("Ended ones, too. Without it, and without status, only what is in effect.")]
    public bool? All { get; init; }

    [Description("Where it stands.")]
    public ContainmentStatus? Status { get; init; }

    [Description("Name of the action.")]
    public string? Action { get; init; }

    [Description("Part of the target's id or name, in any case.")]
    public string? Target { get; init; }

    [Description("Key of an incident that holds it or held it.")]
    public string? Incident { get; init; }
}

/// <summary>A containment as its owner has it.</summary>
/// <param name="UndoAt">When it ends by itself; null where it does not.</param>
public sealed record ShownContainment(string Id, DateTimeOffset? UndoAt, RollbackState State);

/// <summary>A page of containments, in the order of their keys.</summary>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record ContainmentList(IReadOnlyList<ShownContainment> Containments, string? Continuation, string? Next);

/// <summary>A change that was taken.</summary>
/// <param name="At">When it was asked, by the server's clock.</param>
/// <param name="Until">When it now ends by itself; null where it ends at once, or only when a person releases it.</param>
/// <param name="Note">What is otherwise than was asked for, and what follows.</param>
/// <param name="Look">Where to see it.</param>
public sealed record ContainmentChanged(string Id, string Change, DateTimeOffset At, DateTimeOffset? Until, string? Note, string Look);

/// <summary>
/// Live containments: look, release (undo now), confirm (keep), extend (undo later). The global stop halts none of these (S13).
/// </summary>
public sealed class ContainmentsApi(RequestGuard guard, HoldAnswers holds, RowTrouble trouble, TimeProvider time)
{
    /// <summary>What is in effect; `?all=true` shows ended ones too.</summary>
    [Query(typeof(ContainmentQuery))]
    [EndpointSummary("What is in effect")]
    [ProducesResponseType<ContainmentList>(200)]
    [Function("GetContainments")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/containments")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<ContainmentQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 2, out var keys, out problem))
            return problem;
        var (found, next) = await Containments.PageAsync(
            client,
            trouble,
            state => Matches(state, query),
            keys.Count > 0 ? (keys[0], keys[1]) : null,
            query.Rows,
            cancellation
        );
        var continuation = next is { } place ? Continuation.Of(query, place.Page, place.Key) : null;
        return new TaggedResult(
            new ContainmentList(
                [.. found.Select(f => new ShownContainment(f.Key, f.State.UndoAt, f.State))],
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }

    private static bool Matches(RollbackState state, ContainmentQuery query) =>
        (query.Status is { } status ? state.Status == status : query.All == true || IsInEffect(state))
        && (query.Action is null || state.Action == query.Action)
        && (query.Incident is not { } incident || state.Incidents.Contains(incident) || state.Before?.Contains(incident) == true)
        && (
            query.Target is not { } target
            || state.Target?.Key.Contains(target, StringComparison.OrdinalIgnoreCase) == true
            || state.Target?.Display.Contains(target, StringComparison.OrdinalIgnoreCase) == true
        );

    /// <summary>What was confirmed is in effect, too, until a person releases it.</summary>
    private static bool IsInEffect(RollbackState state) =>
        state.Status
            is ContainmentStatus.Live
                or ContainmentStatus.Confirmed
                or ContainmentStatus.Undoing
                or ContainmentStatus.RollbackFailed;

    /// <summary>`/release`, `/confirm` or `/extend`, with a reason.</summary>
    [Accepts(typeof(ChangeBody)), IfMatch]
    [EndpointSummary("Release, confirm or extend")]
    [EndpointDescription("release undoes it now, confirm keeps it, extend undoes it later. The answer says the real new end.")]
    [ProducesResponseType<ContainmentChanged>(202)]
    [Function("ChangeContainment")]
    public async Task<IActionResult> ChangeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/containments/{id}/{change}")] HttpRequest request,
        [Description("Key of the containment, action:kind:id.")] string id,
        [Description("release, confirm or extend."), AllowedValues("release", "confirm", "extend")] string change,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var asked = time.GetUtcNow(); // The click: everything after it, sign-in checks included, counts into the time of a release.
        var (caller, refusal) = await guard.ResponderAsync(request, $"{change} of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (!TryParse(change, out var kind))
            return ProblemResults.NotFound($"change called {change}; use release, confirm or extend");
        var (body, problem) = await RequestGuard.ReadAsync<ChangeBody>(request, """{"reason":"..."}""", cancellation);
        if (body is null)
            return problem!;
        if (ProblemResults.LacksReason(body.Reason, out var silent))
            return silent;
        if (kind == HoldChangeKind.Extend && body.Hours is not > 0)
            return ProblemResults.Of(400, "hours", "How long is missing", """Send {"reason":"...","hours":2}.""");

        if (await ChangedSinceAsync(request, client, id, cancellation) is { } changed)
            return changed;
        var order = new HoldChange(
            caller.ObjectId,
            body.Reason,
            body.Hours is { } hours ? TimeSpan.FromHours(Math.Min(hours, 24 * 365)) : null,
            asked
        );
        var result = await holds.ChangeAsync(client, id, kind, order, caller.Name, null, cancellation);
        if (result.Objection is { } objection)
        {
            if (objection.Status == 403)
                await guard.RefusedAsync(caller.ObjectId, $"{change} of {id}: {objection.Rule}", cancellation);
            return ProblemResults.Of(objection.Status, objection.Rule, "Nothing was changed", objection.Text);
        }
        var look = $"/api/containments/{Uri.EscapeDataString(id)}";
        return new AcceptedResult(look, new ContainmentChanged(id, change, asked, result.Until, result.Note, look));
    }

    /// <summary>Only for callers that say what they saw.</summary>
    private static async Task<IActionResult?> ChangedSinceAsync(
        HttpRequest request,
        DurableTaskClient client,
        string id,
        CancellationToken cancellation
    )
    {
        if (request.Headers.IfMatch.Count == 0)
            return null;
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            new EntityInstanceId(nameof(ScheduledRollback), id),
            cancellation: cancellation
        );
        return entity is { IncludesState: true } ? TaggedResult.Changed(request, entity.State) : null;
    }

    /// <summary>Only the names as they stand in the API's description, not numbers or other spellings.</summary>
    private static bool TryParse(string change, out HoldChangeKind kind)
    {
        HoldChangeKind? found = change switch
        {
            "release" => HoldChangeKind.Release,
            "confirm" => HoldChangeKind.Confirm,
            "extend" => HoldChangeKind.Extend,
            _ => null,
        };
        kind = found ?? default;
        return found is not null;
    }
}

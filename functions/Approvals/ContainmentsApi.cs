using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.People;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <param name="Hours">Only for extend: how long from now, at most the action's maximum duration.</param>
public sealed record ChangeBody(string? Reason, double? Hours);

/// <summary>
/// Live containments: look, release (undo now), confirm (keep), extend (undo later). The global stop halts none of these (S13).
/// </summary>
public sealed class ContainmentsApi(RequestGuard guard, HoldAnswers holds, RowTrouble trouble, TimeProvider time)
{
    /// <summary>`?all=true` shows ended ones too.</summary>
    [Function("GetContainments")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/containments")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var all = request.Query["all"] == "true";
        var found = new List<object>();
        await foreach (var (id, state) in Containments.AllAsync(client, trouble, cancellation))
            if (all || IsInEffect(state))
                found.Add(
                    new
                    {
                        id,
                        undoAt = state.UndoAt,
                        state,
                    }
                );
        return new OkObjectResult(new { containments = found });
    }

    /// <summary>What was confirmed is in effect, too, until a person releases it.</summary>
    private static bool IsInEffect(RollbackState state) =>
        state.Status
            is ContainmentStatus.Live
                or ContainmentStatus.Confirmed
                or ContainmentStatus.Undoing
                or ContainmentStatus.RollbackFailed;

    /// <summary>`/release`, `/confirm` or `/extend`, with a reason.</summary>
    [Function("ChangeContainment")]
    public async Task<IActionResult> ChangeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/containments/{id}/{change}")] HttpRequest request,
        string id,
        string change,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var asked = time.GetUtcNow(); // The click: everything after it, sign-in checks included, counts into the time of a release.
        var (caller, refusal) = await guard.ResponderAsync(request, $"{change} of {id}", cancellation);
        if (caller is null)
            return refusal!;
        if (!TryParse(change, out var kind))
            return ProblemResults.NotFound($"change called {change}; use release, confirm or extend");
        var (body, problem) = await RequestGuard.ReadAsync<ChangeBody>(request, """{"reason":"..."}""", cancellation);
        if (body is null)
            return problem!;
        if (ProblemResults.LacksReason(body.Reason, out var silent))
            return silent;
        if (kind == HoldChangeKind.Extend && body.Hours is not > 0)
            return ProblemResults.Of(400, "hours", "How long is missing", """Send {"reason":"...","hours":2}.""");

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
        return new AcceptedResult(
            "/api/containments",
            new
            {
                id,
                change,
                until = result.Until,
                note = result.Note,
                look = "/api/containments?all=true",
            }
        );
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

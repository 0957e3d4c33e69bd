using IRFunctions.Http;
using IRFunctions.People;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <param name="Decision">"approve", "deny" or "withdraw".</param>
/// <param name="ActionHash">The hash that was shown; where given, it must be the request's.</param>
public sealed record ApprovalAnswerBody(string? Decision, string? Reason, string? ActionHash);

/// <summary>Requests that wait for people, and their answers. GET decides nothing.</summary>
public sealed class ApprovalsApi(
    RequestGuard guard,
    ApprovalAnswers answers,
    ApprovalRegister register,
    RowTrouble trouble,
    TimeProvider time
)
{
    private const int PageSize = 200;
    private const int AtOnce = 16;

    [Function("GetApprovals")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var (waiting, continuation) = await register.PendingAsync(request.Query["continuation"].FirstOrDefault(), PageSize, cancellation);
        var shown = new List<(string Id, ApprovalView? View, string? Problem)>(waiting.Count);
        foreach (var part in waiting.Chunk(AtOnce))
            shown.AddRange(await Task.WhenAll(part.Select(id => ReadAsync(client, id, cancellation))));
        return new OkObjectResult(
            new
            {
                approvals = shown.Where(s => s.View is not null).Select(s => new { id = s.Id, request = s.View }),
                unreadable = shown.Where(s => s.Problem is not null).Select(s => new { id = s.Id, problem = s.Problem }),
                continuation,
            }
        );
    }

    /// <summary>What waits, as its orchestration and its row say; neither view nor problem where nothing waits any more.</summary>
    private async Task<(string Id, ApprovalView? View, string? Problem)> ReadAsync(
        DurableTaskClient client,
        string id,
        CancellationToken cancellation
    )
    {
        try
        {
            var instance = await client.GetInstanceAsync(id, cancellation);
            if (
                instance
                is not {
                    RuntimeStatus: OrchestrationRuntimeStatus.Running
                        or OrchestrationRuntimeStatus.Pending
                        or OrchestrationRuntimeStatus.Suspended
                }
            )
                return (id, null, null);
            return (id, await register.ViewAsync(id, cancellation), null);
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, cancellation);
            return (id, null, e.Message);
        }
#pragma warning disable CA1031 // Whatever an engine throws over an instance that it cannot read; the other requests are shown all the same.
        catch (Exception e) when (e is not (OperationCanceledException or Azure.RequestFailedException))
#pragma warning restore CA1031
        {
            await trouble.TellAsync(
                $"instance {id}",
                e.Message,
                "The request cannot be answered: decide by hand, then delete the instance's row in the task hub's table Instances.",
                cancellation
            );
            return (id, null, "its orchestration cannot be read; decide by hand");
        }
    }

    /// <summary>One request, with what became of it. That the caller looked is noted; nothing is decided.</summary>
    [Function("GetApproval")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is not { } caller)
            return ProblemResults.SignIn();
        if (await register.ViewAsync(id, cancellation) is not { } view)
            return ProblemResults.NotFound($"request {id}");
        var known = await register.FindAsync(id, cancellation);
        if (known is { State: ApprovalState.Pending } && view.State == ApprovalState.Pending)
            await register.LookedAsync(id, caller.ObjectId, cancellation);
        return new OkObjectResult(
            new
            {
                id,
                request = view,
                result = known?.Result,
            }
        );
    }

    [Function("AnswerApproval")]
    public async Task<IActionResult> AnswerAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "approvals/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"answering {Short(id)}", cancellation, "approver");
        if (caller is null)
            return refusal!;
        var (body, problem) = await RequestGuard.ReadAsync<ApprovalAnswerBody>(
            request,
            """{"decision":"approve","reason":"..."}""",
            cancellation
        );
        if (body is null)
            return problem!;
        if (body.Decision is not ("approve" or "deny" or "withdraw"))
            return ProblemResults.Of(
                400,
                "decision",
                "The decision is neither approve, deny nor withdraw",
                """Send {"decision":"approve","reason":"..."}, "deny" or "withdraw"."""
            );

        if (await register.ViewAsync(id, cancellation) is not { } view)
            return ProblemResults.NotFound($"request {Short(id)}");
        var answer = new ApprovalAnswer(
            caller.ObjectId,
            body.Decision == "approve",
            Objection.Words(body.Reason ?? ""),
            time.GetUtcNow(),
            "api"
        )
        {
            Withdraw = body.Decision == "withdraw",
            Proof = caller.TokenIssuedAt is { } issued ? new AnswerProof(issued, "", "", "") : null,
        };
        var objection =
            body.ActionHash is { } hash && hash != view.Request.ActionHash
                ? new Objection(409, "other-action", "What you saw is not what is being asked; look again.")
                : (await answers.AnswerAsync(client, id, view, answer, cancellation)).Objection;
        if (objection is not null)
        {
            await guard.RefusedAsync(caller.ObjectId, $"answering {id}: {objection.Rule}: {objection.Text}", cancellation);
            return ProblemResults.Of(objection.Status, objection.Rule, "Your answer does not count", objection.Text);
        }
        return new AcceptedResult(
            $"/api/incidents/{view.Request.Incident}",
            new
            {
                id,
                decision = body.Decision,
                look = $"/api/incidents/{view.Request.Incident}",
            }
        );
    }

    private static string Short(string id) => id.Length > 100 ? id[..100] : id;
}

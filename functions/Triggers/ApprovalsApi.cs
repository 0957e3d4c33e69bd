using IRFunctions.Approvals;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Triggers;

/// <param name="Decision">"approve", "deny" or "withdraw".</param>
/// <param name="ActionHash">The hash that was shown; where given, it must be the request's.</param>
public sealed record AnswerBody(string? Decision, string? Reason, string? ActionHash);

/// <summary>Requests that wait for people, and their answers. GET decides nothing.</summary>
public sealed class ApprovalsApi(Door door, ApprovalsDesk desk, ApprovalRegister register, TimeProvider time)
{
    private const string Prefix = ApprovalView.InstancePrefix;

    [Function("GetApprovals")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (await door.ReaderAsync(request, cancellation) is null) return Problems.SignIn();
        var query = new OrchestrationQuery { InstanceIdPrefix = Prefix, Statuses = [OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending], PageSize = 200, FetchInputsAndOutputs = true };
        await foreach (var page in client.GetAllInstancesAsync(query).AsPages(request.Query["continuation"].FirstOrDefault()).WithCancellation(cancellation))
        {
            return new OkObjectResult(new
            {
                approvals = page.Values.Where(i => i.SerializedCustomStatus is not null).Select(i => new { id = i.InstanceId, request = i.ReadCustomStatusAs<ApprovalView>() }),
                continuation = page.ContinuationToken,
            });
        }
        return new OkObjectResult(new { approvals = Array.Empty<object>(), continuation = (string?)null });
    }

    /// <summary>One request, with what became of it. That the caller looked is noted; nothing is decided.</summary>
    [Function("GetApproval")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (await door.ReaderAsync(request, cancellation) is not { } caller) return Problems.SignIn();
        if (await CardDesk.ReadAsync(client, id, cancellation) is not { } view) return Problems.NotFound($"request {id}");
        var known = await register.FindAsync(id, cancellation);
        if (known is { State: ApprovalState.Pending } && view.State == ApprovalState.Pending) await register.LookedAsync(id, caller.ObjectId, cancellation);
        return new OkObjectResult(new { id, request = view, result = known?.Result });
    }

    [Function("AnswerApproval")]
    public async Task<IActionResult> AnswerAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "approvals/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var (caller, refusal) = await door.ResponderAsync(request, $"answering {Short(id)}", cancellation, "approver");
        if (caller is null) return refusal!;
        var (body, problem) = await Door.ReadAsync<AnswerBody>(request, """{"decision":"approve","reason":"..."}""", cancellation);
        if (body is null) return problem!;
        if (body.Decision is not ("approve" or "deny" or "withdraw"))
            return Problems.Of(400, "decision", "The decision is neither approve, deny nor withdraw", """Send {"decision":"approve","reason":"..."}, "deny" or "withdraw".""");

        if (await CardDesk.ReadAsync(client, id, cancellation) is not { } view) return Problems.NotFound($"request {Short(id)}");
        var answer = new ApprovalAnswer(caller.ObjectId, body.Decision == "approve", body.Reason ?? "", time.GetUtcNow(), "api")
        {
            Withdraw = body.Decision == "withdraw", Proof = caller.TokenIssuedAt is { } issued ? new AnswerProof(issued, "", "", "") : null,
        };
        var objection = body.ActionHash is { } hash && hash != view.Request.ActionHash
            ? new Objection(409, "other-action", "What you saw is not what is being asked; look again.")
            : (await desk.AnswerAsync(client, id, view, answer, cancellation)).Objection;
        if (objection is not null)
        {
            await door.RefusedAsync(caller.ObjectId, $"answering {id}: {objection.Rule}: {objection.Text}", cancellation);
            return Problems.Of(objection.Status, objection.Rule, "Your answer does not count", objection.Text);
        }
        return new AcceptedResult($"/api/incidents/{view.Request.Incident}", new { id, decision = body.Decision, look = $"/api/incidents/{view.Request.Incident}" });
    }

    private static string Short(string id) => id.Length > 100 ? id[..100] : id;
}

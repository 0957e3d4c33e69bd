using IRFunctions.Approvals;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Triggers;

/// <param name="Decision">"approve" or "deny".</param>
/// <param name="ActionHash">The hash that was shown; where given, it must be the request's.</param>
public sealed record AnswerBody(string? Decision, string? Reason, string? ActionHash);

/// <summary>Requests that wait for people, and their answers. GET changes nothing.</summary>
public sealed class ApprovalsApi(Door door, TimeProvider time)
{
    private const string Prefix = "approval-";

    [Function("GetApprovals")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (door.Reader(request) is null) return Problems.SignIn();
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

    [Function("AnswerApproval")]
    public async Task<IActionResult> AnswerAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "approvals/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var (caller, refusal) = await door.ResponderAsync(request, $"answering {id}", cancellation);
        if (caller is null) return refusal!;
        var (body, problem) = await Door.ReadAsync<AnswerBody>(request, """{"decision":"approve","reason":"..."}""", cancellation);
        if (body is null) return problem!;
        if (body.Decision is not ("approve" or "deny"))
            return Problems.Of(400, "decision", "The decision is neither approve nor deny", """Send {"decision":"approve","reason":"..."} or "deny".""");

        var instance = id.StartsWith(Prefix, StringComparison.Ordinal) ? await client.GetInstanceAsync(id, getInputsAndOutputs: true, cancellation) : null;
        if (instance?.SerializedCustomStatus is null) return Problems.NotFound($"request {id}");
        var view = instance.ReadCustomStatusAs<ApprovalView>()!;
        var answer = new ApprovalAnswer(caller.ObjectId, body.Decision == "approve", body.Reason ?? "", time.GetUtcNow(), "api");
        var objection = body.ActionHash is { } hash && hash != view.Request.ActionHash
            ? new Objection(409, "other-action", "What you saw is not what is being asked; look again.")
            : ApprovalRules.Check(view, answer);
        if (objection is not null)
        {
            await door.RefusedAsync(caller.ObjectId, $"answering {id}: {objection.Text}", cancellation);
            return Problems.Of(objection.Status, objection.Rule, "Your answer does not count", objection.Text);
        }
        await client.RaiseEventAsync(id, view.AnswerEvent, answer, cancellation);
        return new AcceptedResult($"/api/incidents/{view.Request.Incident}", new { id, decision = body.Decision, look = $"/api/incidents/{view.Request.Incident}" });
    }
}

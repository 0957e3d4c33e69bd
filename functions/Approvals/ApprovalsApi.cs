using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>A person's answer to a request.</summary>
/// <param name="Decision">"approve", "deny" or "withdraw".</param>
/// <param name="ActionHash">The hash that was shown; where given, it must be the request's.</param>
[RequestBody]
public sealed record ApprovalAnswerBody(
    [property: Required, AllowedValues("approve", "deny", "withdraw"), Description("approve, deny or withdraw.")] string? Decision,
    [property: Required, Description("Why; stands on the record."), MaxLength(Objection.MaxReason)] string? Reason,
    [property: Description("Hash of the action that was shown: the answer then counts for exactly that.")] string? ActionHash
);

/// <summary>Which requests are wanted. Everything given must hold.</summary>
public sealed record ApprovalQuery : PageQuery
{
    [Description("Name of the action that is asked for.")]
    public string? Action { get; init; }

    [Description("Key of the incident that asks.")]
    public string? Incident { get; init; }

    [Description("Part of the target's id or name, in any case.")]
    public string? Target { get; init; }
}

/// <summary>A request that waits.</summary>
/// <param name="Note">What was heard of it since it was asked, such as that its alert was closed; null where nothing was.</param>
public sealed record WaitingRequest(string Id, ApprovalView Request, string? Note);

/// <summary>A request that waits and cannot be read; people were paged.</summary>
public sealed record UnreadableRequest(string Id, string Problem);

/// <summary>A page of what waits for people.</summary>
/// <param name="Unreadable">Shown whatever the filter, since what they are about is not known.</param>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record ApprovalList(
    IReadOnlyList<WaitingRequest> Approvals,
    IReadOnlyList<UnreadableRequest> Unreadable,
    string? Continuation,
    string? Next
);

/// <summary>One request, with what became of it.</summary>
/// <param name="Result">Null while nothing did.</param>
/// <param name="Note">What was heard of it since it was asked; null where nothing was.</param>
public sealed record ApprovalDetails(string Id, ApprovalView Request, RequestResult? Result, string? Note);

/// <summary>An answer that counts.</summary>
/// <param name="At">When it was taken, by the server's clock.</param>
/// <param name="State">The request with this answer.</param>
/// <param name="Approvals">People who have said yes.</param>
/// <param name="Quorum">People who have to.</param>
/// <param name="Look">Where to see what comes of it.</param>
public sealed record AnswerTaken(
    string Id,
    string Decision,
    DateTimeOffset At,
    ApprovalState State,
    int Approvals,
    int Quorum,
    DateTimeOffset Deadline,
    string Look
);

/// <summary>Requests that wait for people, and their answers. GET decides nothing.</summary>
public sealed class ApprovalsApi(
    RequestGuard guard,
    ApprovalAnswers answers,
    ApprovalRegister register,
    RowTrouble trouble,
    TimeProvider time
)
{
    private const int AtOnce = 16;

    [Query(typeof(ApprovalQuery))]
    [EndpointSummary("Requests that wait for people")]
    [ProducesResponseType<ApprovalList>(200)]
    [Function("GetApprovals")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/approvals")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<ApprovalQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        var (waiting, unreadable) = (new List<WaitingRequest>(), new List<UnreadableRequest>());
        var (last, more) = ("", false);
        await foreach (
            var part in register.PendingAfterAsync(keys.Count > 0 ? keys[0] : "", cancellation).Chunk(AtOnce).WithCancellation(cancellation)
        )
        {
            foreach (var read in await Task.WhenAll(part.Select(id => ReadAsync(client, id, cancellation))))
            {
                more = waiting.Count + unreadable.Count == query.Rows;
                if (more)
                    break;
                last = read.Id;
                if (read.Problem is { } why)
                    unreadable.Add(new UnreadableRequest(read.Id, why));
                else if (read.View is { } view && Matches(view.Request, query))
                    waiting.Add(new WaitingRequest(read.Id, view, read.Note));
            }
            if (more)
                break;
        }
        var continuation = more ? Continuation.Of(query, last) : null;
        return new TaggedResult(new ApprovalList(waiting, unreadable, continuation, Continuation.LinkOf(request, continuation)));
    }

    private static bool Matches(ApprovalRequest request, ApprovalQuery query) =>
        (query.Action is null || request.Decision.Action == query.Action)
        && (query.Incident is null || request.Incident == query.Incident)
        && (
            query.Target is not { } target
            || request.Decision.Target.Key.Contains(target, StringComparison.OrdinalIgnoreCase)
            || request.Decision.Target.Display.Contains(target, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>What waits, as its orchestration and its row say; neither view nor problem where nothing waits any more.</summary>
    private async Task<(string Id, ApprovalView? View, string? Note, string? Problem)> ReadAsync(
        DurableTaskClient client,
        string id,
        CancellationToken cancellation
    )
    {
        try
        {
            var instance = await client.GetInstanceAsync(id, cancellation);
            if (!ApprovalView.IsUnderWay(instance))
                return (id, null, null, null);
            return (id, await register.ViewAsync(id, cancellation), (await register.FindAsync(id, cancellation))?.Note, null);
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, cancellation);
            return (id, null, null, e.Message);
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
            return (id, null, null, "its orchestration cannot be read; decide by hand");
        }
    }

    /// <summary>One request, with what became of it. That the caller looked is noted; nothing is decided.</summary>
    [EndpointSummary("One request, with what became of it")]
    [ProducesResponseType<ApprovalDetails>(200)]
    [Function("GetApproval")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/approvals/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is not { } caller)
            return ProblemResults.SignIn();
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
        if (await register.ViewAsync(id, cancellation) is not { } view)
            return ProblemResults.NotFound($"request {id}");
        var known = await register.FindAsync(id, cancellation);
        if (known is { State: ApprovalState.Pending } && view.State == ApprovalState.Pending)
            await register.LookedAsync(id, caller.ObjectId, cancellation);
        return new TaggedResult(new ApprovalDetails(id, view, known?.Result, known?.Note));
    }

    [Accepts(typeof(ApprovalAnswerBody))]
    [EndpointSummary("Approve, deny or withdraw")]
    [EndpointDescription("Any denial wins. Nobody decides about themselves, nor about what they asked for.")]
    [ProducesResponseType<AnswerTaken>(202)]
    [Function("AnswerApproval")]
    public async Task<IActionResult> AnswerAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/approvals/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (caller, refusal) = await guard.ResponderAsync(request, $"answering {Short(id)}", cancellation, "approver");
        if (caller is null)
            return refusal!;
        if (QueryReader.Refuses(request, out var unknown))
            return unknown;
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
        var result =
            body.ActionHash is { } hash && hash != view.Request.ActionHash
                ? new AnswerResult(new Objection(409, "other-action", "What you saw is not what is being asked; look again."), view)
                : await answers.AnswerAsync(client, id, view, answer, cancellation);
        if (result.Objection is { } objection)
        {
            await guard.RefusedAsync(caller.ObjectId, $"answering {id}: {objection.Rule}: {objection.Text}", cancellation);
            return ProblemResults.Of(objection.Status, objection.Rule, "Your answer does not count", objection.Text);
        }
        var look = $"/api/incidents/{view.Request.Incident}";
        return new AcceptedResult(
            look,
            new AnswerTaken(
                id,
                body.Decision,
                answer.At,
                result.View.State,
                result.View.Answers.Count(a => a is { Approve: true, Withdraw: false }),
                Math.Max(1, view.Request.Decision.Quorum),
                view.Deadline,
                look
            )
        );
    }

    private static string Short(string id) => id.Length > 100 ? id[..100] : id;
}

using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>What became of an answer.</summary>
/// <param name="Objection">Why it does not count; null where it does.</param>
/// <param name="View">The request with the answer on it, as it will be once the orchestration has heard it.</param>
public sealed record AnswerResult(Objection? Objection, ApprovalView View);

/// <summary>
/// Takes answers, the same way from every door: rules, the approver group read again now, then one compare-and-swap in the register, then
/// the orchestration hears of it. A second click never has a second effect.
/// </summary>
public sealed class ApprovalAnswers(ApprovalRegister register, OnCall onCall, PolicyStore policies)
{
    /// <param name="answer">With the time at which it reached this server.</param>
    public async Task<AnswerResult> AnswerAsync(
        DurableTaskClient client,
        string id,
        ApprovalView view,
        ApprovalAnswer answer,
        CancellationToken cancellation
    )
    {
        // Owners that were registered since it was asked count, too.
        view = view with
        {
            Owners = [.. view.Owners, .. Owners.KnownTo(policies.Current)],
        };
        if (AnswerRules.Check(view, answer) is { } objection)
            return new AnswerResult(objection, view);
        var membership = await onCall.BelongsAsync(answer.By, view.Rungs, cancellation);
        if (!membership.Belongs)
            return new AnswerResult(NotInGroup(membership), view);
        await register.OpenAsync(id, view.Deadline, view.Request.Decision.Quorum, cancellation);
        var vote = await register.VoteAsync(id, answer, taken => AnswerRules.Check(view with { Answers = taken }, answer), cancellation);
        if (vote.Objection is { } refused)
            return new AnswerResult(refused, view with { State = vote.State });
        if (vote.Before is { } before)
        {
            // A click again, or Teams sending the same one again: heard once, whatever crashed in between.
            if (view.State == ApprovalState.Pending && view.Answers.All(a => (a.By, a.Withdraw) != (before.By, before.Withdraw)))
                await client.RaiseEventAsync(id, view.AnswerEvent, before, cancellation);
            return new AnswerResult(
                new Objection(409, "voted-before", "You have answered this request already; the first answer counts."),
                With(view, before, vote.State)
            );
        }
        if (!vote.Counted)
            return new AnswerResult(
                vote.State == ApprovalState.Pending ? AnswerRules.Late(view.Deadline) : AnswerRules.Decided(vote.State),
                view with
                {
                    State = vote.State,
                }
            );
        await client.RaiseEventAsync(id, view.AnswerEvent, answer, cancellation);
        return new AnswerResult(null, With(view, answer, vote.State));
    }

    private static Objection NotInGroup(Membership membership) =>
        membership.Problem is null
            ? new Objection(403, "not-in-group", "You are no longer in the approver group of this request.")
            : new Objection(
                403,
                "group-unknown",
                "Whether you may approve cannot be read right now, so your answer does not count. Try again, or ask the next person "
                    + "on the ladder."
            );

    private static ApprovalView With(ApprovalView view, ApprovalAnswer answer, ApprovalState state) =>
        view with
        {
            State = state,
            Answers = view.Answers.Any(a => (a.By, a.Withdraw) == (answer.By, answer.Withdraw)) ? view.Answers : [.. view.Answers, answer],
        };
}

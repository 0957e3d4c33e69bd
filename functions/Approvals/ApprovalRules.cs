using IRFunctions.Decisions;
using IRFunctions.People;

namespace IRFunctions.Approvals;

/// <summary>
/// The checks of docs/design.md section 6, one pure function: asked when the answer arrives, so that the person hears at once, and again by
/// the orchestration, which alone decides.
/// </summary>
public static class ApprovalRules
{
    /// <summary>Null where the answer counts.</summary>
    public static Objection? Check(ApprovalView view, ApprovalAnswer answer)
    {
        if (view.State != ApprovalState.Pending)
            return Decided(view.State);
        if (answer.At >= view.Deadline)
            return Late(view.Deadline);
        if (answer.Withdraw)
            return Reason(answer); // Taking a question back runs nothing; whoever may respond may do it.
        if (!view.Rungs.Any(r => r.Approvers.Any(a => Same(a.ObjectId, answer.By))))
            return new Objection(403, "not-an-approver", "You are not on the escalation ladder of this request.");
        if (IsAbout(view, answer.By))
            return new Objection(403, "is-target", "This request is about your own account; somebody else has to decide.");
        if (view.Request.RequestedBy is { } requester && SameOwner(view, requester, answer.By))
            return new Objection(403, "is-requester", "You asked for this yourself; somebody else has to decide.");
        if (view.Answers.Any(a => Same(a.By, answer.By)))
            return new Objection(409, "voted-before", "You have answered this request already; the first answer counts.");
        if (view.Answers.Any(a => SameOwner(view, a.By, answer.By)))
            return new Objection(
                403,
                "same-owner",
                "Another account of yours has answered this request already; somebody else has to decide."
            );
        return Reason(answer);
    }

    /// <summary>What someone hears whose answer comes after the end.</summary>
    public static Objection Decided(ApprovalState state) =>
        new(409, "already-decided", $"This request is already {Word(state)}; nothing was changed.");

    /// <summary>"approved", "denied", "expired" and "withdrawn" are four different things; everybody uses these words.</summary>
    public static string Word(ApprovalState state) =>
        state switch
        {
            ApprovalState.Granted => "approved",
            ApprovalState.Denied => "denied",
            ApprovalState.Expired => "expired",
            ApprovalState.Withdrawn => "withdrawn",
            _ => "waiting",
        };

    /// <summary>Whether the person is the target, or owns or is owned by it as far as the ladder knows.</summary>
    private static bool IsAbout(ApprovalView view, string person) =>
        view.Request.Decision.Target is { Kind: "account" or "mailbox" } target && SameOwner(view, target.Id, person);

    private static bool SameOwner(ApprovalView view, string one, string other) =>
        Same(one, other) || Same(OwnerOf(view, one), OwnerOf(view, other));

    private static string OwnerOf(ApprovalView view, string account) =>
        view.Rungs.SelectMany(r => r.Approvers).FirstOrDefault(a => Same(a.ObjectId, account))?.Owner ?? account;

    /// <summary>What someone hears whose answer comes at the deadline or after it.</summary>
    public static Objection Late(DateTimeOffset deadline) =>
        new(410, "late", $"The deadline was {deadline:yyyy-MM-dd HH:mm:ss} UTC; the answer came too late and does not count.");

    private static Objection? Reason(ApprovalAnswer answer) =>
        string.IsNullOrWhiteSpace(answer.Reason) || answer.Reason.Length > Objection.MaxReason
            ? new Objection(403, "reason", $"A reason of 1 to {Objection.MaxReason} characters is required.")
            : null;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

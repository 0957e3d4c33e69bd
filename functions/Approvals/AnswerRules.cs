using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;

namespace IRFunctions.Approvals;

/// <summary>
/// The one judge of people's answers (docs/design.md section 6), as pure functions. An answer to a request is judged when it arrives, so
/// that the person hears at once, and again by the orchestration, which alone decides.
/// </summary>
public static class AnswerRules
{
    /// <summary>Null where the answer counts.</summary>
    public static Objection? Check(ApprovalView view, ApprovalAnswer answer)
    {
        var owners = new Owners(view.Rungs.SelectMany(r => r.Approvers).Concat(view.Owners));
        if (view.State != ApprovalState.Pending)
            return Decided(view.State);
        if (answer.At >= view.Deadline)
            return Late(view.Deadline);
        if (!view.Rungs.Any(r => r.Approvers.Any(a => Same(a.ObjectId, answer.By))))
            return new Objection(403, "not-an-approver", "You are not on the escalation ladder of this request.");
        if (Conflict(view.Request.Decision.Target, answer.By, owners) is { } conflict)
            return conflict;
        if (view.Request.RequestedBy is { } requester && owners.AreOne(requester, answer.By))
            return new Objection(403, "is-requester", "You asked for this yourself; somebody else has to decide.");
        if (answer.Withdraw)
            return Reason(answer); // Whoever said yes may still take the question back.
        if (view.Answers.Any(a => Same(a.By, answer.By)))
            return new Objection(409, "voted-before", "You have answered this request already; the first answer counts.");
        if (view.Answers.Any(a => owners.AreOne(a.By, answer.By)))
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

    /// <summary>Null where the person may change what is in effect that way.</summary>
    public static Objection? Check(RollbackState containment, HoldChangeKind change, string by, Owners owners) =>
        Conflict(containment.Target, by, owners)
        ?? (
            !Allows(containment.Status, change)
                ? new Objection(409, "not-live", $"This containment is {containment.Status}: {containment.Ending}")
            : change == HoldChangeKind.Confirm && containment.Effect is not EffectStatus.InEffect
                ? new Objection(409, "not-in-effect", "It is not in effect yet, so there is nothing to keep. Look again in a minute.")
            : null
        );

    /// <summary>
    /// Nobody decides about themselves or what belongs to them, through whatever channel and whichever of their accounts.
    /// </summary>
    public static Objection? Conflict(Target? target, string by, Owners owners) =>
        target is { Kind: "account" or "mailbox" } && owners.AreOne(target.Id, by)
            ? new Objection(403, "is-target", "This is about your own account; somebody else has to decide.")
        : target?.People?.Any(person => owners.AreOne(person, by)) == true
            ? new Objection(403, "is-target", "This is about something of yours; somebody else has to decide.")
        : null;

    private static bool Allows(ContainmentStatus status, HoldChangeKind change) =>
        status switch
        {
            ContainmentStatus.Live => true,
            ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed => change == HoldChangeKind.Release,
            _ => false,
        };

    /// <summary>What someone hears whose answer comes at the deadline or after it.</summary>
    public static Objection Late(DateTimeOffset deadline) =>
        new(410, "late", $"The deadline was {deadline:yyyy-MM-dd HH:mm:ss} UTC; the answer came too late and does not count.");

    private static Objection? Reason(ApprovalAnswer answer) =>
        string.IsNullOrWhiteSpace(answer.Reason) || answer.Reason.Length > Objection.MaxReason
            ? new Objection(403, "reason", $"A reason of 1 to {Objection.MaxReason} characters is required.")
            : null;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

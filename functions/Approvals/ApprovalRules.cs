namespace IRFunctions.Approvals;

/// <summary>Why an answer does not count, with the HTTP status a person gets.</summary>
/// <param name="Status">403, 409 or 410.</param>
/// <param name="Rule">Stable name for tests and audit.</param>
/// <param name="Text">One sentence for the person who clicked.</param>
public sealed record Objection(int Status, string Rule, string Text);

/// <summary>
/// The checks of DESIGN section 6, one pure function: asked when the answer arrives, so that the person hears at once, and again by the
/// orchestration, which alone decides.
/// </summary>
public static class ApprovalRules
{
    public const int MaxReason = 500;

    /// <summary>Null where the answer counts.</summary>
    public static Objection? Check(ApprovalView view, ApprovalAnswer answer)
    {
        if (view.State != ApprovalState.Pending)
            return new Objection(409, "already-decided", $"This request is already {view.State.ToString().ToLowerInvariant()}; nothing was changed.");
        if (answer.At >= view.Deadline)
            return new Objection(410, "late", $"The deadline was {view.Deadline:yyyy-MM-dd HH:mm:ss} UTC; the answer came too late and does not count.");
        if (!view.Rungs.Any(r => r.Approvers.Any(a => a.ObjectId == answer.By)))
            return new Objection(403, "not-an-approver", "You are not on the escalation ladder of this request.");
        if (view.Request.Decision.Target is { Kind: "account" } target && string.Equals(target.Id, answer.By, StringComparison.OrdinalIgnoreCase))
            return new Objection(403, "is-target", "This request is about your own account; somebody else has to decide.");
        if (view.Answers.Any(a => a.By == answer.By))
            return new Objection(409, "voted-before", "You have answered this request already; the first answer counts.");
        if (string.IsNullOrWhiteSpace(answer.Reason) || answer.Reason.Length > MaxReason)
            return new Objection(403, "reason", $"A reason of 1 to {MaxReason} characters is required.");
        return null;
    }
}

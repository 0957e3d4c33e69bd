using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Approvals;

/// <summary>What people read about a request: on the record, on pages, on cards.</summary>
internal static class ApprovalText
{
    public static string Asked(ApprovalView view)
    {
        var rung = view.Rungs[view.Stage];
        var decision = view.Request.Decision;
        return $"asked {rung.Name} ({string.Join(", ", rung.Approvers.Select(a => a.Name))}): may {decision.Action} run on "
            + $"{On(decision.Target)}? Until {TimeText.Utc(view.Deadline)}"
            + (decision.Target.Called is { } called ? $". {CalledOtherwise(called)}" : "");
    }

    /// <summary>What it is about, by the directory's name and id; what has no id of its own in it shows its name only.</summary>
    public static string On(Target target) =>
        target.Kind is "account" or "application" or "host" or "mailbox"
            ? $"{target.Kind} {TextBounds.OneLine(target.Display, 120)}, id {TextBounds.OneLine(target.Id, 64)}"
            : $"{target.Kind} {TextBounds.OneLine(target.Display, 120)}";

    /// <summary>A name that only the alert uses may be there to mislead (S14).</summary>
    public static string CalledOtherwise(string called) =>
        $"The alert calls it \"{TextBounds.OneLine(called, 120)}\", which is no name the directory knows it by";

    public static string Answered(ApprovalView view, ApprovalAnswer answer)
    {
        var name = view.Rungs.SelectMany(r => r.Approvers).FirstOrDefault(a => a.ObjectId == answer.By)?.Name ?? answer.By;
        return $"{name} {(answer.Withdraw ? "withdrew the request" : answer.Approve ? "approved" : "denied")}: "
            + $"{TextBounds.OneLine(answer.Reason, Objection.MaxReason)}";
    }

    public static string TicketNote(Decision decision, string why) =>
        $"{why}. Wanted: {decision.Action} on {TextBounds.OneLine(decision.Target.Display, 120)}. {ReasonText.Why(decision)}";

    public static string NotRunPage(ApprovalView view, string why) =>
        $"{why}: {view.Request.Decision.Action} on {TextBounds.OneLine(view.Request.Decision.Target.Display, 120)} was NOT run"
        + $"{(view.State == ApprovalState.Pending ? " so far" : "")}. Its ticket is being opened. Alert: "
        + TextBounds.OneLine(view.Request.Title, 200);

    public static string Closed(ApprovalView view, TimeSpan took, Approver[] asked, string[] active)
    {
        var silent = string.Join(", ", asked.Where(a => !active.Contains(a.ObjectId)).Select(a => a.Name));
        return $"{AnswerRules.Word(view.State)} after {TimeText.Length(took)}; asked {asked.Length}, looked {active.Length}"
            + (silent.Length > 0 ? $"; no sign of {silent}" : "");
    }
}

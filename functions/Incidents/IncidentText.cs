using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Audit;
using IRFunctions.Classification;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Storage;

namespace IRFunctions.Incidents;

/// <summary>What people read about an incident: pages, tickets, the record. Short, in the past tense for what happened, with times in UTC.</summary>
internal static class IncidentText
{
    private const int MaxEntities = 60; // of an alert's 200, so that the details fit an entry

    /// <summary>Bounds untrusted text and keeps it on one line.</summary>
    public static string Short(string text, int most) => TextBounds.Cut(text.ReplaceLineEndings(" "), most);

    public static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Length(TimeSpan length) => CardParts.Length(length);

    /// <summary>All reasons in order, as sentences.</summary>
    public static string Why(Decision decision) => string.Join(" ", decision.Reasons.Select(r => r.Text.EndsWith('.') ? r.Text : r.Text + "."));

    public static string Received(Alert alert) =>
        $"{alert.Severity} alert \"{Short(alert.Title, 200)}\" with {alert.Entities.Count} {(alert.Entities.Count == 1 ? "entity" : "entities")}";

    /// <summary>What an auditor needs of the alert: where it came from, what it names, and under which policy it is answered.</summary>
    public static object AlertData(IncidentAlert input) => new
    {
        input.Alert.Id, input.Alert.IncidentId, input.Alert.TenantId, Correlation = input.Incident, input.Number, input.PolicyHash, Title = Short(input.Alert.Title, 200),
        Shape = input.Alert.Shape.ToString(), Severity = input.Alert.Severity.ToString(), input.Alert.Product, input.Alert.Category, input.Alert.Tactics,
        input.Alert.Techniques, input.Alert.FirstActivity, input.Alert.LastActivity, input.Alert.Created,
        Entities = input.Alert.Entities.Take(MaxEntities).Select(e => new
        {
            e.Id, Type = e.GetType().Name.Replace("Entity", "", StringComparison.Ordinal).ToLowerInvariant(), Display = Short(e.Display, 120), Target = Targets.Of(e)?.Key,
            Names = EntityNames.Of(e), Roles = e.Roles.Count == 0 ? null : e.Roles,
        }),
        EntitiesInAll = input.Alert.Entities.Count, input.Alert.Notes,
    };

    public static string Assessed(AlertAssessment assessment)
    {
        var who = assessment.By switch
        {
            AssessedBy.Model => $"the model ({assessment.Model ?? "unnamed"})",
            AssessedBy.Rules => "the rules, since the model gave no usable answer",
            _ => "nobody",
        };
        var text = $"{who}: {assessment.Verdict} at {assessment.Confidence}%{Spent(assessment)}. {Short(assessment.Reasoning, 400)}";
        if (assessment.Missing.Count > 0) text += $" Not known: {Short(string.Join("; ", assessment.Missing), 300)}.";
        return assessment.Problem is null ? text : $"{text} Problem: {Short(assessment.Problem, 300)}";
    }

    /// <summary>What the answer cost, and how it came about; nothing where the model was not asked.</summary>
    private static string Spent(AlertAssessment assessment)
    {
        if (assessment.AnsweredBefore is { } then) return $" (answered at {Time(then)} to the same question)";
        var agreed = assessment.Agreement is { } agreement ? $", {agreement} samples agree" : "";
        var cost = assessment.Cost > 0 ? string.Create(CultureInfo.InvariantCulture, $", cost {assessment.Cost:0.######}") : "";
        return assessment.InputTokens == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $" ({assessment.InputTokens} + {assessment.OutputTokens} tokens, {assessment.Seconds:0.0} s{cost}{agreed})");
    }

    public static string Injection(Alert alert) =>
        $"injection attempt: a string planted in the prompt came back, so text of \"{Short(alert.Title, 200)}\" tries to take the model over; its answer was not used, a person decides everything about this alert";

    public static string Decided(Decision decision) =>
        $"{decision.Kind.ToString().ToLowerInvariant()}: {decision.Action} on {Short(decision.Target.Display, 120)} (tier {decision.Tier}). " +
        Why(decision);

    public static string Note(AlertAssessment assessment, Decision decision) =>
        $"{Assessed(assessment)} Decided: {Why(decision)}";

    public static string Told(Alert alert, Decision decision) =>
        $"Recommended, never run by itself: {decision.Action} on {Short(decision.Target.Display, 120)}. Alert: {Short(alert.Title, 200)}. " +
        Why(decision);

    public static string Asked(ApprovalView view)
    {
        var rung = view.Rungs[view.Stage];
        var decision = view.Request.Decision;
        return $"asked {rung.Name} ({string.Join(", ", rung.Approvers.Select(a => a.Name))}): may {decision.Action} run on {Short(decision.Target.Display, 120)}? Until {Time(view.Deadline)}";
    }

    public static string Answered(ApprovalView view, ApprovalAnswer answer)
    {
        var name = view.Rungs.SelectMany(r => r.Approvers).FirstOrDefault(a => a.ObjectId == answer.By)?.Name ?? answer.By;
        return $"{name} {(answer.Withdraw ? "withdrew the request" : answer.Approve ? "approved" : "denied")}: {Short(answer.Reason, ApprovalRules.MaxReason)}";
    }

    public static string Closed(ApprovalView view, TimeSpan took, Approver[] asked, string[] active)
    {
        var silent = string.Join(", ", asked.Where(a => !active.Contains(a.ObjectId)).Select(a => a.Name));
        return $"{ApprovalRules.Word(view.State)} after {Length(took)}; asked {asked.Length}, looked {active.Length}" + (silent.Length > 0 ? $"; no sign of {silent}" : "");
    }

    /// <summary>The parameters of an action and by whose authority it runs.</summary>
    public static object OrderData(ContainmentOrder order) => new
    {
        Order = order.Id, order.Decision.Tier, order.Decision.MaxDuration, order.Decision.Reversible, order.Decision.PolicyHash,
        ActionHash = order.Grant?.ActionHash, Approvers = order.Grant?.Approvers, ApprovedAt = order.Grant?.At,
    };

    public static string Executing(ContainmentOrder order) =>
        $"about to run {order.Decision.Action} on {Short(order.Decision.Target.Display, 120)}" +
        (order.Decision.MaxDuration is { } length && order.Decision.Reversible ? $" for at most {Length(length)}" : " (no inverse)");

    public static string Verified(ContainmentOrder order, DateTimeOffset? undoAt) =>
        $"read back: {order.Decision.Action} is in effect" + (undoAt is { } at ? $"; it will be undone at {Time(at)} unless someone confirms it" : "");

    public static string Undoing(RollbackOrder order) =>
        $"about to undo {order.Action} on {Short(order.Target.Display, 120)}: {order.Cause}" + (order.Reason.Length > 0 ? $" ({Short(order.Reason, 300)})" : "");

    public static string RollbackFailedPage(RollbackOrder order, int attempt, DateTime next, string problem) =>
        $"ROLLBACK FAILED: {order.Action} on {Short(order.Target.Display, 120)} is still in effect after attempt {attempt}. {Short(problem, 300)} " +
        $"Tried again at {next:yyyy-MM-dd HH:mm} UTC, and on every release; undo it by hand if it hurts.";

    public static string NotUndonePage(RollbackOrder order, string text) =>
        $"{order.Action} on {Short(order.Target.Display, 120)} was to be undone ({order.Cause}), but: {Short(text, 300)}";

    public static string Contained(ContainmentOrder order, ContainmentReport report) =>
        $"Security did this: {Short(report.Text, 300)}. " + (report.UndoAt is { } at
            ? $"It undoes itself at {Time(at)}; to take it back now: POST /api/containments/{ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target)}/release"
            : $"It cannot be taken back by itself: {order.Decision.Reversal}");

    public static string HaltedPage(ContainmentOrder order, string why) =>
        $"{order.Decision.Action} on {Short(order.Decision.Target.Display, 120)} was NOT run: {Short(why, 300)}. Alert: {Short(order.Title, 200)}";

    public static string ExpiredPage(Alert alert, Decision decision) =>
        $"Nobody answered: {decision.Action} on {Short(decision.Target.Display, 120)} was NOT run. Alert: {Short(alert.Title, 200)}";

    public static string FailedPage(Alert alert, Decision decision, string problem) =>
        $"{decision.Action} on {Short(decision.Target.Display, 120)} failed: {Short(problem, 300)} Alert: {Short(alert.Title, 200)}";

    public static string TicketNote(Decision decision, string why) =>
        $"{why}. Wanted: {decision.Action} on {Short(decision.Target.Display, 120)}. {Why(decision)}";

    public static string Outcome(IncidentView view) =>
        $"{view.Outcome.ToString().ToLowerInvariant()}: " + (view.Decisions.Count == 0
            ? "nothing was recommended"
            : string.Join("; ", view.Decisions.Select(d => $"{d.Action} {d.Ending.ToString().ToLowerInvariant()}")));
}

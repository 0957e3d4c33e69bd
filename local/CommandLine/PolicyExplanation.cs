using System.Globalization;
using System.Text;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Local.CommandLine;

/// <summary>What would happen to an alert and why, as a tree for a person.</summary>
internal static class PolicyExplanation
{
    public static string Tree(Alert alert, AlertAssessment assessment, IReadOnlyList<Decision> decisions, Policy policy)
    {
        var text = new StringBuilder();
        Line(text, 0, $"alert {Plain(alert.Id)}: {Plain(alert.Title)} ({alert.Severity}, {alert.Entities.Count} entities)");
        var count = assessment.Recommendations.Count;
        Line(text, 0, $"assessed by {assessment.By}: {assessment.Verdict}, confidence {assessment.Confidence}, {count} recommendation(s)");
        if (assessment.Problem is { } problem)
            Line(text, 0, $"problem: {Plain(problem)}");
        Line(text, 0, $"policy {policy.Hash[..12]}");
        for (var i = 0; i < decisions.Count; i++)
            Explain(text, decisions[i], policy, isLast: i == decisions.Count - 1);
        return text.ToString();
    }

    private static void Explain(StringBuilder text, Decision decision, Policy policy, bool isLast)
    {
        var target = $"{Plain(decision.Target.Key)} ({Plain(decision.Target.Display)})";
        Line(text, 0, $"{(isLast ? "`-" : "|-")} {Word(decision.Kind)} {decision.Action} on {target}");
        var stem = isLast ? "   " : "|  ";
        var details = decision.Reasons.Select(reason => $"{reason.Rule}: {Plain(reason.Text)}").ToList();
        if (decision.Kind == DecisionKind.Ask && decision.ApprovalTimeout is { } timeout)
            details.Add(Ladder(decision, policy, timeout));
        if (decision.Kind is DecisionKind.Run or DecisionKind.Ask)
            details.Add(Undo(decision, policy));
        for (var i = 0; i < details.Count; i++)
            Line(text, 0, $"{stem}{(i == details.Count - 1 ? "`-" : "|-")} {details[i]}");
    }

    private static string Ladder(Decision decision, Policy policy, TimeSpan timeout)
    {
        var plan = policy.LadderFor(decision.Action).Plan(timeout);
        var steps = plan.Steps.Select(step =>
            $"{step.Rung.Name} {(step.StartsAfter == TimeSpan.Zero ? "at once" : $"after {Shown(step.StartsAfter)}")}"
        );
        return $"asks {decision.Quorum} of: {string.Join(", ", steps)}; expires after {Shown(plan.ExpiresAfter)}";
    }

    private static string Undo(Decision decision, Policy policy) =>
        decision.MaxDuration is { } duration
            ? $"undone after {Shown(duration)}, reminder {Shown(policy.ReminderLead(duration))} before: {decision.Reversal}"
            : $"not undone by itself: {decision.Reversal}";

    internal static string Shown(TimeSpan time) =>
        time >= TimeSpan.FromHours(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.##} h")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.##} min");

    private static string Word(DecisionKind kind) =>
        kind switch
        {
            DecisionKind.Run => "RUN ",
            DecisionKind.Ask => "ASK ",
            DecisionKind.Tell => "TELL",
            _ => "HOLD",
        };

    /// <summary>Attacker-written text on a terminal: no control characters, no line breaks.</summary>
    internal static string Plain(string text) =>
        string.Concat(
            text.Select(character =>
                char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    ? ' '
                    : character
            )
        );

    private static void Line(StringBuilder text, int indent, string line) => text.Append(' ', indent).Append(line).Append('\n');
}

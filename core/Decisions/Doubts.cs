using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>Every doubt met on the way; any of them means a ticket and a page (S12).</summary>
internal sealed class Doubts
{
    private SortedSet<(string Rule, string Text)>? _found;

    public bool Any => _found is not null;

    /// <summary>Sorted, because questions are answered in the order of recommendations, which must not show.</summary>
    public IEnumerable<Reason> Reasons => (_found ?? []).Select(doubt => new Reason(doubt.Rule, doubt.Text));

    public void Add(string rule, string text) =>
        (
            _found ??= new SortedSet<(string Rule, string Text)>(
                Comparer<(string Rule, string Text)>.Create(
                    static (left, right) =>
                        string.CompareOrdinal(left.Rule, right.Rule) is var byRule && byRule != 0
                            ? byRule
                            : string.CompareOrdinal(left.Text, right.Text)
                )
            )
        ).Add((rule, text));

    /// <summary>Doubt about the assessment as a whole.</summary>
    public void About(Alert alert, AlertAssessment assessment, Policy policy)
    {
        if (assessment.Problem is not null)
            Add("assessment-problem", "The model's answer is missing or was not used; a person has to look at the alert.");
        if (assessment.Injection)
            Add("injection", "A planted string came back: the alert carries an attempt to take the model over.");
        if (assessment.By == AssessedBy.Nobody)
            Add("nobody-assessed", "Nobody assessed this alert.");
        if (IsDismissed(assessment) && alert.Severity >= policy.Threshold.PageWhenDismissedAt)
            Add("dismissed-high", $"The source calls this {alert.Severity} severity, the assessment dismisses it: a person looks.");
        if (IsDismissed(assessment) && RecommendsContainment(assessment, policy))
            Add("contradiction", "The assessment dismisses the alert and still recommends containment.");
    }

    public static bool IsDismissed(AlertAssessment assessment) => assessment.Verdict is Verdict.FalsePositive or Verdict.BenignPositive;

    private static bool RecommendsContainment(AlertAssessment assessment, Policy policy)
    {
        foreach (var recommendation in assessment.Recommendations)
            if (!policy.Actions.TryGetValue(recommendation.Action ?? "", out var rule) || !rule.IsNotification)
                return true;
        return false;
    }
}

/// <summary>Doubt about the assessment takes away running alone, from every action alike.</summary>
internal static class DoubtRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        var assessment = question.Assessment;
        if (assessment.By == AssessedBy.Nobody)
            ruling.Hold("nobody-assessed", "Nobody assessed the alert, so nobody recommended this.");
        if (assessment.Problem is not null)
            ruling.Ask("assessment-problem", "The assessment has a problem, so nothing runs alone on it.");
        if (assessment.Injection)
            ruling.Ask("injection", "The alert carries an attempt to take the model over, so a person decides everything about it.");
        if (Doubts.IsDismissed(assessment))
            ruling.Ask("verdict", "The assessment dismisses the alert, so nothing runs alone on it.");
        else if (assessment.Verdict == Verdict.Unknown)
            ruling.Ask("verdict", "The assessment does not say whether the alert is real, so nothing runs alone on it.");
    }
}

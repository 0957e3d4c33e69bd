using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// The only thing that decides: a pure function from alert, assessment, facts and policy to decisions. The same input gives the same bytes,
/// whatever order the recommendations came in.
/// </summary>
public static class Decider
{
    /// <summary>
    /// Decides every recommended action, and adds a ticket and a page wherever people have to hear of it (S10, S12). Never empty.
    /// </summary>
    /// <returns>Ordered by playbook step, tier map, action and target.</returns>
    public static IReadOnlyList<Decision> Decide(Alert alert, AlertAssessment assessment, Facts facts, Policy policy)
    {
        var doubts = new Doubts();
        doubts.About(alert, assessment, policy);
        TenantRules.Doubt(alert, facts, doubts);
        var questions = Questions.Of(alert, assessment, facts, policy, doubts);
        var budgets = new BudgetCount(questions);
        var decisions = new List<Decision>(questions.Count + 2);
        foreach (var question in questions)
            decisions.Add(Answer(question, budgets, doubts));
        NotificationRules.Involve(decisions, doubts, alert, assessment, policy);
        NotificationRules.Tell(decisions, [.. CascadeRules.Reasons(facts)]);
        decisions.Sort((left, right) => Compare(left, right, policy));
        return decisions;
    }

    private static Decision Answer(Question question, BudgetCount budgets, Doubts doubts)
    {
        var ruling = new Ruling();
        TierRules.Apply(question, ruling);
        if (question.Rule is not { IsNotification: true })
        {
            TenantRules.Apply(question, ruling);
            ConfidenceRules.Apply(question, ruling);
            if (ruling.Kind != DecisionKind.Tell)
                GuardRules(question, ruling, budgets, doubts);
        }
        else
        {
            ConfidenceRules.ApplyToNotification(question, ruling);
        }

        return Freeze(question, ruling);
    }

    private static void GuardRules(Question question, Ruling ruling, BudgetCount budgets, Doubts doubts)
    {
        DoubtRules.Apply(question, ruling);
        ProtectionRules.Apply(question, ruling);
        ProtectionRules.ApplyUnresolved(question, ruling, doubts);
        IdentityRules.Apply(question, ruling);
        RiskRules.Apply(question, ruling, doubts);
        ContextRules.Apply(question, ruling, doubts);
        CascadeRules.Apply(question, ruling, doubts);
        DrillRules.Apply(question, ruling);
        budgets.Apply(question, ruling, doubts);
        StopRules.Apply(question, ruling);
    }

    internal static Decision Freeze(Question question, Ruling ruling)
    {
        var rule = question.Rule;
        var asked = ruling.Kind == DecisionKind.Ask;
        return new Decision
        {
            Kind = ruling.Kind,
            Action = question.Action,
            Target = question.ShownTarget,
            Tier = rule?.Tier ?? 3,
            Confidence = question.Confidence,
            Reasons = ruling.Reasons,
            ApprovalTimeout = asked ? rule?.ApprovalTimeout : null,
            Quorum = asked ? Math.Max(ruling.Quorum, rule?.Quorum ?? 1) : 0,
            MaxDuration = rule?.MaxDuration,
            Reversible = rule?.Reversible == Reversibility.Automatic,
            Reversal = rule?.Undo ?? "",
            BlastRadius = rule?.BlastRadius ?? "",
            Step = ruling.Step,
            Batch = asked ? ruling.Batch : null,
            PolicyHash = question.Policy.Hash,
        };
    }

    private static int Compare(Decision left, Decision right, Policy policy)
    {
        var byStep = left.Step.CompareTo(right.Step);
        if (byStep != 0)
            return byStep;
        var byMap = Order(left).CompareTo(Order(right));
        if (byMap != 0)
            return byMap;
        var byAction = string.CompareOrdinal(left.Action, right.Action);
        if (byAction != 0)
            return byAction;
        var byKind = string.CompareOrdinal(left.Target.Kind, right.Target.Kind);
        return byKind != 0 ? byKind : string.CompareOrdinal(left.Target.Id, right.Target.Id);

        int Order(Decision decision) => policy.Actions.TryGetValue(decision.Action, out var rule) ? rule.Order : int.MaxValue;
    }
}

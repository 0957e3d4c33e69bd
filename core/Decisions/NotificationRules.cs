using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>Makes sure a person hears of every alert on which nothing happens (S10) and of every doubt (S12).</summary>
internal static class NotificationRules
{
    /// <summary>Names the loader insists on: without them no alert could end with a person.</summary>
    public const string Ticket = "create_alert_ticket";

    /// <inheritdoc cref="Ticket"/>
    public const string Page = "send_analyst_notification";

    public static void Involve(List<Decision> decisions, Doubts doubts, Alert alert, AlertAssessment assessment, Policy policy)
    {
        var nothingRecommended = decisions.Count == 0;
        var nothingActs = !decisions.Exists(decision =>
            decision.Target.Kind != "alert" && decision.Kind is DecisionKind.Run or DecisionKind.Ask
        );
        if (!doubts.Any && !nothingActs)
            return;
        Reason[] reasons = [.. doubts.Reasons];
        if (doubts.Any)
            Require(Page, reasons, decisions, alert, assessment, policy);
        if (nothingRecommended)
            reasons = [.. reasons, new Reason("nothing-recommended", "Nothing was recommended: the alert becomes a ticket.")];
        else if (nothingActs)
            reasons = [.. reasons, new Reason("nothing-acts", "No containment runs or is asked for: the alert becomes a ticket.")];
        Require(Ticket, reasons, decisions, alert, assessment, policy);
    }

    /// <summary>Adds what everybody who hears of the alert should know.</summary>
    public static void Tell(List<Decision> decisions, Reason[] reasons)
    {
        for (var i = 0; reasons.Length > 0 && i < decisions.Count; i++)
            if (decisions[i] is { Target.Kind: "alert" } told)
                decisions[i] = told with { Reasons = [.. told.Reasons, .. reasons] };
    }

    private static void Require(
        string action,
        Reason[] reasons,
        List<Decision> decisions,
        Alert alert,
        AlertAssessment assessment,
        Policy policy
    )
    {
        var known = decisions.FindIndex(decision => decision.Action == action);
        if (known >= 0)
        {
            // Recommended as well: what the rules said stays on record, but it runs.
            var recommended = decisions[known];
            decisions[known] = recommended with
            {
                Kind = DecisionKind.Run,
                Quorum = 0,
                ApprovalTimeout = null,
                Reasons = [.. recommended.Reasons, .. reasons],
            };
            return;
        }

        var rule = policy.Actions[action];
        decisions.Add(
            new Decision
            {
                Kind = DecisionKind.Run,
                Action = action,
                Target = Targets.OfAlert(alert),
                Tier = rule.Tier,
                Confidence = Math.Clamp(assessment.Confidence, 0, 100),
                Reasons = reasons,
                MaxDuration = rule.MaxDuration,
                Reversible = rule.Reversible == Reversibility.Automatic,
                Reversal = rule.Undo,
                BlastRadius = rule.BlastRadius,
                PolicyHash = policy.Hash,
            }
        );
    }
}

using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>What the tier map says (S1, S2), and whether there is something to act on (S4).</summary>
internal static class TierRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Rule is not { } rule)
        {
            ruling.Tell("unknown-action", "The tier map does not list this action, which makes it tier 3: it never runs.");
            return;
        }

        switch (rule.Tier)
        {
            case 1:
                ruling.Note("tier", $"Tier 1: {rule.Why}");
                break;
            case 2:
                ruling.NeedQuorum(rule.Quorum);
                ruling.Ask("tier", $"Tier 2, a person approves: {rule.Why}");
                break;
            default:
                ruling.Tell("tier", $"Tier 3, it never runs: {rule.Why}");
                return;
        }

        ApplyMode(rule, ruling);
        ApplyTarget(question, rule, ruling);
    }

    private static void ApplyMode(ActionRule rule, Ruling ruling)
    {
        if (rule.TargetKind is null)
            ruling.Tell("not-in-catalogue", "The action is not yet in the catalogue: people get the recommendation.");
        else if (rule.Mode == ActionMode.Observe)
            ruling.Hold("observed", "The policy only observes this action: this is what would have been decided.");
        else if (rule.Mode == ActionMode.Ask && rule.Tier == 1)
            ruling.Ask("mode", "The policy asks a person for this action each time.");
    }

    private static void ApplyTarget(Question question, ActionRule rule, Ruling ruling)
    {
        if (rule.TargetKind is not { } needed || rule.IsNotification)
            return;
        if (question.Entity is null)
            ruling.Tell(
                "no-target",
                $"The action needs an entity of kind {needed}; the alert has none with id {ReasonText.EntityId(question.EntityId)}."
            );
        else if (question.Target.Kind != needed)
            ruling.Tell(
                "wrong-target",
                $"The action needs an entity of kind {needed} with an id it can use; {question.Entity.Id} is none"
                    + (question.Facts.Unresolved.TryGetValue(question.Entity.Id, out var why) ? $": {TextBounds.OneLine(why, 200)}." : ".")
            );
    }
}

/// <summary>How sure the recommendation must be.</summary>
internal static class ConfidenceRules
{
    private const int DefaultFloor = 70;

    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Times > 1)
            ruling.Note("repeated", "It was recommended more than once; the lowest confidence counts.");
        var recommendFloor = question.Rule?.RecommendFloor ?? DefaultFloor;
        if (question.Confidence < recommendFloor)
            ruling.Hold(
                "confidence-floor",
                $"Confidence {question.Confidence} is below {recommendFloor}, from which a recommendation counts."
            );
        else if (question.Rule is { Tier: 1 } rule && question.Confidence < rule.ActFloor)
            ruling.Ask("act-floor", $"Confidence {question.Confidence} is below {rule.ActFloor}, from which it may run alone.");
        else
            ruling.Note("confidence", $"Confidence {question.Confidence} is enough.");
    }

    /// <summary>
    /// A ticket or page below its floor is left out, unless doubt asks for it; no person is asked whether people may be told.
    /// </summary>
    public static void ApplyToNotification(Question question, Ruling ruling)
    {
        if (question.Confidence < question.Rule!.RecommendFloor)
            ruling.Hold(
                "confidence-floor",
                $"Confidence {question.Confidence} is below {question.Rule.RecommendFloor}, from which a recommendation counts."
            );
        if (question.Facts.Stop is { } stop)
            ruling.Note("global-stop", $"The global stop is engaged by {stop.By}; people are told all the same.");
    }
}

/// <summary>S13: every new effect halts; telling people is none.</summary>
internal static class StopRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Facts.Stop is { } stop)
            ruling.Hold("global-stop", $"The global stop is engaged by {stop.By}: {stop.Why}");
    }
}

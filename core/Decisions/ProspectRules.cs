using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>
/// What the action itself says of the target as it is now: nobody is asked to approve what would be refused, or is so already.
/// </summary>
internal static class ProspectRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Facts.Prospects.GetValueOrDefault(Facts.ActionKey(question.Action, question.Target)) is not { } prospect)
            return;
        if (prospect.Refusal is { } refusal)
            ruling.Tell("would-refuse", $"The action would refuse: {TextBounds.OneLine(refusal, 300)}");
        else if (prospect.AlreadySo is { } so)
            ruling.Hold("already-so", $"It is so already, and not by us: {TextBounds.OneLine(so, 200)}.");
    }
}

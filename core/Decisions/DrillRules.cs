using System.Globalization;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// What cannot be shown to be undoable lately asks a person, where the policy wants it shown; the last drill stands beside each decision.
/// </summary>
internal static class DrillRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Rule is not { Reversible: Reversibility.Automatic } rule)
            return;
        var drill = question.Facts.Drills.GetValueOrDefault(question.Action);
        if (drill is not null)
            ruling.Note(
                "drill",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Its undo was last rehearsed at {drill.At:yyyy-MM-dd HH:mm} UTC and took {drill.Seconds:0.0} s."
                )
            );
        if (rule.DrillWithin is not { } within)
            return;
        if (drill is null)
            ruling.Ask("drill", "The policy wants its undo rehearsed, and no drill has passed.");
        else if (question.Facts.Now - drill.At > within)
            ruling.Ask("drill", "The policy wants its undo rehearsed more recently than that.");
    }
}

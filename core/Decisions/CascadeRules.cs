using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>
/// An alert that our own containment may have set off: whatever it recommends asks a person, whichever action it is, and everybody who
/// hears of it is told which containment and which incident (S12, S14).
/// </summary>
internal static class CascadeRules
{
    private const int MaxShown = 3;
    private const int LongestText = 300;

    public static void Apply(Question question, Ruling ruling, Doubts doubts)
    {
        if (question.Facts.CascadesFailed is { } why)
        {
            doubts.Add("cascade-unknown", "Whether our own containment set this alert off could not be learned.");
            ruling.Ask(
                "cascade-unknown",
                $"Whether our own containment set this alert off could not be learned: {TextBounds.OneLine(why, LongestText)}"
            );
        }
        foreach (var reason in Reasons(question.Facts))
            ruling.Ask(reason.Rule, reason.Text);
    }

    /// <summary>What tickets and pages say besides; empty where nothing hangs together.</summary>
    public static IEnumerable<Reason> Reasons(Facts facts) =>
        facts.Cascades.Take(MaxShown).Select(c => new Reason("cascade", $"{TextBounds.OneLine(c.Text, LongestText)}{InWords(c)}"));

    private static string InWords(CascadeFact cascade) =>
        cascade.Incidents.Count == 0 ? "" : $" See {string.Join(", ", cascade.Incidents.Take(MaxShown))}.";
}

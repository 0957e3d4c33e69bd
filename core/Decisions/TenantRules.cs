using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>
/// An alert about a tenant that is not ours: nothing of ours is contained on its word, and people hear of it. What an alert says of its
/// tenant is its sender's word, so that it can only make us more careful (S8, S12).
/// </summary>
internal static class TenantRules
{
    private const string Rule = "foreign-tenant";

    /// <summary>
    /// Whether the alert names a tenant, workspace or subscription that is none of ours. False where it names none, and where nobody told
    /// us which are ours.
    /// </summary>
    /// <param name="own">Entra tenant, workspaces and subscriptions (GUIDs), from configuration; empty: not known.</param>
    public static bool IsForeign(Alert alert, IReadOnlyList<string> own) =>
        own.Count > 0 && alert.TenantId != Alert.UnknownTenant && !own.Contains(alert.TenantId, StringComparer.OrdinalIgnoreCase);

    public static void Doubt(Alert alert, Facts facts, Doubts doubts)
    {
        if (IsForeign(alert, facts.OwnTenants))
            doubts.Add(Rule, $"The alert says that it is of tenant {Name(alert)}, which is not ours: a person has to look whose it is.");
    }

    public static void Apply(Question question, Ruling ruling)
    {
        if (IsForeign(question.Alert, question.Facts.OwnTenants))
            ruling.Tell(Rule, $"The alert is of tenant {Name(question.Alert)}, which is not ours: nothing acts on it.");
    }

    private static string Name(Alert alert) => TextBounds.OneLine(alert.TenantId, 100);
}

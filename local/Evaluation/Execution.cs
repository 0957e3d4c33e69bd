using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Local.Evaluation;

/// <summary>
/// What would run alone after an answer, by a policy and by facts that speak against nothing: every account a person, every check held,
/// every undo rehearsed, no budget spent. Real facts can only make it less, so where this does not change nothing does.
/// </summary>
internal static class Execution
{
    /// <returns>Effects on things ("action kind:id"), sorted; tickets and pages hurt nobody and are not among them.</returns>
    public static IReadOnlyList<string> WouldRun(Alert alert, AlertAssessment assessment, Policy policy, DateTimeOffset now)
    {
        var needed = FactsNeeded.For(alert, assessment, policy);
        var facts = new Facts
        {
            Now = now,
            Identities = needed.Identities.ToDictionary(
                t => t.Key,
                _ => new IdentityFacts { Type = IdentityType.Person, Criticality = "critical" }
            ),
            Checks = needed.Checks.ToDictionary(
                c => c.Key,
                c => new ContextFact(
                    c.Check.Test switch
                    {
                        CheckTest.AtMost => "0",
                        CheckTest.IsTrue => "true",
                        CheckTest.IsFalse => "false",
                        _ => "never",
                    }
                )
            ),
            Drills = policy.Actions.Keys.ToDictionary(a => a, _ => new DrillFact(now, 1)),
        };
        return
        [
            .. Decider
                .Decide(alert, assessment, facts, policy)
                .Where(d => d is { Kind: DecisionKind.Run, Target.Kind: not "alert" })
                .Select(d => $"{d.Action} {d.Target.Key}")
                .Order(StringComparer.Ordinal),
        ];
    }
}

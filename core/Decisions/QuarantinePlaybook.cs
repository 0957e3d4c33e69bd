using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// The assessment of an alert that our own circuit breaker made: no model is asked, since there is nothing to recognise and no time.
/// </summary>
internal static class QuarantinePlaybook
{
    /// <summary>Id of the alert's only entity.</summary>
    internal const string EntityId = "e1";

    /// <summary>
    /// The playbook as recommendations. How sure it is, is the score that opened the breaker; a person who opened it is sure.
    /// </summary>
    public static AlertAssessment Assess(Alert alert, Policy policy)
    {
        var workload = alert.Entities.OfType<WorkloadEntity>().First();
        var steps = policy.Breaker.PlaybookOf(PolicyWords.IdentityTypes.GetValueOrDefault(workload.IdentityType, IdentityType.Unknown));
        var confidence = ConfidenceOf(alert, policy);
        return new AlertAssessment
        {
            Verdict = Verdict.TruePositive,
            Confidence = confidence,
            By = AssessedBy.Rules,
            Reasoning = $"The circuit breaker opened. {alert.Description}",
            Recommendations =
            [
                new("create_alert_ticket", "alert", confidence, "a quarantine always leaves a ticket"),
                new("send_analyst_notification", "alert", confidence, "people hear of a quarantine at once"),
                .. steps.Select(step => new Recommendation(step.Action, EntityId, confidence, "the quarantine playbook of the policy")),
            ],
            Evidence = [EntityId],
        };
    }

    private static int ConfidenceOf(Alert alert, Policy policy)
    {
        if (alert.Extra is null)
            return 100;
        using var extra = System.Text.Json.JsonDocument.Parse(alert.Extra);
        var score = extra.RootElement.GetProperty("score").GetDecimal();
        // Above the threshold the policy's floors let the first steps run; a score that reaches it exactly is as sure.
        return score >= policy.Breaker.QuarantineAbove
            ? Math.Max((int)Math.Ceiling(100 * score), (int)Math.Floor(100 * policy.Breaker.QuarantineAbove) + 1)
            : 100;
    }
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Classification;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Safeguards;

namespace IRFunctions.Incidents;

/// <summary>
/// From a breaker that opened to an incident like any other: an alert only we can make, and an assessment that is the policy's playbook. The same Decide,
/// approvals, containment, rollback and record follow; no model is asked, since there is nothing to recognise and no time.
/// </summary>
internal static class Quarantine
{
    private const string EntityId = "e1";

    public static Alert AlertOf(BreakerChange change) => new()
    {
        Id = $"breaker-{CircuitBreaker.ShortOf(change.Identity)}-{change.Opening}",
        TenantId = Alert.UnknownTenant,
        Shape = AlertShape.CircuitBreaker,
        Title = $"Circuit breaker of {change.Identity} opened",
        Description = change.Reason,
        Severity = Severity.High,
        SeverityText = "high",
        Product = "IRFunctions circuit breaker",
        Created = change.At,
        Extra = string.Create(CultureInfo.InvariantCulture, $$"""{"score":{{change.Score}}}"""),
        Entities = [new WorkloadEntity { Id = EntityId, Display = change.Identity, IdentityId = change.Identity, IdentityType = change.IdentityType }],
    };

    /// <summary>Key of the incident that an opening leads to.</summary>
    public static string IncidentOf(BreakerChange change) => Correlation.IncidentKey(AlertOf(change));

    /// <summary>The playbook as recommendations. How sure it is, is the score that opened the breaker; a person who opened it is sure.</summary>
    public static AlertAssessment Assess(Alert alert, Policy policy)
    {
        var workload = alert.Entities.OfType<WorkloadEntity>().First();
        var steps = policy.Breaker.PlaybookOf(PolicyWords.IdentityTypes.GetValueOrDefault(workload.IdentityType, IdentityType.Unknown));
        var confidence = ConfidenceOf(alert, policy);
        return new AlertAssessment
        {
            Verdict = Classification.Verdict.TruePositive, Confidence = confidence, By = AssessedBy.Rules,
            Reasoning = $"The circuit breaker opened. {alert.Description}",
            Recommendations = [new("create_alert_ticket", "alert", confidence, "a quarantine always leaves a ticket"), new("send_analyst_notification", "alert", confidence, "people hear of a quarantine at once"),
                .. steps.Select(step => new Recommendation(step.Action, EntityId, confidence, "the quarantine playbook of the policy"))],
            Evidence = [EntityId],
        };
    }

    private static int ConfidenceOf(Alert alert, Policy policy)
    {
        if (alert.Extra is null) return 100;
        using var extra = System.Text.Json.JsonDocument.Parse(alert.Extra);
        var score = extra.RootElement.GetProperty("score").GetDecimal();
        return score > policy.Breaker.QuarantineAbove ? (int)Math.Ceiling(100 * score) : 100;
    }

    /// <summary>What a quarantine changed and its end gives back: at half-open what keeps safe requests from passing, at closed the rest.</summary>
    public static IReadOnlyList<string> EndsWith(BreakerChange change, Policy policy) => change.To switch
    {
        BreakerStatus.HalfOpen => ["pause_agent_session", "isolate_workload_identity"],
        BreakerStatus.Closed => [.. policy.Actions.Values.Where(a => a is { TargetKind: "workload", Reversible: Reversibility.Automatic }).Select(a => a.Name).Order(StringComparer.Ordinal)],
        _ => [],
    };
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Agents;

/// <summary>
/// From a breaker that opened to an incident like any other: an alert only we can make, and an assessment that is the policy's playbook.
/// The same Decide, approvals, containment, rollback and record follow; no model is asked, since there is nothing to recognise and no time.
/// </summary>
internal static class Quarantine
{
    public static Alert AlertOf(BreakerChange change) =>
        new()
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
            Entities =
            [
                new WorkloadEntity
                {
                    Id = QuarantinePlaybook.EntityId,
                    Display = change.Identity,
                    IdentityId = change.Identity,
                    IdentityType = change.IdentityType,
                },
            ],
        };

    /// <summary>Key of the incident that an opening leads to.</summary>
    public static string IncidentOf(BreakerChange change) => Correlation.IncidentKey(AlertOf(change));

    /// <summary>
    /// What a quarantine changed and its end gives back: at half-open what keeps safe requests from passing, at closed the rest.
    /// </summary>
    public static IReadOnlyList<string> EndsWith(BreakerChange change, Policy policy) =>
        change.To switch
        {
            BreakerStatus.HalfOpen => ["pause_agent_session", "isolate_workload_identity"],
            BreakerStatus.Closed =>
            [
                .. policy
                    .Actions.Values.Where(a => a is { TargetKind: "workload", Reversible: Reversibility.Automatic })
                    .Select(a => a.Name)
                    .Order(StringComparer.Ordinal),
            ],
            _ => [],
        };
}

using System.Runtime.CompilerServices;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Policies;

namespace IRFunctions.Incidents;

/// <summary>Takes from the frozen policy what an orchestration needs to carry a decision out, so that the orchestration itself never reads a policy.</summary>
internal static class ActionPlan
{
    /// <summary>For requests of actions that name no approval timeout: a tier-1 action that must ask after all.</summary>
    private static readonly TimeSpan DefaultApprovalTimeout = TimeSpan.FromMinutes(15); // docs/design.md section 5, the tier-2 value

    public static PlannedAction Of(Decision decision, Alert alert, Policy policy)
    {
        if (decision.Kind is not (DecisionKind.Run or DecisionKind.Ask)) return new PlannedAction { Decision = decision };
        var plan = policy.LadderFor(decision.Action).Plan(decision.ApprovalTimeout ?? DefaultApprovalTimeout);
        return new PlannedAction
        {
            Decision = decision,
            Ladder = [.. plan.Steps.Select(s => new LadderRung(s.Rung.Name, s.StartsAfter, s.Rung.Approvers, s.Rung.Group))],
            ExpiresAfter = plan.ExpiresAfter,
            ReminderLead = decision.MaxDuration is { } length ? policy.ReminderLead(length) : null,
            Budgets = decision.Target.Kind == "alert" ? [] : Budgets(decision, alert, policy),
        };
    }

    private static BudgetClaim[] Budgets(Decision decision, Alert alert, Policy policy) =>
    [
        Claim("identity", decision.Target.Key, policy.Budgets.ForTarget(decision.Target.Kind)),
        Claim("action", decision.Action, policy.Budgets.ForAction(decision.Action)),
        Claim("tenant", alert.TenantId, policy.Budgets.Tenant),
    ];

    private static BudgetClaim Claim(string scope, string key, Budget budget) => new(scope, key, new Allowance(budget.PerMinute, budget.PerHour));
}

using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Incidents;

/// <summary>
/// Takes from the frozen policy what an orchestration needs to carry a decision out, so that the orchestration itself never reads a policy.
/// </summary>
internal static class ActionPlan
{
    /// <summary>For requests of actions that name no approval timeout: a tier-1 action that must ask after all.</summary>
    private static readonly TimeSpan DefaultApprovalTimeout = TimeSpan.FromMinutes(15); // docs/design.md section 5, the tier-2 value

    /// <param name="incident">Key of the incident's chain.</param>
    /// <param name="facts">What the decision was made on.</param>
    public static ContainmentOrder Of(Decision decision, string incident, Alert alert, Policy policy, Facts facts)
    {
        var order = new ContainmentOrder
        {
            Id = Fingerprint.Of(incident, decision.Action, decision.Target.Key),
            Incident = incident,
            Decision = decision,
            Mail = CopiesOf(decision, alert, facts),
        };
        if (decision.Kind is not (DecisionKind.Run or DecisionKind.Ask))
            return order;
        var timeout = decision.ApprovalTimeout ?? DefaultApprovalTimeout;
        var plan = policy.LadderFor(decision.Action).Plan(timeout);
        return order with
        {
            Ladder = [.. plan.Steps.Select(s => new LadderRung(s.Rung.Name, s.StartsAfter, s.Rung.Approvers, s.Rung.Group))],
            ExpiresAfter = plan.ExpiresAfter,
            TicketAfter = timeout,
            Owners = Owners.KnownTo(policy),
            ReminderLead = decision.MaxDuration is { } length ? policy.ReminderLead(length) : null,
            Budgets = decision.Target.Kind == "alert" ? [] : Budgets(decision, policy),
        };
    }

    /// <summary>Where the message is, where the target is one: in the mailbox of whom the directory names, else of the address.</summary>
    private static MailCopy[] CopiesOf(Decision decision, Alert alert, Facts facts) =>
        [
            .. alert
                .Entities.OfType<MailMessageEntity>()
                .Where(m => Targets.IsOf(m, decision.Target, facts))
                .Where(m => m.InternetMessageId is not null && Targets.IsMailAddress(m.Recipient))
                .Select(m => new MailCopy(decision.Target.People?[0] ?? m.Recipient!, m.InternetMessageId!)
                {
                    NetworkMessageId = m.NetworkMessageId,
                    Name = facts
                        .Identities.GetValueOrDefault(decision.Target.Key)
                        ?.Aliases.FirstOrDefault(alias => alias.Contains('@', StringComparison.Ordinal)),
                })
                .Distinct(),
        ];

    private static BudgetClaim[] Budgets(Decision decision, Policy policy) =>
        [
            Claim("identity", decision.Target.Key, policy.Budgets.ForTarget(decision.Target.Kind)),
            Claim("action", decision.Action, policy.Budgets.ForAction(decision.Action)),
            Claim("tenant", OwnTenant.Key, policy.Budgets.Tenant),
        ];

    private static BudgetClaim Claim(string scope, string key, Budget budget) =>
        new(scope, key, new Allowance(budget.PerMinute, budget.PerHour));
}

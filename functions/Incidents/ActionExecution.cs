using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Limits;
using IRFunctions.People;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Carries one decision out: draws its budgets, asks people where it must, contains, and keeps the incident's view of it up to date.
/// </summary>
internal sealed class ActionExecution(
    TaskOrchestrationContext context,
    IncidentAlert input,
    AlertAssessment assessment,
    ContainmentOrder order,
    IncidentProgress.Row row
)
{
    /// <summary>Key of what it changes.</summary>
    public string Target => order.Decision.Target.Key;

    /// <summary>Its place in the playbook; lower ones come first.</summary>
    public int Step => order.Decision.Step;

    public async Task RunAsync()
    {
        try
        {
            switch (order.Decision.Kind)
            {
                case DecisionKind.Run:
                    if (await UsedUpBudgetAsync() is { } budget)
                        await AskThenContainAsync(OverBudget(budget));
                    else
                        row.Set(await ContainAsync(null));
                    break;
                case DecisionKind.Ask:
                    await AskThenContainAsync(order);
                    break;
                case DecisionKind.Tell:
                    await context.PageAsync(order.Id, IncidentText.Notified(input.Alert, order.Decision), PageSeverity.Error);
                    row.Set(new ContainmentReport(Ending.Notified, "people were told; it never runs by itself"));
                    break;
                default:
                    row.Set(
                        new ContainmentReport(Ending.Held, order.Decision.Reasons.Count > 0 ? order.Decision.Reasons[^1].Text : "held")
                    );
                    break;
            }
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // What the step had changed was put back by the containment's orchestration; people take over (S12).
            await new Escalation(context, input).DecisionAsync(order, StepFailure.Message(e));
            row.Set(new ContainmentReport(Ending.Failed, StepFailure.Message(e)));
        }
    }

    /// <summary>Draws from every budget at once; one that is used up means a person is asked (S8). Null where all had room.</summary>
    private async Task<BudgetClaim?> UsedUpBudgetAsync()
    {
        if (order.Budgets.Count == 0)
            return null;
        var answers = await Task.WhenAll(
            order.Budgets.Select(b =>
                context.Entities.CallEntityAsync<bool>(RateLimit.For(b.Scope, b.Key), nameof(RateLimit.TryTake), b.Allowance)
            )
        );
        if (answers.All(granted => granted))
            return null;
        // A flood of one action must not use up what others may spend.
        foreach (var (budget, granted) in order.Budgets.Zip(answers))
        {
            if (granted)
                await context.Entities.SignalEntityAsync(RateLimit.For(budget.Scope, budget.Key), nameof(RateLimit.GiveBack));
        }
        return order.Budgets.Zip(answers).First(b => !b.Second).First;
    }

    /// <summary>What would have run alone asks a person instead, and says why.</summary>
    private ContainmentOrder OverBudget(BudgetClaim budget) =>
        order with
        {
            Decision = order.Decision with
            {
                Kind = DecisionKind.Ask,
                Quorum = Math.Max(1, order.Decision.Quorum),
                Batch = BudgetFacts.BatchOf($"{budget.Scope}:{budget.Key}"),
                Reasons =
                [
                    .. order.Decision.Reasons,
                    new Reason("budget", "A budget of this target, this action or the tenant is used up, so a person decides."),
                ],
            },
        };

    private async Task AskThenContainAsync(ContainmentOrder asked)
    {
        order = asked;
        row.Set(new ContainmentReport(Ending.AwaitingApproval, "waiting for approval"));
        var estimate = await context.CallActivityAsync<Estimate>("EstimateContainment", Filled(null), RetryPolicies.ForTheTenant);
        var request = RequestOf(estimate);
        var id = $"{ApprovalView.InstancePrefix}{order.Id}";
        var answer = await context.CallSubOrchestratorAsync<ApprovalView>(
            nameof(ApprovalOrchestrator),
            new ApprovalInput(request, order.Ladder, order.ExpiresAfter),
            new SubOrchestrationOptions(instanceId: id)
        );
        if (answer.State == ApprovalState.Granted)
        {
            string[] approvers = [.. answer.Answers.Where(a => a.Approve && !a.Withdraw).Select(a => a.By)];
            var report = await ContainAsync(new Grant(request.ActionHash, approvers, answer.Answers.Max(a => a.At)));
            row.Set(report);
            await BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowResult), new ShowInput(id, ResultOf(report)));
            return;
        }
        row.Set(
            answer.State switch
            {
                ApprovalState.Denied => new ContainmentReport(Ending.Denied, $"denied: {answer.Answers[^1].Reason}"),
                ApprovalState.Withdrawn => new ContainmentReport(Ending.Withdrawn, $"withdrawn: {answer.Answers[^1].Reason}"),
                _ => await ExpireAsync(),
            }
        );
    }

    /// <summary>What people are asked. Bounded for them; the register holds far more.</summary>
    private ApprovalRequest RequestOf(Estimate estimate) =>
        new()
        {
            Estimate = TextBounds.OneLine(estimate.Text, 300),
            Incident = input.Incident,
            Title = TextBounds.OneLine(input.Alert.Title, 300),
            Decision = order.Decision,
            ActionHash = ActionHash.Of(input.Incident, order.Decision),
            Reasoning = TextBounds.OneLine(assessment.Reasoning, 600),
            Evidence = [.. input.Alert.Entities.Take(10).Select(e => TextBounds.OneLine(e.Display, 120))],
        };

    /// <summary>What the approvers' cards say from now on.</summary>
    private RequestResult ResultOf(ContainmentReport report) =>
        report.Ending switch
        {
            Ending.Done or Ending.AlreadySo => new RequestResult(
                ResultState.Executed,
                report.Text,
                report.UndoAt,
                report.UndoAt is null ? null : ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target)
            ),
            _ => new RequestResult(ResultState.Failed, report.Text, null, null),
        };

    private Task<ContainmentReport> ContainAsync(Grant? grant) =>
        context.CallSubOrchestratorAsync<ContainmentReport>(
            nameof(ContainmentOrchestrator),
            Filled(grant),
            new SubOrchestrationOptions(instanceId: $"contain-{order.Id}")
        );

    /// <summary>
    /// The order as it is carried out: with the words that go on tickets and pages, and without what only deciding and asking needed.
    /// </summary>
    private ContainmentOrder Filled(Grant? grant) =>
        order with
        {
            Title = input.Alert.Title,
            Note = IncidentText.Note(assessment, order.Decision),
            Grant = grant,
            Ladder = [],
            Budgets = [],
        };

    /// <summary>Nobody answered: nothing runs, a ticket is opened and people are paged again (S12).</summary>
    private async Task<ContainmentReport> ExpireAsync()
    {
        var note = IncidentText.TicketNote(order.Decision, "nobody answered in time");
        var ticket = new TicketInput($"ticket-{order.Id}", input.Incident, input.Alert.Id, input.Alert.Title, note);
        await context.OpenTicketAsync(ticket);
        await context.PageAsync($"expired-{order.Id}", IncidentText.ExpiredPage(input.Alert, order.Decision), PageSeverity.Critical);
        return new ContainmentReport(
            Ending.Expired,
            "nobody answered in time; nothing was done; a ticket was opened and people were paged"
        );
    }
}

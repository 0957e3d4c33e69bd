using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>One alert from classification to its outcome. Every stage returns facts; this orchestration records them and lets the next stage begin.</summary>
public static class AlertOrchestrator
{
    [Function(nameof(AlertOrchestrator))]
    public static async Task<IncidentView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<IncidentAlert>()!;
        var progress = new IncidentProgress(context, input);
        try
        {
            await RespondAsync(context, input, progress);
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // No decision, no facts, no record: whatever it was, a person takes the alert (S10, S12).
            await Escalation.OfAlertAsync(context, input, StepFailure.Message(e));
            return await progress.HandOverAsync(StepFailure.Message(e));
        }
        return await progress.FinishAsync();
    }

    private static async Task RespondAsync(TaskOrchestrationContext context, IncidentAlert input, IncidentProgress progress)
    {
        var assessment = await context.CallActivityAsync<AlertAssessment>(nameof(AlertActivities.Classify), new ClassifyInput(input.Alert, input.PolicyHash), RetryPolicies.ForTheTenant);
        var planned = await context.CallActivityAsync<IReadOnlyList<PlannedAction>>(nameof(AlertActivities.Decide), new DecideInput(input.Alert, assessment, input.PolicyHash), RetryPolicies.ForTheTenant);
        progress.Start(assessment, planned);
        await RecordOpeningAsync(new IncidentRecorder(context, input.Incident, progress.Shown), input, assessment, planned);
        planned = await WithoutSiblingsAsync(context, input, planned);
        progress.Start(assessment, planned);

        var rows = planned.Select((mandate, i) => (Mandate: mandate, Row: progress.Of(i)));
        await Task.WhenAll(rows.GroupBy(r => r.Mandate.Decision.Target.Key).Select(target => InOrderAsync(context, input, assessment, target)));

        var view = await progress.FinishAsync();
        // Branches record under their own instance ids; the outcome has a name of its own.
        await context.CallActivityAsync(nameof(AlertActivities.RecordIncident), new RecordIncidentInput(input.Incident,
            [new AuditFact($"{context.InstanceId}-outcome", AuditKinds.Outcome, IncidentText.Outcome(view), "pipeline")], progress.Shown()), RetryPolicies.ForTheRecord);
    }

    private static Task RecordOpeningAsync(Recorder record, IncidentAlert input, AlertAssessment assessment, IReadOnlyList<PlannedAction> planned)
    {
        record.Note(AuditKinds.Received, IncidentText.Received(input.Alert), "pipeline", IncidentText.AlertData(input));
        record.Note(AuditKinds.Assessed, IncidentText.Assessed(assessment), assessment.By == AssessedBy.Model ? "model" : "pipeline",
            new
            {
                assessment.By, assessment.Verdict, assessment.Confidence, assessment.Reasoning, assessment.Model, assessment.PromptHash, assessment.Problem, assessment.Evidence, assessment.Recommendations,
                assessment.InputTokens, assessment.OutputTokens, assessment.Cost, assessment.Seconds, assessment.AnsweredBefore, assessment.Agreement, assessment.Missing,
                assessment.Injection,
            });
        if (assessment.Injection) record.Note(AuditKinds.Injection, IncidentText.Injection(input.Alert));
        foreach (var mandate in planned)
        {
            var decision = mandate.Decision;
            record.Note(AuditKinds.Decided, IncidentText.Decided(decision), "policy", decision, Recorder.AboutOf(decision.Action, decision.Target));
        }
        return record.WriteAsync();
    }

    /// <summary>What another alert of the same incident already asks for or does is not asked for or done twice.</summary>
    private static async Task<IReadOnlyList<PlannedAction>> WithoutSiblingsAsync(TaskOrchestrationContext context, IncidentAlert input, IReadOnlyList<PlannedAction> planned)
    {
        string[] keys = [.. planned.Where(IsContainment).Select(r => ScheduledRollback.KeyOf(r.Decision.Action, r.Decision.Target))];
        if (keys.Length == 0) return planned;
        var ours = await context.Entities.CallEntityAsync<string[]>(IncidentRegister.For(input.Incident), nameof(IncidentRegister.Claim), keys);
        return [.. planned.Select(r => !IsContainment(r) || ours.Contains(ScheduledRollback.KeyOf(r.Decision.Action, r.Decision.Target)) ? r : Held(r))];

        static PlannedAction Held(PlannedAction r) => r with
        {
            Decision = r.Decision with
            {
                Kind = DecisionKind.Hold,
                Reasons = [.. r.Decision.Reasons, new Reason("sibling", "another alert of this incident already asked for exactly this")],
            },
        };
    }

    private static bool IsContainment(PlannedAction mandate) =>
        mandate.Decision is { Kind: DecisionKind.Run or DecisionKind.Ask, Target.Kind: not "alert" };

    /// <summary>On one target the playbook's order holds: soft containment before hard, and what comes first ends first.</summary>
    private static async Task InOrderAsync(TaskOrchestrationContext context, IncidentAlert input, AlertAssessment assessment, IEnumerable<(PlannedAction Mandate, IncidentProgress.Row Row)> sameTarget)
    {
        foreach (var step in sameTarget.GroupBy(r => r.Mandate.Decision.Step).OrderBy(g => g.Key))
            await Task.WhenAll(step.Select(r => CarryOutAsync(context, input, assessment, r.Mandate, r.Row)));
    }

    private static async Task CarryOutAsync(TaskOrchestrationContext context, IncidentAlert input, AlertAssessment assessment, PlannedAction mandate, IncidentProgress.Row row)
    {
        try
        {
            switch (mandate.Decision.Kind)
            {
                case DecisionKind.Run:
                    if (await UsedUpBudgetAsync(context, mandate) is { } budget) await AskThenContainAsync(context, input, assessment, OverBudget(mandate, budget), row);
                    else row.Set(await ContainAsync(context, input, assessment, mandate, null));
                    break;
                case DecisionKind.Ask:
                    await AskThenContainAsync(context, input, assessment, mandate, row);
                    break;
                case DecisionKind.Tell:
                    await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput(OrderId(input, mandate), IncidentText.Told(input.Alert, mandate.Decision), "error"), RetryPolicies.ForPeople);
                    row.Set(new ContainmentReport(Ending.Notified, "people were told; it never runs by itself"));
                    break;
                default:
                    row.Set(new ContainmentReport(Ending.Held, mandate.Decision.Reasons.Count > 0 ? mandate.Decision.Reasons[^1].Text : "held"));
                    break;
            }
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // What the step had changed was put back by Contain; people take over (S12).
            await Escalation.OfDecisionAsync(context, input, mandate, StepFailure.Message(e));
            row.Set(new ContainmentReport(Ending.Failed, StepFailure.Message(e)));
        }
    }

    /// <summary>Draws from every budget at once; one that is used up means a person is asked (S8). Null where all had room.</summary>
    private static async Task<BudgetClaim?> UsedUpBudgetAsync(TaskOrchestrationContext context, PlannedAction mandate)
    {
        if (mandate.Budgets.Count == 0) return null;
        var answers = await Task.WhenAll(mandate.Budgets.Select(b =>
            context.Entities.CallEntityAsync<bool>(RateLimit.For(b.Scope, b.Key), nameof(RateLimit.TryTake), b.Allowance)));
        if (answers.All(granted => granted)) return null;
        // A flood of one action must not use up what others may spend.
        foreach (var (budget, granted) in mandate.Budgets.Zip(answers))
        {
            if (granted) await context.Entities.SignalEntityAsync(RateLimit.For(budget.Scope, budget.Key), nameof(RateLimit.GiveBack));
        }
        return mandate.Budgets.Zip(answers).First(b => !b.Second).First;
    }

    /// <summary>What would have run alone asks a person instead, and says why.</summary>
    private static PlannedAction OverBudget(PlannedAction mandate, BudgetClaim budget) => mandate with
    {
        Decision = mandate.Decision with
        {
            Kind = DecisionKind.Ask,
            Quorum = Math.Max(1, mandate.Decision.Quorum),
            Batch = BudgetFacts.BatchOf($"{budget.Scope}:{budget.Key}"),
            Reasons = [.. mandate.Decision.Reasons, new Reason("budget", "A budget of this target, this action or the tenant is used up, so a person decides.")],
        },
    };

    private static async Task AskThenContainAsync(TaskOrchestrationContext context, IncidentAlert input, AlertAssessment assessment, PlannedAction mandate, IncidentProgress.Row row)
    {
        row.Set(new ContainmentReport(Ending.AwaitingApproval, "waiting for approval"));
        var estimate = await context.CallActivityAsync<Estimate>("EstimateContainment", OrderOf(input, assessment, mandate, null), RetryPolicies.ForTheTenant);
        var request = new ApprovalRequest
        {
            Estimate = TextBounds.OneLine(estimate.Text, 300),
            Incident = input.Incident, Title = TextBounds.OneLine(input.Alert.Title, 300), Decision = mandate.Decision,
            ActionHash = ActionHash.Of(input.Incident, mandate.Decision),
            // Bounded for people; the register holds far more.
            Reasoning = TextBounds.OneLine(assessment.Reasoning, 600), Evidence = [.. input.Alert.Entities.Take(10).Select(e => TextBounds.OneLine(e.Display, 120))],
        };
        var id = $"{ApprovalView.InstancePrefix}{OrderId(input, mandate)}";
        var answer = await context.CallSubOrchestratorAsync<ApprovalView>(nameof(ApprovalOrchestrator), new ApprovalInput(request, mandate.Ladder, mandate.ExpiresAfter),
            new SubOrchestrationOptions(instanceId: id));
        if (answer.State == ApprovalState.Granted)
        {
            var report = await ContainAsync(context, input, assessment, mandate,
                new Grant(request.ActionHash, [.. answer.Answers.Where(a => a.Approve && !a.Withdraw).Select(a => a.By)], answer.Answers.Max(a => a.At)));
            row.Set(report);
            await BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowResult), new ShowInput(id, ResultOf(mandate, report)));
            return;
        }
        row.Set(answer.State switch
        {
            ApprovalState.Denied => new ContainmentReport(Ending.Denied, $"denied: {answer.Answers[^1].Reason}"),
            ApprovalState.Withdrawn => new ContainmentReport(Ending.Withdrawn, $"withdrawn: {answer.Answers[^1].Reason}"),
            _ => await ExpireAsync(context, input, mandate),
        });
    }

    /// <summary>What the approvers' cards say from now on.</summary>
    private static RequestResult ResultOf(PlannedAction mandate, ContainmentReport report) => report.Ending switch
    {
        Ending.Done or Ending.AlreadySo => new RequestResult("executed", report.Text, report.UndoAt,
            report.UndoAt is null ? null : ScheduledRollback.KeyOf(mandate.Decision.Action, mandate.Decision.Target)),
        _ => new RequestResult("failed", report.Text, null, null),
    };

    private static Task<ContainmentReport> ContainAsync(TaskOrchestrationContext context, IncidentAlert input, AlertAssessment assessment, PlannedAction mandate, Grant? grant) =>
        context.CallSubOrchestratorAsync<ContainmentReport>(nameof(ContainmentOrchestrator), OrderOf(input, assessment, mandate, grant), new SubOrchestrationOptions(instanceId: $"contain-{OrderId(input, mandate)}"));

    private static ContainmentOrder OrderOf(IncidentAlert input, AlertAssessment assessment, PlannedAction mandate, Grant? grant) => new()
    {
        Id = OrderId(input, mandate), Incident = input.Incident, Decision = mandate.Decision, Title = input.Alert.Title,
        Note = IncidentText.Note(assessment, mandate.Decision), ReminderLead = mandate.ReminderLead, Grant = grant,
        Mail = [.. input.Alert.Entities.OfType<MailMessageEntity>().Where(m => Targets.IsOf(m, mandate.Decision.Target))
            .Where(m => m is { Recipient: not null, InternetMessageId: not null }).Select(m => new MailCopy(m.Recipient!, m.InternetMessageId!)).Distinct()],
    };

    /// <summary>Nobody answered: nothing runs, a ticket is opened and people are paged again (S12).</summary>
    private static async Task<ContainmentReport> ExpireAsync(TaskOrchestrationContext context, IncidentAlert input, PlannedAction mandate)
    {
        await TicketAsync(context, input, mandate, "nobody answered in time");
        await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"expired-{OrderId(input, mandate)}", IncidentText.ExpiredPage(input.Alert, mandate.Decision), "critical"), RetryPolicies.ForPeople);
        return new ContainmentReport(Ending.Expired, "nobody answered in time; nothing was done; a ticket was opened and people were paged");
    }

    private static Task<string> TicketAsync(TaskOrchestrationContext context, IncidentAlert input, PlannedAction mandate, string why) =>
        context.CallActivityAsync<string>(nameof(PeopleActivities.OpenTicket), new TicketInput($"ticket-{OrderId(input, mandate)}", input.Incident, input.Alert.Id, input.Alert.Title,
            IncidentText.TicketNote(mandate.Decision, why)), RetryPolicies.ForPeople);

    internal static string OrderId(IncidentAlert input, PlannedAction mandate) => Fingerprint.Of(input.Incident, mandate.Decision.Action, mandate.Decision.Target.Key);
}

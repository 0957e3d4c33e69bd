using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Audit;
using IRFunctions.Classification;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Safeguards;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>One alert from classification to its outcome. Every stage returns facts; this orchestration records them and lets the next stage begin.</summary>
public static class RespondToIncident
{
    [Function(nameof(RespondToIncident))]
    public static async Task<IncidentView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<Case>()!;
        var progress = new Progress(context, input);
        try
        {
            await RespondAsync(context, input, progress);
        }
        catch (Exception e) when (Handover.IsFailedStep(e))
        {
            // No decision, no facts, no record: whatever it was, a person takes the alert (S10, S12).
            await Handover.OfAlertAsync(context, input, Failure.Message(e));
            return await progress.HandOverAsync(Failure.Message(e));
        }
        return await progress.FinishAsync();
    }

    private static async Task RespondAsync(TaskOrchestrationContext context, Case input, Progress progress)
    {
        var assessment = await context.CallActivityAsync<Assessment>(nameof(Stages.Classify), new ClassifyInput(input.Alert, input.PolicyHash), Patience.ForTheTenant);
        var mandates = await context.CallActivityAsync<IReadOnlyList<Mandate>>(nameof(Stages.Decide), new DecideInput(input.Alert, assessment, input.PolicyHash), Patience.ForTheTenant);
        progress.Start(assessment, mandates);
        await RecordOpeningAsync(new Recorder(context, input.Incident) { Shown = progress.Shown }, input, assessment, mandates);
        mandates = await WithoutSiblingsAsync(context, input, mandates);
        progress.Start(assessment, mandates);

        var rows = mandates.Select((mandate, i) => (Mandate: mandate, Row: progress.Of(i)));
        await Task.WhenAll(rows.GroupBy(r => r.Mandate.Decision.Target.Key).Select(target => InOrderAsync(context, input, assessment, target)));

        var view = await progress.FinishAsync();
        // Branches record under their own instance ids; the outcome has a name of its own.
        await context.CallActivityAsync(nameof(Stages.Record), new RecordInput(input.Incident,
            [new AuditFact($"{context.InstanceId}-outcome", AuditKinds.Outcome, Sentences.Outcome(view), "pipeline")], progress.Shown()), Patience.ForTheRecord);
    }

    private static Task RecordOpeningAsync(Recorder record, Case input, Assessment assessment, IReadOnlyList<Mandate> mandates)
    {
        record.Note(AuditKinds.Received, () => Sentences.Received(input.Alert), "pipeline", () => Sentences.AlertData(input));
        record.Note(AuditKinds.Assessed, () => Sentences.Assessed(assessment), assessment.By == AssessedBy.Model ? "model" : "pipeline",
            () => new
            {
                assessment.By, assessment.Verdict, assessment.Confidence, assessment.Reasoning, assessment.Model, assessment.PromptHash, assessment.Problem, assessment.Evidence, assessment.Recommendations,
                assessment.InputTokens, assessment.OutputTokens, assessment.Cost, assessment.Seconds, assessment.AnsweredBefore, assessment.Agreement, assessment.Missing,
                assessment.Injection,
            });
        if (assessment.Injection) record.Note(AuditKinds.Injection, Sentences.Injection(input.Alert));
        foreach (var mandate in mandates)
        {
            var decision = mandate.Decision;
            record.Note(AuditKinds.Decided, () => Sentences.Decided(decision), "policy", () => decision, Recorder.AboutOf(decision.Action, decision.Target));
        }
        return record.WriteAsync();
    }

    /// <summary>What another alert of the same incident already asks for or does is not asked for or done twice.</summary>
    private static async Task<IReadOnlyList<Mandate>> WithoutSiblingsAsync(TaskOrchestrationContext context, Case input, IReadOnlyList<Mandate> mandates)
    {
        string[] keys = [.. mandates.Where(IsContainment).Select(r => ScheduledRollback.KeyOf(r.Decision.Action, r.Decision.Target))];
        if (keys.Length == 0) return mandates;
        var ours = await context.Entities.CallEntityAsync<string[]>(IncidentRegister.For(input.Incident), nameof(IncidentRegister.Claim), keys);
        return [.. mandates.Select(r => !IsContainment(r) || ours.Contains(ScheduledRollback.KeyOf(r.Decision.Action, r.Decision.Target)) ? r : Held(r))];

        static Mandate Held(Mandate r) => r with
        {
            Decision = r.Decision with
            {
                Kind = DecisionKind.Hold,
                Reasons = [.. r.Decision.Reasons, new Reason("sibling", "another alert of this incident already asked for exactly this")],
            },
        };
    }

    private static bool IsContainment(Mandate mandate) =>
        mandate.Decision is { Kind: DecisionKind.Run or DecisionKind.Ask, Target.Kind: not "alert" };

    /// <summary>On one target the playbook's order holds: soft containment before hard, and what comes first ends first.</summary>
    private static async Task InOrderAsync(TaskOrchestrationContext context, Case input, Assessment assessment, IEnumerable<(Mandate Mandate, Progress.Row Row)> sameTarget)
    {
        foreach (var step in sameTarget.GroupBy(r => r.Mandate.Decision.Step).OrderBy(g => g.Key))
            await Task.WhenAll(step.Select(r => CarryOutAsync(context, input, assessment, r.Mandate, r.Row)));
    }

    private static async Task CarryOutAsync(TaskOrchestrationContext context, Case input, Assessment assessment, Mandate mandate, Progress.Row row)
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
                    await context.CallActivityAsync(nameof(Stages.Page), new PageInput(OrderId(input, mandate), Sentences.Told(input.Alert, mandate.Decision), "error"), Patience.ForPeople);
                    row.Set(new ContainReport(Ending.Told, "people were told; it never runs by itself"));
                    break;
                default:
                    row.Set(new ContainReport(Ending.Held, mandate.Decision.Reasons.Count > 0 ? mandate.Decision.Reasons[^1].Text : "held"));
                    break;
            }
        }
        catch (Exception e) when (Handover.IsFailedStep(e))
        {
            // What the step had changed was put back by Contain; people take over (S12).
            await Handover.OfDecisionAsync(context, input, mandate, Failure.Message(e));
            row.Set(new ContainReport(Ending.Failed, Failure.Message(e)));
        }
    }

    /// <summary>Draws from every budget at once; one that is used up means a person is asked (S8). Null where all had room.</summary>
    private static async Task<BudgetClaim?> UsedUpBudgetAsync(TaskOrchestrationContext context, Mandate mandate)
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
    private static Mandate OverBudget(Mandate mandate, BudgetClaim budget) => mandate with
    {
        Decision = mandate.Decision with
        {
            Kind = DecisionKind.Ask,
            Quorum = Math.Max(1, mandate.Decision.Quorum),
            Batch = BudgetFacts.BatchOf($"{budget.Scope}:{budget.Key}"),
            Reasons = [.. mandate.Decision.Reasons, new Reason("budget", "A budget of this target, this action or the tenant is used up, so a person decides.")],
        },
    };

    private static async Task AskThenContainAsync(TaskOrchestrationContext context, Case input, Assessment assessment, Mandate mandate, Progress.Row row)
    {
        row.Set(new ContainReport(Ending.AwaitingApproval, "waiting for approval"));
        var estimate = await context.CallActivityAsync<Estimate>("EstimateContainment", OrderOf(input, assessment, mandate, null), Patience.ForTheTenant);
        var request = new ApprovalRequest
        {
            Estimate = Sentences.Short(estimate.Text, 300),
            Incident = input.Incident, Title = Sentences.Short(input.Alert.Title, 300), Decision = mandate.Decision,
            ActionHash = ActionHash.Of(input.Incident, mandate.Decision),
            // Bounded for people; the register holds far more.
            Reasoning = Sentences.Short(assessment.Reasoning, 600), Evidence = [.. input.Alert.Entities.Take(10).Select(e => Sentences.Short(e.Display, 120))],
        };
        var id = $"{ApprovalView.InstancePrefix}{OrderId(input, mandate)}";
        var answer = await context.CallSubOrchestratorAsync<ApprovalView>(nameof(SeekApproval), new ApprovalAsk(request, mandate.Ladder, mandate.ExpiresAfter),
            new SubOrchestrationOptions(instanceId: id));
        if (answer.State == ApprovalState.Granted)
        {
            var report = await ContainAsync(context, input, assessment, mandate,
                new Grant(request.ActionHash, [.. answer.Answers.Where(a => a.Approve && !a.Withdraw).Select(a => a.By)], answer.Answers.Max(a => a.At)));
            row.Set(report);
            await Show.OnCardsAsync(context, nameof(SeekApprovalSteps.ShowResult), new ShowInput(id, ResultOf(mandate, report)));
            return;
        }
        row.Set(answer.State switch
        {
            ApprovalState.Denied => new ContainReport(Ending.Denied, $"denied: {answer.Answers[^1].Reason}"),
            ApprovalState.Withdrawn => new ContainReport(Ending.Withdrawn, $"withdrawn: {answer.Answers[^1].Reason}"),
            _ => await ExpireAsync(context, input, mandate),
        });
    }

    /// <summary>What the approvers' cards say from now on.</summary>
    private static RequestResult ResultOf(Mandate mandate, ContainReport report) => report.Ending switch
    {
        Ending.Done or Ending.AlreadySo => new RequestResult("executed", report.Text, report.UndoAt,
            report.UndoAt is null ? null : ScheduledRollback.KeyOf(mandate.Decision.Action, mandate.Decision.Target)),
        _ => new RequestResult("failed", report.Text, null, null),
    };

    private static Task<ContainReport> ContainAsync(TaskOrchestrationContext context, Case input, Assessment assessment, Mandate mandate, Grant? grant) =>
        context.CallSubOrchestratorAsync<ContainReport>(nameof(Contain), OrderOf(input, assessment, mandate, grant), new SubOrchestrationOptions(instanceId: $"contain-{OrderId(input, mandate)}"));

    private static ContainmentOrder OrderOf(Case input, Assessment assessment, Mandate mandate, Grant? grant) => new()
    {
        Id = OrderId(input, mandate), Incident = input.Incident, Decision = mandate.Decision, Title = input.Alert.Title,
        Note = Sentences.Note(assessment, mandate.Decision), ReminderLead = mandate.ReminderLead, Grant = grant,
        Mail = [.. input.Alert.Entities.OfType<MailMessageEntity>().Where(m => Targets.IsOf(m, mandate.Decision.Target))
            .Where(m => m is { Recipient: not null, InternetMessageId: not null }).Select(m => new MailCopy(m.Recipient!, m.InternetMessageId!)).Distinct()],
    };

    /// <summary>Nobody answered: nothing runs, a ticket is opened and people are paged again (S12).</summary>
    private static async Task<ContainReport> ExpireAsync(TaskOrchestrationContext context, Case input, Mandate mandate)
    {
        await TicketAsync(context, input, mandate, "nobody answered in time");
        await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"expired-{OrderId(input, mandate)}", Sentences.ExpiredPage(input.Alert, mandate.Decision), "critical"), Patience.ForPeople);
        return new ContainReport(Ending.Expired, "nobody answered in time; nothing was done; a ticket was opened and people were paged");
    }

    private static Task<string> TicketAsync(TaskOrchestrationContext context, Case input, Mandate mandate, string why) =>
        context.CallActivityAsync<string>(nameof(Stages.OpenTicket), new TicketInput($"ticket-{OrderId(input, mandate)}", input.Incident, input.Alert.Id, input.Alert.Title,
            Sentences.TicketNote(mandate.Decision, why)), Patience.ForPeople);

    internal static string OrderId(Case input, Mandate mandate) => Fingerprint.Of(input.Incident, mandate.Decision.Action, mandate.Decision.Target.Key);
}

using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
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
    /// <summary>Rule that holds what another alert of the incident asks for or does already.</summary>
    public const string Sibling = "sibling";

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
                        await ContainAsync(null);
                    break;
                case DecisionKind.Ask:
                    await AskThenContainAsync(order);
                    break;
                case DecisionKind.Tell:
                    await context.PageAsync(
                        order.Id,
                        IncidentText.Notified(input.Alert, order.Decision),
                        PageSeverity.Error,
                        PageKind.Recommendation,
                        // One recommendation is not hidden behind many of another. Names that the tier map does not have are the model's words.
                        order.Decision.Reasons.Any(r => r.Rule == "unknown-action")
                            ? ""
                            : order.Decision.Action
                    );
                    row.Set(new ContainmentReport(Ending.Notified, "people were told; it never runs by itself"));
                    break;
                default:
                    var why = order.Decision.Reasons.Count > 0 ? order.Decision.Reasons[^1] : new Reason("held", "held");
                    row.Set(new ContainmentReport(why.Rule == Sibling ? Ending.Joined : Ending.Held, why.Text));
                    break;
            }
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // What the step had changed was put back by the containment's orchestration; people take over (S12).
            await new Escalation(context, input).DecisionAsync(order, StepFailure.Message(e));
            row.Set(new ContainmentReport(Ending.Failed, StepFailure.Message(e)));
            await UnclaimAsync();
        }
    }

    /// <summary>What ended without a hold may be asked for again by the incident's next alert.</summary>
    private async Task UnclaimAsync()
    {
        if (order.Claim > 0)
            await context.Entities.SignalEntityAsync(
                IncidentRegister.For(input.Incident),
                nameof(IncidentRegister.Unclaim),
                new ClaimInput(ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target), order.Claim)
            );
    }

    /// <summary>Contains, and shows how that went; where nothing is held afterwards, the claim ends.</summary>
    private async Task<ContainmentReport> ContainAsync(Grant? grant)
    {
        var report = await context.CallSubOrchestratorAsync<ContainmentReport>(
            nameof(ContainmentOrchestrator),
            Filled(grant),
            new SubOrchestrationOptions(instanceId: $"contain-{order.Id}")
        );
        row.Set(report);
        if (report is not { Ending: Ending.Done, UndoAt: not null })
            await UnclaimAsync();
        return report;
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
        order = order with { Bound = estimate.Bound };
        var request = RequestOf(estimate);
        var id = $"{ApprovalView.InstancePrefix}{order.Id}";
        var answer = await AnswerAsync(id, request);
        if (answer.State == ApprovalState.Granted)
        {
            string[] approvers = [.. answer.Answers.Where(a => a.Approve && !a.Withdraw).Select(a => a.By)];
            var report = await ContainAsync(new Grant(request.ActionHash, approvers, answer.Answers.Max(a => a.At)));
            await BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowResult), new ShowInput(id, ResultOf(report)));
            return;
        }
        row.Set(
            answer.State switch
            {
                ApprovalState.Denied => new ContainmentReport(Ending.Denied, $"denied: {answer.Answers[^1].Reason}"),
                ApprovalState.Withdrawn => new ContainmentReport(
                    Ending.Withdrawn,
                    $"withdrawn: {answer.Answers[^1].Reason}; nothing was done; a ticket was opened and people were paged"
                ),
                _ => new ContainmentReport(
                    Ending.Expired,
                    "nobody answered in time; nothing was done; a ticket was opened and people were paged"
                ),
            }
        );
        await UnclaimAsync();
    }

    /// <summary>
    /// People are asked once for exactly this, whoever wants it (S8): the answer of a request that waits already counts here, too.
    /// </summary>
    private async Task<ApprovalView> AnswerAsync(string id, ApprovalRequest request)
    {
        var answered = $"answered-{order.Id}";
        var deadline = new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero) + order.ExpiresAfter;
        var open = await context.Entities.CallEntityAsync<JoinAnswer>(
            OpenRequests.For(order.Decision),
            nameof(OpenRequests.Join),
            new JoinInput(id, request.ActionHash, deadline, context.InstanceId, answered)
        );
        if (open.Request != id && await HearAsync(open, answered) is { } answer)
            return answer;
        var own = new ApprovalInput(request, order.Ladder, order.ExpiresAfter) { TicketAfter = order.TicketAfter, Owners = order.Owners };
        return await context.CallSubOrchestratorAsync<ApprovalView>(
            nameof(ApprovalOrchestrator),
            own,
            new SubOrchestrationOptions(instanceId: id)
        );
    }

    /// <summary>The answer of the request that was joined; null where it was lost, so that this one asks for itself.</summary>
    private async Task<ApprovalView?> HearAsync(JoinAnswer open, string answered)
    {
        row.Set(
            new ContainmentReport(Ending.AwaitingApproval, "people are being asked for exactly this already; their answer counts here")
        );
        var joined = new AuditFact(
            $"{order.Id}-joined",
            AuditKinds.JoinedRequest,
            $"people are being asked for exactly this already ({open.Request}); their answer counts here, too",
            "pipeline",
            AuditJson.Of(new { open.Request, open.Deadline }, Recorder.AboutOf(order.Decision.Action, order.Decision.Target))
        );
        await context.CallActivityAsync(
            nameof(RecordActivities.Record),
            new RecordInput(input.Incident, [joined]),
            RetryPolicies.ForTheRecord
        );
        using var end = new CancellationTokenSource();
        var heard = context.WaitForExternalEvent<ApprovalView>(answered, end.Token);
        var lost = context.CreateTimer((open.Deadline + OpenRequests.Grace).UtcDateTime, end.Token);
        var first = await Task.WhenAny(heard, lost);
        end.Cancel(); // Not CancelAsync: its callbacks run on other threads, where no replay can follow.
        return first == heard ? await heard : null;
    }

    /// <summary>What people are asked. Bounded for them; the register holds far more.</summary>
    private ApprovalRequest RequestOf(Estimate estimate) =>
        new()
        {
            Estimate = TextBounds.OneLine(estimate.Text, 300),
            Incident = input.Incident,
            Title = TextBounds.OneLine(input.Alert.Title, 300),
            Decision = order.Decision,
            AlertId = input.Alert.Id,
            RequestedBy = input.Alert.RequestedBy,
            ActionHash = ActionHash.Of(order.Decision, order.Mail, order.Bound),
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

    /// <summary>
    /// The order as it is carried out: with the words that go on tickets and pages, and without what only deciding and asking needed.
    /// </summary>
    private ContainmentOrder Filled(Grant? grant) =>
        order with
        {
            Title = input.Alert.Title,
            Note = IncidentText.Note(input.News, assessment, order.Decision),
            Grant = grant,
            Ladder = [],
            Budgets = [],
            Owners = [],
        };
}

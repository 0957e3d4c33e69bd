using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// One alert from assessment to its outcome. Every step returns facts; this orchestration records them and lets the next step begin.
/// </summary>
public sealed class AlertOrchestrator
{
    private readonly TaskOrchestrationContext context;
    private readonly IncidentAlert input;
    private readonly IncidentProgress progress;

    private AlertOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        input = context.GetInput<IncidentAlert>()!;
        progress = new IncidentProgress(context, input);
    }

    [Function(nameof(AlertOrchestrator))]
    public static Task<IncidentView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        new AlertOrchestrator(context).RunAsync();

    private async Task<IncidentView> RunAsync()
    {
        try
        {
            if (StartsNothing())
                await new SourceNews(context, input, progress).NoteAsync();
            else
                await RespondAsync();
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // No decision, no facts, no record: whatever it was, a person takes the alert (S10, S12).
            return await HandOverAsync(StepFailure.Message(e));
        }
        return await progress.FinishAsync();
    }

    /// <summary>
    /// Closed at its source, merged away, or only news of where it stands: noted, and people are asked about what is under way (S10).
    /// </summary>
    private bool StartsNothing() =>
        input.Alert.Source.IsClosed
        || input.News is { Kind: NewsKind.Standing or NewsKind.Late or NewsKind.LateAfterClosing }
        || input.Alert is { Source.Status: SourceStatus.Redirected, Entities.Count: 0 };

    private async Task<IncidentView> HandOverAsync(string problem)
    {
        var escalation = new Escalation(context, input);
        var ticketed = await escalation.AlertAsync(problem);
        var view = await progress.HandOverAsync(problem, ticketed);
        return !ticketed && await escalation.TicketAtLastAsync(problem) ? await progress.HandOverAsync(problem, ticketed: true) : view;
    }

    private async Task RespondAsync()
    {
        var assessment = await context.CallActivityAsync<AlertAssessment>(
            nameof(AlertActivities.Classify),
            new ClassifyInput(input.Alert, input.PolicyHash),
            RetryPolicies.ForTheTenant
        );
        var orders = await context.CallActivityAsync<IReadOnlyList<ContainmentOrder>>(
            nameof(AlertActivities.Decide),
            new DecideInput(input.Incident, input.Alert, assessment, input.PolicyHash),
            RetryPolicies.ForTheTenant
        );
        orders = [.. orders.Select(PagedAnew)];
        progress.Start(assessment, orders);
        await RecordOpeningAsync(assessment, orders);
        orders = await WithoutSiblingsAsync(orders);
        progress.Start(assessment, orders);

        ActionExecution[] executions =
        [
            .. orders.Select((order, i) => new ActionExecution(context, input, assessment, order, progress.Of(i))),
        ];
        await Task.WhenAll(executions.GroupBy(e => e.Target).Select(InOrderAsync));

        var view = await progress.FinishAsync();
        if (view.Outcome == Outcome.Ticketed && !progress.HasTicket)
            await context.OpenTicketAsync(
                new TicketInput(
                    $"ticket-{context.InstanceId}",
                    input.Incident,
                    input.Alert.Id,
                    input.Alert.Title,
                    IncidentText.Outcome(view)
                )
            );
        if (await progress.RecordOutcomeAsync(view, answered: true))
            await TellSourceAsync(view);
    }

    /// <summary>A source that cannot be told changes nothing of the outcome; the record says so.</summary>
    private async Task TellSourceAsync(IncidentView view)
    {
        try
        {
            var address = new SourceAddress(input.Alert.Shape, input.Alert.Id, input.Alert.IncidentId);
            await context.CallActivityAsync(
                nameof(SourceActivities.TellSource),
                new TellSourceInput(address, view),
                RetryPolicies.ForTheTenant
            );
        }
        catch (TaskFailedException e)
        {
            var fact = new AuditFact(
                $"{context.InstanceId}-source-failed",
                AuditKinds.SourceTold,
                $"its source could not be told: {TextBounds.OneLine(StepFailure.Of(e), 300)}",
                "pipeline"
            );
            await BestEffort.CallActivityAsync(context, nameof(RecordActivities.Record), new RecordInput(input.Incident, [fact]));
        }
    }

    /// <summary>News rings again; the ticket of the alert stays the one it has.</summary>
    private ContainmentOrder PagedAnew(ContainmentOrder order) =>
        input.News is null || order.Decision.Action != NotificationRules.Page
            ? order
            : order with
            {
                Id = Fingerprint.Of(order.Id, $"{input.Number}"),
            };

    private Task RecordOpeningAsync(AlertAssessment assessment, IReadOnlyList<ContainmentOrder> orders)
    {
        var record = new IncidentRecorder(context, input.Incident, progress.Shown);
        record.Note(
            AuditKinds.Received,
            IncidentText.Received(input),
            input.Alert.RequestedBy ?? "pipeline",
            IncidentText.AlertData(input)
        );
        record.Note(
            AuditKinds.Assessed,
            IncidentText.Assessed(assessment),
            assessment.By == AssessedBy.Model ? "model" : input.Alert.RequestedBy ?? "pipeline",
            IncidentText.AssessmentData(assessment)
        );
        if (assessment.Injection)
            record.Note(AuditKinds.Injection, IncidentText.Injection(input.Alert));
        foreach (var decision in orders.Select(o => o.Decision))
            record.Note(
                AuditKinds.Decided,
                IncidentText.Decided(decision),
                "policy",
                decision,
                Recorder.AboutOf(decision.Action, decision.Target)
            );
        return record.WriteAsync();
    }

    /// <summary>What another alert of the same incident already asks for or does is not asked for or done twice.</summary>
    private async Task<IReadOnlyList<ContainmentOrder>> WithoutSiblingsAsync(IReadOnlyList<ContainmentOrder> orders)
    {
        ContainmentOrder[] wanted = [.. orders.Where(IsContainment)];
        if (wanted.Length == 0)
            return orders;
        var answer = await ClaimAsync([.. wanted.Select(o => new ClaimInput(KeyOf(o), 0))]);
        if (answer.Closed is { } closed)
            return WithoutNewWork(orders, closed);
        ContainmentClaim[] claims = [.. answer.Claims];
        for (var i = 0; i < wanted.Length; i++)
        {
            // A claim ends with its hold, too, and only the hold's owner knows.
            if (claims[i].Held && await HasEndedAsync(wanted[i]))
            {
                var again = await ClaimAsync([new ClaimInput(KeyOf(wanted[i]), claims[i].Times)]);
                if (again.Closed is { } since)
                    return WithoutNewWork(orders, since);
                claims[i] = again.Claims[0];
            }
            if (!claims[i].Held)
                wanted[i] = Claimed(wanted[i], claims[i].Times);
        }
        var own = wanted.Where((_, i) => !claims[i].Held).ToDictionary(KeyOf);
        var sibling = new Reason(ActionExecution.Sibling, "another alert of this incident already asked for exactly this");
        return [.. orders.Select(o => !IsContainment(o) ? o : own.GetValueOrDefault(KeyOf(o)) ?? Held(o, sibling))];

        // What is asked for again is a request and an order of its own.
        static ContainmentOrder Claimed(ContainmentOrder order, int times) =>
            order with
            {
                Id = times == 1 ? order.Id : Fingerprint.Of(order.Id, $"{times}"),
                Claim = times,
            };
    }

    /// <summary>Its source closed it while it was being assessed: a ticket at most.</summary>
    private IReadOnlyList<ContainmentOrder> WithoutNewWork(IReadOnlyList<ContainmentOrder> orders, SourceState closed)
    {
        progress.Close(IncidentText.ClosedAtSource(closed), null);
        var why = new Reason("closed-at-source", IncidentText.ClosedAtSource(closed));
        return [.. orders.Select(o => o.Decision.Action == NotificationRules.Ticket ? o : Held(o, why))];
    }

    private static ContainmentOrder Held(ContainmentOrder order, Reason why) =>
        order with
        {
            Decision = order.Decision with { Kind = DecisionKind.Hold, Reasons = [.. order.Decision.Reasons, why] },
        };

    private Task<ClaimAnswer> ClaimAsync(ClaimInput[] wanted) =>
        context.Entities.CallEntityAsync<ClaimAnswer>(
            IncidentRegister.For(input.Incident),
            nameof(IncidentRegister.Claim),
            new ClaimRequest(input.Number, wanted)
        );

    private async Task<bool> HasEndedAsync(ContainmentOrder order) =>
        (
            await context.Entities.CallEntityAsync<RollbackState>(
                ScheduledRollback.For(order.Decision.Action, order.Decision.Target),
                nameof(ScheduledRollback.Show)
            )
        ).HasEndedFor(input.Incident);

    private static string KeyOf(ContainmentOrder order) => ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target);

    private static bool IsContainment(ContainmentOrder order) =>
        order.Decision is { Kind: DecisionKind.Run or DecisionKind.Ask, Target.Kind: not "alert" };

    /// <summary>On one target the playbook's order holds: soft containment before hard, and what comes first ends first.</summary>
    private static async Task InOrderAsync(IEnumerable<ActionExecution> sameTarget)
    {
        foreach (var step in sameTarget.GroupBy(e => e.Step).OrderBy(g => g.Key))
            await Task.WhenAll(step.Select(e => e.RunAsync()));
    }
}

using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
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
            await RespondAsync();
        }
        catch (Exception e) when (StepFailure.Is(e))
        {
            // No decision, no facts, no record: whatever it was, a person takes the alert (S10, S12).
            await new Escalation(context, input).AlertAsync(StepFailure.Message(e));
            return await progress.HandOverAsync(StepFailure.Message(e));
        }
        return await progress.FinishAsync();
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
        // Branches record under their own instance ids; the outcome has a name of its own.
        var outcome = new AuditFact($"{context.InstanceId}-outcome", AuditKinds.Outcome, IncidentText.Outcome(view), "pipeline");
        await context.CallActivityAsync(
            nameof(AlertActivities.RecordIncident),
            new RecordIncidentInput(input.Incident, [outcome], progress.Shown()),
            RetryPolicies.ForTheRecord
        );
    }

    private Task RecordOpeningAsync(AlertAssessment assessment, IReadOnlyList<ContainmentOrder> orders)
    {
        var record = new IncidentRecorder(context, input.Incident, progress.Shown);
        record.Note(AuditKinds.Received, IncidentText.Received(input.Alert), "pipeline", IncidentText.AlertData(input));
        record.Note(
            AuditKinds.Assessed,
            IncidentText.Assessed(assessment),
            assessment.By == AssessedBy.Model ? "model" : "pipeline",
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
        string[] keys = [.. orders.Where(IsContainment).Select(KeyOf)];
        if (keys.Length == 0)
            return orders;
        var ours = await context.Entities.CallEntityAsync<string[]>(
            IncidentRegister.For(input.Incident),
            nameof(IncidentRegister.Claim),
            keys
        );
        return [.. orders.Select(o => !IsContainment(o) || ours.Contains(KeyOf(o)) ? o : Held(o))];

        static string KeyOf(ContainmentOrder order) => ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target);
        static ContainmentOrder Held(ContainmentOrder order) =>
            order with
            {
                Decision = order.Decision with
                {
                    Kind = DecisionKind.Hold,
                    Reasons =
                    [
                        .. order.Decision.Reasons,
                        new Reason("sibling", "another alert of this incident already asked for exactly this"),
                    ],
                },
            };
    }

    private static bool IsContainment(ContainmentOrder order) =>
        order.Decision is { Kind: DecisionKind.Run or DecisionKind.Ask, Target.Kind: not "alert" };

    /// <summary>On one target the playbook's order holds: soft containment before hard, and what comes first ends first.</summary>
    private static async Task InOrderAsync(IEnumerable<ActionExecution> sameTarget)
    {
        foreach (var step in sameTarget.GroupBy(e => e.Step).OrderBy(g => g.Key))
            await Task.WhenAll(step.Select(e => e.RunAsync()));
    }
}

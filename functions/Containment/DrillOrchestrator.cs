using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Containment;

/// <summary>
/// A rollback drill: do, verify, undo, verify on a designated target, through the very entity and orchestration that undo in earnest, and a certificate with
/// times. A drill that dies midway is undone like any containment, by its own timer (S5, S7).
/// </summary>
public static class DrillOrchestrator
{
    /// <summary>Chain of the drills' record.</summary>
    public const string Chain = "drills";

    private const int MaxLooks = 60;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>How long a drill that died stays in effect.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    [Function(nameof(DrillOrchestrator))]
    public static async Task<DrillCertificate> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var drill = context.GetInput<DrillTarget>()!;
        var record = new Recorder(context, Chain);
        var order = OrderOf(context.InstanceId, drill);
        DrillCertificate certificate;
        try
        {
            certificate = await RehearseAsync(context, record, order);
        }
        catch (TaskFailedException e)
        {
            await context.Entities.SignalEntityAsync(ScheduledRollback.For(drill.Action, drill.Target), nameof(ScheduledRollback.Abandon), new HoldTimer(0, order.Id));
            certificate = Failed(context, drill, StepFailure.Of(e));
        }
        await record.WriteAsync(ContainmentKinds.Rehearsed, certificate.Text, data: certificate);
        await context.CallActivityAsync(nameof(DrillActivities.IssueCertificate), certificate, RetryPolicies.ForTheRecord);
        if (!certificate.Passed)
            await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"drill-{context.InstanceId}", $"Rollback drill failed: {certificate.Text}", "error"), RetryPolicies.ForPeople);
        return certificate;
    }

    private static async Task<DrillCertificate> RehearseAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var drill = new DrillTarget(order.Decision.Action, order.Decision.Target, order.Mail);
        var prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
        if (prior.Refusal is { } refusal) return Failed(context, drill, refusal);
        if (prior.AlreadySo) return Failed(context, drill, $"{prior.Summary}; a drill target must be as it is in peace");
        await context.CallActivityAsync<string>(nameof(ContainmentActivities.Probe), new ExecuteStep(order, prior), RetryPolicies.ForTheTenant);
        var entity = ScheduledRollback.For(drill.Action, drill.Target);
        var hold = await context.Entities.CallEntityAsync<HoldAnswer>(entity, nameof(ScheduledRollback.Hold), new HoldRequest { Order = order, Prior = prior });
        if (hold != HoldAnswer.Registered) return Failed(context, drill, $"the rollback could not be registered: {hold}");

        var step = new ExecuteStep(order, prior);
        await record.WriteAsync(AuditKinds.Executing, $"about to rehearse {drill.Action} on {drill.Target.Display}: {prior.Summary}", data: prior);
        var began = context.CurrentUtcDateTime;
        var report = await ExecuteAsync(context, step);
        var seen = report.Done && await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant) == true;
        var doneIn = (context.CurrentUtcDateTime - began).TotalSeconds;
        var ended = await UndoAsync(context, entity);
        if (!report.Done) return Failed(context, drill, report.Text);
        if (!seen) return Failed(context, drill, "it was done, but reading it back did not show it");
        if (ended?.Status != ContainmentStatus.Released) return Failed(context, drill, $"it was done, but its undo did not end: {ended?.Ending}");
        if (await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant) == true)
            return Failed(context, drill, "it was undone, but reading it back still shows the effect");
        var undoneIn = ended.UndoneIn?.TotalSeconds;
        return new DrillCertificate(drill.Action, drill.Target.Key, Now(context), true, doneIn, undoneIn, string.Create(CultureInfo.InvariantCulture,
            $"{drill.Action} was done and seen in {doneIn:0.0} s, undone and seen in {undoneIn:0.0} s on {drill.Target.Key}"));
    }

    private static async Task<StepReport> ExecuteAsync(TaskOrchestrationContext context, ExecuteStep step)
    {
        if (step.Prior.Shared is not { } shared) return await context.CallActivityAsync<StepReport>(nameof(DrillActivities.ExecuteDrill), step, RetryPolicies.ForTheTenant);
        await using var turn = await context.Entities.LockEntitiesAsync(Durable.Mutex.For(shared));
        return await context.CallActivityAsync<StepReport>(nameof(DrillActivities.ExecuteDrill), step, RetryPolicies.ForTheTenant);
    }

    /// <summary>Releases as a person would, and waits for the undo to end.</summary>
    private static async Task<RollbackState?> UndoAsync(TaskOrchestrationContext context, Microsoft.DurableTask.Entities.EntityInstanceId entity)
    {
        await context.Entities.CallEntityAsync<bool>(entity, nameof(ScheduledRollback.Release), new HoldChange("drill", "rollback drill", At: Now(context)));
        for (var look = 0; look < MaxLooks; look++)
        {
            await context.CreateTimer(Look, CancellationToken.None);
            var state = await context.Entities.CallEntityAsync<RollbackState>(entity, nameof(ScheduledRollback.Show));
            if (state.Status is not (ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed)) return state;
        }
        return null;
    }

    private static ContainmentOrder OrderOf(string id, DrillTarget drill) => new()
    {
        Id = Fingerprint.Of(Chain, id), Incident = Chain, Title = "Rollback drill", Mail = drill.Mail,
        Decision = new Decision
        {
            Kind = DecisionKind.Run, Action = drill.Action, Target = drill.Target, Tier = 2, Confidence = 100, Reasons = [new Reason("drill", "A rollback drill on a designated target.")],
            MaxDuration = Lasts, PolicyHash = Chain,
        },
    };

    private static DrillCertificate Failed(TaskOrchestrationContext context, DrillTarget drill, string why) =>
        new(drill.Action, drill.Target.Key, Now(context), false, null, null, $"{drill.Action} on {drill.Target.Key}: {why}");

    private static DateTimeOffset Now(TaskOrchestrationContext context) => new(context.CurrentUtcDateTime, TimeSpan.Zero);
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// A rollback drill: do, verify, undo, verify on a designated target, through the very entity and orchestration that undo in earnest, and a
/// certificate with times. A drill that dies midway is undone like any containment, by its own timer (S5, S7).
/// </summary>
public sealed class DrillOrchestrator
{
    /// <summary>Chain of the drills' record.</summary>
    public const string Chain = "drills";

    private const int MaxLooks = 60;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>How long a drill that died stays in effect.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    private readonly TaskOrchestrationContext context;
    private readonly DrillTarget drill;
    private readonly ContainmentOrder order;
    private readonly Recorder record;

    private DrillOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        drill = context.GetInput<DrillTarget>()!;
        order = OrderOf(context.InstanceId, drill);
        record = new Recorder(context, Chain);
    }

    private EntityInstanceId Owner => ScheduledRollback.For(drill.Action, drill.Target);

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    [Function(nameof(DrillOrchestrator))]
    public static Task<DrillCertificate> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        new DrillOrchestrator(context).RunAsync();

    private async Task<DrillCertificate> RunAsync()
    {
        DrillCertificate certificate;
        try
        {
            certificate = await RehearseAsync();
        }
        catch (TaskFailedException e)
        {
            await context.Entities.SignalEntityAsync(
                Owner,
                nameof(ScheduledRollback.Report),
                new EffectReport(order.Id, EffectStatus.Unknown, GivesBack: true)
            );
            certificate = Failed(StepFailure.Of(e));
        }
        await record.WriteAsync(ContainmentKinds.Rehearsed, certificate.Text, data: certificate);
        await context.CallActivityAsync(nameof(DrillActivities.IssueCertificate), certificate, RetryPolicies.ForTheRecord);
        if (!certificate.Passed)
            await context.PageAsync($"drill-{context.InstanceId}", $"Rollback drill failed: {certificate.Text}", PageSeverity.Error);
        return certificate;
    }

    private async Task<DrillCertificate> RehearseAsync()
    {
        var prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
        if (prior.Refusal is { } refusal)
            return Failed(refusal);
        if (prior.AlreadySo)
            return Failed($"{prior.Summary}; a drill target must be as it is in peace");
        await context.CallActivityAsync<string>(
            nameof(ContainmentActivities.Probe),
            new PreparedOrder(order, prior),
            RetryPolicies.ForTheTenant
        );
        var hold = await context.Entities.CallEntityAsync<HoldAnswer>(
            Owner,
            nameof(ScheduledRollback.Hold),
            new PreparedOrder(order, prior)
        );
        if (hold != HoldAnswer.Registered)
            return Failed($"the rollback could not be registered: {hold}");

        var step = new PreparedOrder(order, prior);
        await record.WriteAsync(
            AuditKinds.Executing,
            $"about to rehearse {drill.Action} on {drill.Target.Display}: {prior.Summary}",
            data: prior
        );
        var began = context.CurrentUtcDateTime;
        var lease = await context.Entities.CallEntityAsync<EffectLease>(Owner, nameof(ScheduledRollback.Lease), order.Id);
        var report = await Durable.Mutex.CallActivityAsync<StepReport>(
            context,
            prior.Shared,
            nameof(DrillActivities.ExecuteDrill),
            step with
            {
                Until = lease.Until,
            },
            RetryPolicies.ForTheTenant
        );
        await context.Entities.SignalEntityAsync(
            Owner,
            nameof(ScheduledRollback.Report),
            new EffectReport(order.Id, report.Done ? EffectStatus.InEffect : EffectStatus.None)
        );
        var seen =
            report.Done
            && await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant) == true;
        var doneIn = (context.CurrentUtcDateTime - began).TotalSeconds;
        var ended = await UndoAsync();
        if (!report.Done)
            return Failed(report.Text);
        if (!seen)
            return Failed("it was done, but reading it back did not show it");
        if (ended?.Status != ContainmentStatus.Released)
            return Failed($"it was done, but its undo did not end: {ended?.Ending}");
        if (await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant) == true)
            return Failed("it was undone, but reading it back still shows the effect");
        var undoneIn = ended.UndoneIn?.TotalSeconds;
        return new DrillCertificate(
            drill.Action,
            drill.Target.Key,
            Now,
            true,
            doneIn,
            undoneIn,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{drill.Action} was done and seen in {doneIn:0.0} s, undone and seen in {undoneIn:0.0} s on {drill.Target.Key}"
            )
        );
    }

    /// <summary>Releases as a person would, and waits for the undo to end.</summary>
    private async Task<RollbackState?> UndoAsync()
    {
        await context.Entities.CallEntityAsync<bool>(
            Owner,
            nameof(ScheduledRollback.Release),
            new HoldChange("drill", "rollback drill", At: Now)
        );
        for (var look = 0; look < MaxLooks; look++)
        {
            await context.CreateTimer(Look, CancellationToken.None);
            var state = await context.Entities.CallEntityAsync<RollbackState>(Owner, nameof(ScheduledRollback.Show));
            if (state.Status is not (ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed))
                return state;
        }
        return null;
    }

    private static ContainmentOrder OrderOf(string id, DrillTarget drill) =>
        new()
        {
            Id = Fingerprint.Of(Chain, id),
            Incident = Chain,
            Title = "Rollback drill",
            Mail = drill.Mail,
            Decision = new Decision
            {
                Kind = DecisionKind.Run,
                Action = drill.Action,
                Target = drill.Target,
                Tier = 2,
                Confidence = 100,
                Reasons = [new Reason("drill", "A rollback drill on a designated target.")],
                MaxDuration = Lasts,
                PolicyHash = Chain,
            },
        };

    private DrillCertificate Failed(string why) =>
        new(drill.Action, drill.Target.Key, Now, false, null, null, $"{drill.Action} on {drill.Target.Key}: {why}");
}

using IRFunctions.Connections;
using IRFunctions.Durable;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// One order: estimate, capture and probe the reverse, register the rollback, execute, verify, tell. What came before the effect is on the
/// record, with the effect itself, before it begins (S5, S11): one write, since only the effect has to wait for it. However an order ends,
/// what it noted is written. A failure after the rollback was registered gives the hold back, which undoes whatever had changed.
/// </summary>
public sealed class ContainmentOrchestrator
{
    private const int MaxWaits = 60;
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(10);

    private readonly TaskOrchestrationContext context;
    private readonly ContainmentOrder order;
    private readonly Recorder record;

    /// <summary>What the tries so far may have left in the tenant.</summary>
    private EffectStatus effect = EffectStatus.None;

    private ContainmentOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        order = context.GetInput<ContainmentOrder>()!;
        record = new Recorder(context, order.Incident) { About = Recorder.AboutOf(order.Decision.Action, order.Decision.Target) };
    }

    [Function(nameof(ContainmentOrchestrator))]
    public static Task<ContainmentReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        new ContainmentOrchestrator(context).RunAsync();

    private async Task<ContainmentReport> RunAsync()
    {
        try
        {
            if (order.Decision.Target.Kind == "alert")
                return await NotifyAsync();
            return ContainmentActivities.EndsByItself(order) ? await ContainForAWhileAsync() : await ActOnceAsync();
        }
        catch (Exception e) when (StepFailure.Is(e) || e is InvalidOperationException)
        {
            await record.WriteAsync(); // What had been noted by then; people take over with that on the record.
            throw;
        }
    }

    /// <summary>Tickets and pages: they touch nobody, so there is nothing to capture.</summary>
    private async Task<ContainmentReport> NotifyAsync()
    {
        var prior = new PriorState { AlreadySo = false, Summary = "no inverse" };
        await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer, ContainmentText.OrderData(order));
        var report = await context.CallActivityAsync<StepReport>(
            nameof(ContainmentActivities.Execute),
            new PreparedOrder(order, prior),
            RetryPolicies.ForPeople
        );
        return report.Done ? await VerifyAsync(new PreparedOrder(order, prior), report.Text, null) : await HaltAsync(report);
    }

    /// <summary>
    /// Actions without an inverse, which the policy says (`reversible: none` or `manual`): captured for the record, never undone.
    /// </summary>
    private async Task<ContainmentReport> ActOnceAsync()
    {
        var (prior, refusal) = await PrepareAsync();
        if (refusal is not null)
            return await RefuseAsync(refusal);
        if (prior.AlreadySo)
            return await AlreadySoAsync(prior);
        await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer, ContainmentText.OrderData(order));
        await RememberAsync();
        var report = await ExecuteAsync(new PreparedOrder(order, prior), RetryPolicies.ForTheTenant);
        if (!report.Done)
            return await HaltAsync(report);
        return await TellAsync(await VerifyAsync(new PreparedOrder(order, prior), report.Text, null));
    }

    private async Task<ContainmentReport> ContainForAWhileAsync()
    {
        var (prior, refusal) = await PrepareAsync();
        if (refusal is not null)
            return await RefuseAsync(refusal);
        (var answer, prior) = await HoldAsync(prior);
        if (answer == HoldAnswer.NotOurs)
            return await AlreadySoAsync(prior);
        if (answer == HoldAnswer.Joined && !prior.AlreadySo)
        {
            // Held for another incident but not in effect: that order is still at work, or somebody put it back by hand; then this one does
            // it again.
            await context.CreateTimer(BusyWait, CancellationToken.None);
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
        }
        if (answer == HoldAnswer.Joined && prior.AlreadySo)
        {
            await record.WriteAsync(AuditKinds.Joined, "contained already for another incident; it stays until the last hold ends");
            return new ContainmentReport(Ending.Done, "contained already; this incident holds it too", UndoAt);
        }
        record.Note(
            ContainmentKinds.Registered,
            $"the rollback is registered: undone at {UndoAt:yyyy-MM-dd HH:mm:ss} UTC unless someone confirms it"
        );
        return await ExecuteHeldAsync(prior);
    }

    /// <summary>No hold remembers what nothing undoes; whoever asks when we last touched the target is told of it all the same.</summary>
    private Task RememberAsync() =>
        context.Entities.SignalEntityAsync(
            RateLimit.For("identity", order.Decision.Target.Key),
            nameof(RateLimit.Touch),
            new OwnTouch(new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero), order.Decision.Action, Signer)
        );

    /// <summary>Reads what must be known before the effect and notes it; <c>Refusal</c> says why people have to do it.</summary>
    private async Task<(PriorState Prior, string? Refusal)> PrepareAsync()
    {
        var found = await context.CallActivityAsync<Preparation>(nameof(ContainmentActivities.Prepare), order, RetryPolicies.ForTheTenant);
        record.Note(ContainmentKinds.Estimated, $"it would touch {found.Estimate.Text}", data: found.Estimate);
        record.Note(AuditKinds.Captured, $"before: {found.Prior.Summary}", data: found.Prior);
        if (found.Reverse is { } reverse)
            record.Note(ContainmentKinds.Probed, reverse);
        return (
            found.Prior,
            found.Prior.Refusal
                ?? (
                    found.Barred is { } barred
                        ? $"{order.Decision.Action} was not begun, because it could not be taken back: {barred}"
                        : null
                )
        );
    }

    private async Task<ContainmentReport> ExecuteHeldAsync(PriorState prior)
    {
        try
        {
            var report = await ExecuteUnderLeaseAsync(prior);
            if (report.Done)
                return await TellAsync(await VerifyAsync(new PreparedOrder(order, prior), report.Text, UndoAt));
            await ReportAsync(effect, givesBack: true);
            return await HaltAsync(report);
        }
        catch (TaskFailedException e)
        {
            // First: a record that fails as well must not keep the hold.
            await ReportAsync(effect, givesBack: true);
            await record.WriteAsync(AuditKinds.Failed, $"failed: {StepFailure.Of(e)}; whatever had changed is put back");
            throw;
        }
    }

    /// <summary>
    /// Every try asks the owner of the hold for a lease first (S7): a release while the service is throttled ends the tries, and nothing is
    /// begun after it.
    /// </summary>
    private async Task<StepReport> ExecuteUnderLeaseAsync(PriorState prior)
    {
        for (var attempt = 1; ; attempt++)
        {
            var lease = await context.Entities.CallEntityAsync<EffectLease>(Owner, nameof(ScheduledRollback.Lease), order.Id);
            if (lease.Until is null)
                return new StepReport(false, lease.Refusal);
            if (attempt == 1) // S11; one entry for all tries, and none where there is nothing to try.
                await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer, ContainmentText.OrderData(order));
            try
            {
                var report = await ExecuteAsync(new PreparedOrder(order, prior) { Until = lease.Until }, null);
                if (!report.LeaseOver)
                    return report;
            }
            catch (TaskFailedException e)
            {
                // A service that refuses for good acts no later, but an earlier part of the action may stand.
                if (!e.FailureDetails.IsCausedBy<PermanentFaultException>())
                    effect = EffectStatus.Unknown;
                else if (effect is EffectStatus.None)
                    effect = EffectStatus.InEffect;
                if (!await RetryPolicies.WaitForTheTenantAsync(context, e.FailureDetails, attempt))
                    throw;
            }
        }
    }

    private Task<StepReport> ExecuteAsync(PreparedOrder step, TaskOptions? options) =>
        Durable.Mutex.CallActivityAsync<StepReport>(context, step.Prior.Shared, nameof(ContainmentActivities.Execute), step, options);

    /// <summary>An undo may be under way for an earlier incident, or have ended since we looked; wait for it rather than race it.</summary>
    private async Task<(HoldAnswer Answer, PriorState Prior)> HoldAsync(PriorState prior)
    {
        for (var wait = 0; wait < MaxWaits; wait++)
        {
            var answer = await context.Entities.CallEntityAsync<HoldAnswer>(
                Owner,
                nameof(ScheduledRollback.Hold),
                new PreparedOrder(order, prior)
            );
            if (answer is not (HoldAnswer.Busy or HoldAnswer.NotOurs))
                return (answer, prior);
            if (answer == HoldAnswer.Busy)
                await context.CreateTimer(BusyWait, CancellationToken.None);
            // What we read may have been our own containment, undone meanwhile: only what is so now counts as so before us.
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
            if (answer == HoldAnswer.NotOurs && prior.AlreadySo)
                return (answer, prior);
        }
        throw new InvalidOperationException(
            $"the undo of {Owner.Key} did not end in {MaxWaits * BusyWait.TotalMinutes:0} minutes; this order was not begun"
        );
    }

    /// <summary>Tells the owner of the hold what became of the effect; where the hold has gone, it is put back at once (S7).</summary>
    private Task ReportAsync(EffectStatus outcome, bool givesBack = false) =>
        context.Entities.SignalEntityAsync(Owner, nameof(ScheduledRollback.Report), new EffectReport(order.Id, outcome, givesBack));

    private async Task<ContainmentReport> VerifyAsync(PreparedOrder step, string text, DateTimeOffset? undoAt)
    {
        record.Note(AuditKinds.Executed, text); // Written with what reading back shows, or with its failure.
        if (undoAt is not null)
            await ReportAsync(EffectStatus.InEffect); // Before it is read back: that may take long, and a release meanwhile must undo it.
        var there = await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant);
        if (there == false)
        {
            if (undoAt is not null)
                await ReportAsync(EffectStatus.Unknown);
            await record.WriteAsync(AuditKinds.Failed, "read back: the effect is not there");
            await context.PageAsync(
                $"unverified-{order.Id}",
                $"{order.Title}: {order.Decision.Action} was done but cannot be seen",
                PageSeverity.Critical
            );
            return new ContainmentReport(Ending.Failed, $"{text}, but reading it back does not show it", undoAt);
        }
        await record.WriteAsync(
            AuditKinds.Verified,
            there is null ? "accepted by the receiver; it cannot be read back" : ContainmentText.Verified(order, undoAt)
        );
        return new ContainmentReport(Ending.Done, text, undoAt);
    }

    /// <summary>People hear what was done and how to take it back. A pager that is down does not undo a containment that worked.</summary>
    private async Task<ContainmentReport> TellAsync(ContainmentReport report)
    {
        if (report.Ending != Ending.Done)
            return report;
        try
        {
            await context.PageAsync(
                $"contained-{order.Id}",
                ContainmentText.Contained(order, report),
                PageSeverity.Info,
                PageKind.Contained
            );
            await record.WriteAsync(ContainmentKinds.Notified, "people were told what was done and how to take it back");
        }
        catch (TaskFailedException e)
        {
            await record.WriteAsync(AuditKinds.Failed, $"people could not be told: {StepFailure.Of(e)}");
        }
        return report;
    }

    private async Task<ContainmentReport> RefuseAsync(string refusal)
    {
        await record.WriteAsync(AuditKinds.Failed, $"left to people: {refusal}");
        await context.PageAsync($"refused-{order.Id}", $"{order.Title}: {refusal}", PageSeverity.Error, PageKind.Refused);
        return new ContainmentReport(Ending.Failed, refusal);
    }

    private async Task<ContainmentReport> AlreadySoAsync(PriorState prior)
    {
        await record.WriteAsync(AuditKinds.AlreadySo, $"{prior.Summary}; nothing was done and nothing will be undone");
        return new ContainmentReport(Ending.AlreadySo, prior.Summary);
    }

    private async Task<ContainmentReport> HaltAsync(StepReport report)
    {
        await record.WriteAsync(AuditKinds.Failed, report.Text);
        // Somebody may have approved it and believe it done.
        await context.PageAsync($"halted-{order.Id}", ContainmentText.HaltedPage(order, report.Text), PageSeverity.Error);
        return new ContainmentReport(Ending.Halted, report.Text);
    }

    private EntityInstanceId Owner => ScheduledRollback.For(order.Decision.Action, order.Decision.Target);

    /// <summary>Who answers for it: the policy, or the people who approved.</summary>
    private string Signer => order.Grant is null ? "policy" : string.Join(", ", order.Grant.Approvers);

    private DateTimeOffset? UndoAt => new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero) + order.Decision.MaxDuration;
}

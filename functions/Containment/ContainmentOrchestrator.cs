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
/// One order: estimate, capture and probe the reverse, register the rollback, execute, verify, tell. What came before the effect is on the record, with the
/// effect itself, before it begins (S5, S11): one write, since only the effect has to wait for it. However an order ends, what it noted is written. A
/// failure after the rollback was registered gives the hold back, which undoes whatever had changed.
/// </summary>
public static class ContainmentOrchestrator
{
    private const int MaxWaits = 60;
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(10);

    [Function(nameof(ContainmentOrchestrator))]
    public static async Task<ContainmentReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<ContainmentOrder>()!;
        var record = new Recorder(context, order.Incident) { About = Recorder.AboutOf(order.Decision.Action, order.Decision.Target) };
        try
        {
            if (order.Decision.Target.Kind == "alert") return await NotifyAsync(context, record, order);
            return ContainmentActivities.EndsByItself(order) ? await ContainForAWhileAsync(context, record, order) : await ActOnceAsync(context, record, order);
        }
        catch (Exception e) when (StepFailure.Is(e) || e is InvalidOperationException)
        {
            await record.WriteAsync(); // What had been noted by then; people take over with that on the record.
            throw;
        }
    }

    /// <summary>Tickets and pages: they touch nobody, so there is nothing to capture.</summary>
    private static async Task<ContainmentReport> NotifyAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var prior = new PriorState { AlreadySo = false, Summary = "no inverse" };
        await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer(order), ContainmentText.OrderData(order));
        var report = await context.CallActivityAsync<StepReport>(nameof(ContainmentActivities.Execute), new ExecuteStep(order, prior), RetryPolicies.ForPeople);
        return report.Done ? await VerifyAsync(context, record, new ExecuteStep(order, prior), report.Text, null) : await HaltAsync(context, record, order, report);
    }

    /// <summary>Actions without an inverse, which the policy says (`reversible: none` or `manual`): captured for the record, never undone.</summary>
    private static async Task<ContainmentReport> ActOnceAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var (prior, refusal) = await PrepareAsync(context, record, order);
        if (refusal is not null) return await RefuseAsync(context, record, order, refusal);
        if (prior.AlreadySo) return await AlreadySoAsync(record, prior);
        await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer(order), ContainmentText.OrderData(order));
        var report = await ExecuteAsync(context, new ExecuteStep(order, prior));
        if (!report.Done) return await HaltAsync(context, record, order, report);
        return await TellAsync(context, record, order, await VerifyAsync(context, record, new ExecuteStep(order, prior), report.Text, null));
    }

    private static async Task<ContainmentReport> ContainForAWhileAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var (prior, refusal) = await PrepareAsync(context, record, order);
        if (refusal is not null) return await RefuseAsync(context, record, order, refusal);
        (var answer, prior) = await HoldAsync(context, order, prior);
        if (answer == HoldAnswer.NotOurs) return await AlreadySoAsync(record, prior);
        if (answer == HoldAnswer.Joined && !prior.AlreadySo)
        {
            // Held for another incident but not in effect: that order is still at work, or somebody put it back by hand; then this one does it again.
            await context.CreateTimer(BusyWait, CancellationToken.None);
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
        }
        if (answer == HoldAnswer.Joined && prior.AlreadySo)
        {
            await record.WriteAsync(AuditKinds.Joined, "contained already for another incident; it stays until the last hold ends");
            return new ContainmentReport(Ending.Done, "contained already; this incident holds it too", UndoAt(context, order));
        }
        record.Note(ContainmentKinds.Registered, $"the rollback is registered: undone at {UndoAt(context, order):yyyy-MM-dd HH:mm:ss} UTC unless someone confirms it");
        return await ExecuteHeldAsync(context, record, order, prior);
    }

    /// <summary>Reads what must be known before the effect and notes it; <c>Refusal</c> says why people have to do it.</summary>
    private static async Task<(PriorState Prior, string? Refusal)> PrepareAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var found = await context.CallActivityAsync<Preparation>(nameof(ContainmentActivities.Prepare), order, RetryPolicies.ForTheTenant);
        record.Note(ContainmentKinds.Estimated, $"it would touch {found.Estimate.Text}", data: found.Estimate);
        record.Note(AuditKinds.Captured, $"before: {found.Prior.Summary}", data: found.Prior);
        if (found.Reverse is { } reverse) record.Note(ContainmentKinds.Probed, reverse);
        return (found.Prior, found.Prior.Refusal ?? (found.Barred is { } barred ? $"{order.Decision.Action} was not begun, because it could not be taken back: {barred}" : null));
    }

    private static async Task<ContainmentReport> ExecuteHeldAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, PriorState prior)
    {
        try
        {
            await record.WriteAsync(AuditKinds.Executing, ContainmentText.Executing(order), Signer(order), ContainmentText.OrderData(order));
            var report = await ExecuteAsync(context, new ExecuteStep(order, prior));
            if (report.Done)
                return await TellAsync(context, record, order, await VerifyAsync(context, record, new ExecuteStep(order, prior), report.Text, UndoAt(context, order)));
            await GiveBackAsync(context, order);
            return await HaltAsync(context, record, order, report);
        }
        catch (TaskFailedException e)
        {
            await GiveBackAsync(context, order); // First: a record that fails as well must not keep the hold.
            await record.WriteAsync(AuditKinds.Failed, $"failed: {StepFailure.Of(e)}; whatever had changed is put back");
            throw;
        }
    }

    /// <summary>What several containments change together they change one after the other.</summary>
    private static async Task<StepReport> ExecuteAsync(TaskOrchestrationContext context, ExecuteStep step)
    {
        if (step.Prior.Shared is not { } shared) return await context.CallActivityAsync<StepReport>(nameof(ContainmentActivities.Execute), step, RetryPolicies.ForTheTenant);
        await using var turn = await context.Entities.LockEntitiesAsync(Durable.Mutex.For(shared));
        return await context.CallActivityAsync<StepReport>(nameof(ContainmentActivities.Execute), step, RetryPolicies.ForTheTenant);
    }

    /// <summary>An undo may be under way for an earlier incident, or have ended since we looked; wait for it rather than race it.</summary>
    private static async Task<(HoldAnswer Answer, PriorState Prior)> HoldAsync(TaskOrchestrationContext context, ContainmentOrder order, PriorState prior)
    {
        var entity = ScheduledRollback.For(order.Decision.Action, order.Decision.Target);
        for (var wait = 0; wait < MaxWaits; wait++)
        {
            var answer = await context.Entities.CallEntityAsync<HoldAnswer>(entity, nameof(ScheduledRollback.Hold), new HoldRequest { Order = order, Prior = prior });
            if (answer is not (HoldAnswer.Busy or HoldAnswer.NotOurs)) return (answer, prior);
            if (answer == HoldAnswer.Busy) await context.CreateTimer(BusyWait, CancellationToken.None);
            // What we read may have been our own containment, undone meanwhile: only what is so now counts as so before us.
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentActivities.Capture), order, RetryPolicies.ForTheTenant);
            if (answer == HoldAnswer.NotOurs && prior.AlreadySo) return (answer, prior);
        }
        throw new InvalidOperationException($"the undo of {entity.Key} did not end in {MaxWaits * BusyWait.TotalMinutes:0} minutes; this order was not begun");
    }

    private static Task GiveBackAsync(TaskOrchestrationContext context, ContainmentOrder order) =>
        context.Entities.SignalEntityAsync(ScheduledRollback.For(order.Decision.Action, order.Decision.Target), nameof(ScheduledRollback.Abandon), new HoldTimer(0, order.Id));

    private static async Task<ContainmentReport> VerifyAsync(TaskOrchestrationContext context, Recorder record, ExecuteStep step, string text, DateTimeOffset? undoAt)
    {
        var order = step.Order;
        record.Note(AuditKinds.Executed, text); // Written with what reading back shows, or with its failure.
        var there = await context.CallActivityAsync<bool?>(nameof(ContainmentActivities.Verify), step, RetryPolicies.ForTheTenant);
        if (there == false)
        {
            await record.WriteAsync(AuditKinds.Failed, "read back: the effect is not there");
            await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"unverified-{order.Id}", $"{order.Title}: {order.Decision.Action} was done but cannot be seen", "critical"), RetryPolicies.ForPeople);
            return new ContainmentReport(Ending.Failed, $"{text}, but reading it back does not show it", undoAt);
        }
        await record.WriteAsync(AuditKinds.Verified, there is null ? "accepted by the receiver; it cannot be read back" : ContainmentText.Verified(order, undoAt));
        return new ContainmentReport(Ending.Done, text, undoAt);
    }

    /// <summary>People hear what was done and how to take it back. A pager that is down does not undo a containment that worked.</summary>
    private static async Task<ContainmentReport> TellAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, ContainmentReport report)
    {
        if (report.Ending != Ending.Done) return report;
        try
        {
            await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"contained-{order.Id}", ContainmentText.Contained(order, report), "info"), RetryPolicies.ForPeople);
            await record.WriteAsync(ContainmentKinds.Notified, "people were told what was done and how to take it back");
        }
        catch (TaskFailedException e)
        {
            await record.WriteAsync(AuditKinds.Failed, $"people could not be told: {StepFailure.Of(e)}");
        }
        return report;
    }

    private static async Task<ContainmentReport> RefuseAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, string refusal)
    {
        await record.WriteAsync(AuditKinds.Failed, $"left to people: {refusal}");
        await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"refused-{order.Id}", $"{order.Title}: {refusal}", "error"), RetryPolicies.ForPeople);
        return new ContainmentReport(Ending.Failed, refusal);
    }

    private static async Task<ContainmentReport> AlreadySoAsync(Recorder record, PriorState prior)
    {
        await record.WriteAsync(AuditKinds.AlreadySo, $"{prior.Summary}; nothing was done and nothing will be undone");
        return new ContainmentReport(Ending.AlreadySo, prior.Summary);
    }

    private static async Task<ContainmentReport> HaltAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, StepReport report)
    {
        await record.WriteAsync(AuditKinds.Failed, report.Text);
        // Somebody may have approved it and believe it done.
        await context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput($"halted-{order.Id}", ContainmentText.HaltedPage(order, report.Text), "error"), RetryPolicies.ForPeople);
        return new ContainmentReport(Ending.Halted, report.Text);
    }

    /// <summary>Who answers for it: the policy, or the people who approved.</summary>
    private static string Signer(ContainmentOrder order) => order.Grant is null ? "policy" : string.Join(", ", order.Grant.Approvers);

    private static DateTimeOffset? UndoAt(TaskOrchestrationContext context, ContainmentOrder order) =>
        new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero) + order.Decision.MaxDuration;
}

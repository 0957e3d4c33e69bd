using IRFunctions.Audit;
using IRFunctions.Containment;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// One order: capture, register the rollback, execute, verify, each on the record before the next begins (S5, S11). A failure after the rollback was
/// registered gives the hold back, which undoes whatever had changed.
/// </summary>
public static class Contain
{
    private const int MaxBusyWaits = 60;
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(10);

    [Function(nameof(Contain))]
    public static async Task<ContainReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<ContainmentOrder>()!;
        var record = new Recorder(context, order.Incident) { About = Recorder.AboutOf(order.Decision.Action, order.Decision.Target) };
        return order.Decision.Reversible && order.Decision.MaxDuration is not null
            ? await ContainForAWhileAsync(context, record, order)
            : await ActOnceAsync(context, record, order);
    }

    /// <summary>Actions without an inverse, which the policy says (`reversible: none`).</summary>
    private static async Task<ContainReport> ActOnceAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var prior = new PriorState { AlreadySo = false, Summary = "no inverse" };
        await record.WriteAsync(AuditKinds.Executing, Sentences.Executing(order), Signer(order), Sentences.OrderData(order));
        var report = await context.CallActivityAsync<StepReport>(nameof(ContainmentSteps.Execute), new ExecuteStep(order, prior), Patience.ForPeople);
        if (!report.Done) return await HaltAsync(context, record, order, report);
        return await VerifyAsync(context, record, order, report.Text, null);
    }

    private static async Task<ContainReport> ContainForAWhileAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order)
    {
        var prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentSteps.Capture), order, Patience.ForTheTenant);
        if (prior.Refusal is { } refusal)
        {
            await record.WriteAsync(AuditKinds.Failed, $"left to people: {refusal}");
            await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"refused-{order.Id}", $"{order.Title}: {refusal}", "error"), Patience.ForPeople);
            return new ContainReport(Ending.Failed, refusal);
        }
        (var answer, prior) = await HoldAsync(context, order, prior);
        record.Note(AuditKinds.Captured, $"before: {prior.Summary}", data: prior);
        if (answer == HoldAnswer.NotOurs)
        {
            await record.WriteAsync(AuditKinds.AlreadySo, $"{prior.Summary}; nothing was done and nothing will be undone");
            return new ContainReport(Ending.AlreadySo, prior.Summary);
        }
        if (answer == HoldAnswer.Joined && !prior.AlreadySo)
        {
            // Held for another incident but not in effect: that order is still at work, or somebody put it back by hand; then this one does it again.
            await context.CreateTimer(BusyWait, CancellationToken.None);
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentSteps.Capture), order, Patience.ForTheTenant);
        }
        if (answer == HoldAnswer.Joined && prior.AlreadySo)
        {
            await record.WriteAsync(AuditKinds.Joined, "contained already for another incident; it stays until the last hold ends");
            return new ContainReport(Ending.Done, "contained already; this incident holds it too", UndoAt(context, order));
        }
        return await ExecuteHeldAsync(context, record, order, prior);
    }

    private static async Task<ContainReport> ExecuteHeldAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, PriorState prior)
    {
        try
        {
            await record.WriteAsync(AuditKinds.Executing, Sentences.Executing(order), Signer(order), Sentences.OrderData(order));
            var report = await context.CallActivityAsync<StepReport>(nameof(ContainmentSteps.Execute), new ExecuteStep(order, prior), Patience.ForTheTenant);
            if (report.Done) return await VerifyAsync(context, record, order, report.Text, UndoAt(context, order));
            await GiveBackAsync(context, order);
            return await HaltAsync(context, record, order, report);
        }
        catch (TaskFailedException e)
        {
            await GiveBackAsync(context, order); // First: a record that fails as well must not keep the hold.
            await record.WriteAsync(AuditKinds.Failed, $"failed: {e.FailureDetails.ErrorMessage}; whatever had changed is put back");
            throw;
        }
    }

    /// <summary>An undo may be under way for an earlier incident; wait for it rather than race it.</summary>
    private static async Task<(HoldAnswer Answer, PriorState Prior)> HoldAsync(TaskOrchestrationContext context, ContainmentOrder order, PriorState prior)
    {
        var entity = ScheduledRollback.For(order.Decision.Action, order.Decision.Target);
        for (var wait = 0; wait < MaxBusyWaits; wait++)
        {
            var answer = await context.Entities.CallEntityAsync<HoldAnswer>(entity, nameof(ScheduledRollback.Hold), new HoldRequest { Order = order, Prior = prior });
            if (answer != HoldAnswer.Busy) return (answer, prior);
            await context.CreateTimer(BusyWait, CancellationToken.None);
            prior = await context.CallActivityAsync<PriorState>(nameof(ContainmentSteps.Capture), order, Patience.ForTheTenant);
        }
        throw new InvalidOperationException($"the undo of {entity.Key} did not end in {MaxBusyWaits * BusyWait.TotalMinutes:0} minutes; this order was not begun");
    }

    private static Task GiveBackAsync(TaskOrchestrationContext context, ContainmentOrder order) =>
        context.Entities.SignalEntityAsync(ScheduledRollback.For(order.Decision.Action, order.Decision.Target), nameof(ScheduledRollback.Abandon), new HoldTimer(0, order.Id));

    private static async Task<ContainReport> VerifyAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, string text, DateTimeOffset? undoAt)
    {
        record.Note(AuditKinds.Executed, text);
        var there = await context.CallActivityAsync<bool?>(nameof(ContainmentSteps.Verify), order, Patience.ForTheTenant);
        if (there == false)
        {
            await record.WriteAsync(AuditKinds.Failed, "read back: the effect is not there");
            await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"unverified-{order.Id}", $"{order.Title}: {order.Decision.Action} was done but cannot be seen", "critical"), Patience.ForPeople);
            return new ContainReport(Ending.Failed, $"{text}, but reading it back does not show it", undoAt);
        }
        await record.WriteAsync(AuditKinds.Verified, there is null ? "accepted by the receiver; it cannot be read back" : Sentences.Verified(order, undoAt));
        return new ContainReport(Ending.Done, text, undoAt);
    }

    private static async Task<ContainReport> HaltAsync(TaskOrchestrationContext context, Recorder record, ContainmentOrder order, StepReport report)
    {
        await record.WriteAsync(AuditKinds.Failed, report.Text);
        // Somebody may have approved it and believe it done.
        await context.CallActivityAsync(nameof(Stages.Page), new PageInput($"halted-{order.Id}", Sentences.HaltedPage(order, report.Text), "error"), Patience.ForPeople);
        return new ContainReport(Ending.Halted, report.Text);
    }

    /// <summary>Who answers for it: the policy, or the people who approved.</summary>
    private static string Signer(ContainmentOrder order) => order.Grant is null ? "policy" : string.Join(", ", order.Grant.Approvers);

    private static DateTimeOffset? UndoAt(TaskOrchestrationContext context, ContainmentOrder order) =>
        new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero) + order.Decision.MaxDuration;
}

using System.Text.Json.Serialization;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>What an effect came to.</summary>
/// <param name="Done">False where it was halted before it began.</param>
/// <param name="Text">One sentence for a person.</param>
public sealed record StepReport(bool Done, string Text)
{
    /// <summary>The leave to begin was over before it began: nothing was done, and it may ask for another.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LeaseOver { get; init; }
}

/// <summary>
/// An order and what was so before it: input of Probe, Execute, Verify and of the hold that is asked for before the effect (S5).
/// </summary>
public sealed record PreparedOrder(ContainmentOrder Order, PriorState Prior)
{
    /// <summary>When the leave to begin it ends; null where it is not held, because nothing undoes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }
}

/// <summary>What was read before an effect.</summary>
/// <param name="Reverse">That the reverse would be permitted, in words; null where it was not asked, or is barred.</param>
/// <param name="Barred">Why the reverse would not be permitted; the action must not run then. Null where it would be, or was not
/// asked.</param>
public sealed record Preparation(Estimate Estimate, PriorState Prior, string? Reverse = null, string? Barred = null);

/// <summary>The steps of a containment as activities. Each may be run again after a crash and then changes nothing more.</summary>
public sealed class ContainmentActivities(ActionCatalog catalogue, PolicyStore policies, HoldTable holds, TimeProvider time)
{
    /// <summary>Who and what it would touch. Never fails: what cannot be computed is said to be so, and people decide with that.</summary>
    [Function("EstimateContainment")]
    public async Task<Estimate> Estimate([ActivityTrigger] ContainmentOrder order, CancellationToken cancellation)
    {
        try
        {
            return await catalogue.Find(order.Decision.Action).EstimateAsync(order, cancellation);
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return new Estimate(null, $"could not be computed ({e.Message})");
        }
    }

    /// <summary>
    /// Estimate, capture and, where the effect is to be taken back, the probe of its reverse: all that is read before the effect, in one
    /// step. Changes nothing, so that after a crash or a passing fault the whole of it is read again.
    /// </summary>
    [Function(nameof(Prepare))]
    public async Task<Preparation> Prepare([ActivityTrigger] ContainmentOrder order, CancellationToken cancellation)
    {
        var found = new Preparation(await Estimate(order, cancellation), await Capture(order, cancellation));
        if (found.Prior.Refusal is not null || found.Prior.AlreadySo || !EndsByItself(order))
            return found;
        try
        {
            return found with { Reverse = await Probe(new PreparedOrder(order, found.Prior), cancellation) };
        }
        catch (PermanentFaultException e)
        {
            // An answer, not a fault: the estimate and the state before still belong on the record.
            return found with { Barred = e.Message };
        }
    }

    /// <summary>Whether it is undone by a timer, rather than done once.</summary>
    internal static bool EndsByItself(ContainmentOrder order) => order.Decision is { Reversible: true, MaxDuration: not null };

    [Function(nameof(Capture))]
    public Task<PriorState> Capture([ActivityTrigger] ContainmentOrder order, CancellationToken cancellation) =>
        catalogue.Find(order.Decision.Action).CaptureAsync(order, cancellation);

    /// <summary>Whether the reverse would be permitted, in words; fails where it would not.</summary>
    [Function(nameof(Probe))]
    public Task<string> Probe([ActivityTrigger] PreparedOrder step, CancellationToken cancellation) =>
        catalogue.Find(step.Order.Decision.Action).ProbeAsync(step.Order, step.Prior, cancellation);

    /// <summary>The only place where an effect begins. What must hold is checked here once more, immediately before it.</summary>
    [Function(nameof(Execute))]
    public async Task<StepReport> Execute(
        [ActivityTrigger] PreparedOrder step,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var order = step.Order;
        var action = catalogue.Find(order.Decision.Action);
        RequireAuthority(order);
        RequireTrueWords(order.Decision, action.Capability, policies.Current);
        if (action.Capability.TargetKind != "alert") // Tickets and pages are how people hear of the stop; they go on.
        {
            var stop = await GlobalStop.ReadAsync(client, cancellation);
            if (stop.Engaged)
                return await HaltAsync(action, step, stop, cancellation);
        }
        return await ExecuteAsync(action, step, cancellation);
    }

    /// <summary>
    /// Begins only under the lease of its hold, and stops waiting for the service when the lease ends: what lands later is looked for and
    /// put back (S7).
    /// </summary>
    private async Task<StepReport> ExecuteAsync(IContainmentAction action, PreparedOrder step, CancellationToken cancellation)
    {
        if (!EndsByItself(step.Order))
            return new StepReport(true, await action.ExecuteAsync(step.Order, step.Prior, cancellation));
        var left =
            step.Until - time.GetUtcNow()
            ?? throw new PermanentFaultException($"{step.Order.Decision.Action} was not begun: it has no lease of its hold (S7)");
        if (left <= TimeSpan.Zero)
            return new StepReport(false, "the leave to begin it was over; nothing was done") { LeaseOver = true };
        using var lease = new CancellationTokenSource(left, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(lease.Token, cancellation);
        try
        {
            return new StepReport(true, await action.ExecuteAsync(step.Order, step.Prior, both.Token));
        }
        catch (OperationCanceledException e) when (lease.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TransientFaultException(
                $"{step.Order.Decision.Action}: the service had not answered when the lease of its hold ended",
                e
            );
        }
    }

    /// <summary>
    /// Nothing begins under the stop (S13). But an attempt before it may have got through and its answer been lost, with the machine or on
    /// the way: what is there then is verified, told and undone like any other effect, and nothing is added to it.
    /// </summary>
    private static async Task<StepReport> HaltAsync(
        IContainmentAction action,
        PreparedOrder step,
        GlobalStopState stop,
        CancellationToken cancellation
    )
    {
        var halted = $"halted by the global stop ({stop.Reason})";
        try
        {
            return await action.VerifyAsync(step.Order.Decision.Target, step.Prior, cancellation) switch
            {
                true => new StepReport(
                    true,
                    $"an attempt before the global stop ({stop.Reason}) had got through; it reads as done, and nothing was added to it"
                ),
                false => new StepReport(false, $"{halted}; nothing was done"),
                null => new StepReport(
                    false,
                    $"{halted}; nothing more was done. Whether an attempt before it got through cannot be read back"
                ),
            };
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return new StepReport(
                false,
                $"{halted}; nothing more was done. Whether an attempt before it got through could not be read ({e.Message})"
            );
        }
    }

    /// <summary>True or false as read back; null where it cannot be read back.</summary>
    [Function(nameof(Verify))]
    public async Task<bool?> Verify([ActivityTrigger] PreparedOrder step, CancellationToken cancellation) =>
        await catalogue.Find(step.Order.Decision.Action).VerifyAsync(step.Order.Decision.Target, step.Prior, cancellation);

    /// <summary>Never halted by the global stop (S13).</summary>
    [Function(nameof(UndoEffect))]
    public async Task<RollbackReport> UndoEffect([ActivityTrigger] RollbackOrder order, CancellationToken cancellation) =>
        await UndoAsync(
            catalogue,
            order with
            {
                DriftedAt = order.DriftedAt ?? await TakenBackAsync(order, cancellation),
            },
            time,
            cancellation
        );

    /// <summary>
    /// The undo itself: also of `take-back`, where there is no pipeline. Restores the prior state, and leaves alone what somebody changed
    /// since (S6).
    /// </summary>
    internal static async Task<RollbackReport> UndoAsync(
        ActionCatalog catalogue,
        RollbackOrder order,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var action = catalogue.Find(order.Action);
        var report = await IsSomebodyElsesAsync(action, order, cancellation)
            ? new RollbackReport(
                false,
                $"{order.Target.Display}: at {order.DriftedAt:yyyy-MM-dd HH:mm} UTC our change was gone, and what is there now "
                    + $"somebody else made; it is left as it is"
            )
            : await action.UndoAsync(order, cancellation);
        return report with { VerifiedAt = time.GetUtcNow() };
    }

    /// <summary>When people took it back without the pipeline. A table that cannot be read never keeps an undo from happening.</summary>
    private async Task<DateTimeOffset?> TakenBackAsync(RollbackOrder order, CancellationToken cancellation)
    {
        try
        {
            return (await holds.TakenBackAsync(order.Containment, order.Generation, cancellation))?.At;
        }
        catch (Exception e) when (e is UnreadableRowException || TableTrouble.Is(e))
        {
            return null;
        }
    }

    /// <summary>Reads, after a containment ended, whether its effect is there all the same. False where that cannot be read.</summary>
    [Function(nameof(ReadBack))]
    public async Task<bool> ReadBack([ActivityTrigger] RollbackOrder order, CancellationToken cancellation) =>
        await catalogue.Find(order.Action).VerifyAsync(order.Target, order.Prior, cancellation) == true;

    /// <summary>The same state as ours, but ours was seen to be gone in between (S6).</summary>
    private static async Task<bool> IsSomebodyElsesAsync(IContainmentAction action, RollbackOrder order, CancellationToken cancellation) =>
        order.DriftedAt is not null && !action.KnowsItsOwn && await action.VerifyAsync(order.Target, order.Prior, cancellation) == true;

    /// <summary>
    /// An order may not make itself harmless: its target is of the action's kind (S4), and its tier is not below that of the policy in
    /// force (S1). A policy that was tightened since the incident opened thus stops what it no longer allows.
    /// </summary>
    /// <exception cref="PermanentFaultException">It does; nothing was done.</exception>
    private static void RequireTrueWords(Decision decision, ActionCapability capability, Policy policy)
    {
        if (decision.Target.Kind != capability.TargetKind)
            throw new PermanentFaultException(
                $"{decision.Action} is for a target of kind {capability.TargetKind}, not {decision.Target.Kind} (S4)"
            );
        var tier = policy.Actions.TryGetValue(decision.Action, out var rule) ? rule.Tier : 3;
        if (tier > decision.Tier)
            throw new PermanentFaultException(
                $"the policy in force puts {decision.Action} at tier {tier}, the order at {decision.Tier} (S1)"
            );
    }

    /// <summary>S2 and S3 in one place: tier 3 never; what was asked only with the quorum's grant for exactly this hash.</summary>
    /// <exception cref="PermanentFaultException">The order has no authority; nothing was done.</exception>
    internal static void RequireAuthority(ContainmentOrder order)
    {
        var decision = order.Decision;
        if (decision.Tier is not (1 or 2))
            throw new PermanentFaultException($"{decision.Action} is tier {decision.Tier}, which never runs (S2)");
        if (decision.Kind == DecisionKind.Run && decision.Tier == 1)
            return;
        if (decision.Kind is not (DecisionKind.Ask or DecisionKind.Run))
            throw new PermanentFaultException($"the policy did not allow {decision.Action} (S1)");
        if (order.Grant is not { } grant)
            throw new PermanentFaultException($"{decision.Action} needs approval and has none (S3)");
        if (grant.ActionHash != ActionHash.Of(decision, order.Mail, order.Bound))
            throw new PermanentFaultException($"the approval was for something else than this {decision.Action} (S3)");
        if (grant.Approvers.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Math.Max(1, decision.Quorum))
            throw new PermanentFaultException($"{decision.Action} needs {decision.Quorum} approvers and has {grant.Approvers.Count} (S3)");
    }
}

using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Containment;

/// <summary>
/// `ScheduledRollback@action:target`: owns the timers of one containment. A hold is registered here before the effect happens (S5); when
/// the last hold ends, by its timer or by a person, the undo starts (S6, S7). Illegal requests are answered with what is true now, never
/// ignored.
/// </summary>
public sealed partial class ScheduledRollback(TimeProvider time, HoldTable holds, ILogger<ScheduledRollback> log, IoTime? io = null)
    : TaskEntity<RollbackState>
{
    /// <summary>Who ends what no person, policy or timer ended.</summary>
    private const string Pipeline = "pipeline";

    /// <summary>Longer than any call to a service with its own timeout; an effect that has not begun by then asks again.</summary>
    private static readonly TimeSpan LeaseLength = TimeSpan.FromMinutes(2);

    /// <summary>Incidents remembered of earlier containments; bounds the state.</summary>
    private const int MostBefore = 64;

    /// <summary>How much earlier than its hold a lease ends: clocks of two machines differ by less.</summary>
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(15);

    [Function(nameof(ScheduledRollback))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<ScheduledRollback>();

    /// <summary>Id of the entity that owns the containment of this action on this target.</summary>
    public static EntityInstanceId For(string action, Target target) => new(nameof(ScheduledRollback), KeyOf(action, target));

    /// <summary>
    /// The action and the target's key where that can stand in an address and in the engine's keys; a hash in place of the id where it
    /// cannot.
    /// </summary>
    public static string KeyOf(string action, Target target) => $"{action}:{EntityKeys.Of(target.Key, $"{target.Kind}:")}";

    /// <summary>Registers the rollback of an order, or joins a hold that is already there.</summary>
    public HoldAnswer Hold(PreparedOrder request)
    {
        var order = request.Order;
        if (State.Trying || State.Status is ContainmentStatus.Undoing)
            return HoldAnswer.Busy;
        if (State.Holds.Any(h => h.OrderId == order.Id))
            return HoldAnswer.Registered; // The same order again after a crash.
        // Confirmed and not so any more: somebody ended it by hand, so this is a new containment with timers of its own.
        var ended = State.Status is ContainmentStatus.Confirmed && !request.Prior.AlreadySo;
        if (State.Status is (ContainmentStatus.Live or ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed) && !ended)
        {
            // Ours was gone and it is so again: somebody else's work. What is not so is done by this order, and then it is ours once more.
            if (State.DriftedAt is not null && request.Prior.AlreadySo)
                return HoldAnswer.NotOurs;
            State = State with { DriftedAt = null };
            // Our own work stands: hold it longer; what to restore stays what the first hold captured. A rollback that keeps failing is not
            // wanted any more; it asks before it tries again.
            if (State.Status is ContainmentStatus.RollbackFailed)
                State = State with { Status = ContainmentStatus.Live };
            AddHold(order);
            return HoldAnswer.Joined;
        }
        if (request.Prior.AlreadySo)
            return HoldAnswer.NotOurs;
        State = new RollbackState
        {
            Action = order.Decision.Action,
            Target = order.Decision.Target,
            Prior = request.Prior,
            Status = ContainmentStatus.Live,
            Generation = State.Generation + 1,
            MaxDuration = order.Decision.MaxDuration ?? TimeSpan.Zero,
            // An effect of the containment before may still land: the new one answers for it.
            UnsettledAt = State.Unsettled,
            Before =
                State.Incidents.Count == 0
                    ? State.Before
                    : [.. (State.Before ?? []).Concat(State.Incidents).Distinct().TakeLast(MostBefore)],
        };
        AddHold(order);
        return HoldAnswer.Registered;
    }

    /// <summary>A hold's timer fired.</summary>
    public void Expire(HoldTimer timer)
    {
        if (!IsCurrent(timer, out var hold))
            return;
        if (hold.Until > time.GetUtcNow())
        {
            Schedule(nameof(Expire), timer, hold.Until); // It was extended meanwhile.
            return;
        }
        State = State with { Holds = [.. State.Holds.Where(h => h.OrderId != timer.OrderId)] };
        if (State.Holds.Count == 0)
            BeginUndo(RollbackCause.Expired, "policy", "no one confirmed it before its time was up");
    }

    /// <summary>Time to remind people that it will be undone.</summary>
    public void Remind(HoldTimer timer)
    {
        if (!IsCurrent(timer, out var hold) || hold.RemindAt is null || hold.RemindAt > time.GetUtcNow())
            return;
        if (State.UndoAt > hold.Until)
            return; // Another incident holds it longer; that hold reminds.
        var id = $"remind-{Fingerprint.Of(Context.Id.Key, hold.OrderId)}-{State.Generation}-{hold.Until.UtcTicks}";
        Context.ScheduleNewOrchestration(
            nameof(ReminderOrchestrator),
            new ReminderInput(Context.Id.Key, hold.Incident, State.Action, State.Target!, hold.Until),
            new StartOrchestrationOptions(id)
        );
    }

    /// <summary>
    /// Leave to begin the effect of an order, once for each try: only while the order is among the live holds, and for less time than its
    /// hold has left (S7).
    /// </summary>
    public EffectLease Lease(string orderId)
    {
        var now = time.GetUtcNow();
        var hold = State.Status is ContainmentStatus.Live ? State.Holds.FirstOrDefault(h => h.OrderId == orderId) : null;
        if (hold is null)
            return new EffectLease(null, $"it was not begun: its hold had ended ({State.Ending})");
        var margin = Math.Min(LeaseMargin.Ticks, (hold.Until - hold.Since).Ticks / 4); // A rehearsal's hold may be shorter than the margin.
        var until = Earlier(now + (io?.ByPipeline(LeaseLength) ?? LeaseLength), hold.Until - TimeSpan.FromTicks(margin));
        if (until <= now)
            return new EffectLease(null, "it was not begun: its hold is about to end");
        // A try that said nothing before this one may still land, however this one ends.
        State = State with
        {
            Effect = EffectStatus.UnderWay,
            LeasedUntil = until,
            UnsettledAt = State.Unsettled,
        };
        return new EffectLease(until, "");
    }

    /// <summary>
    /// What became of an effect. One that may have landed after its hold ended is undone at once; an order that failed gives its hold back.
    /// </summary>
    public void Report(EffectReport report)
    {
        // What this try did settles nothing about an earlier one whose answer was lost.
        var unsettled = report.Outcome is EffectStatus.Unknown ? State.LatestTry : State.UnsettledAt;
        if (State.Status is ContainmentStatus.Live)
        {
            State = State with
            {
                Effect = report.Outcome,
                UnsettledAt = unsettled,
                Holds = report.GivesBack ? [.. State.Holds.Where(h => h.OrderId != report.OrderId)] : State.Holds,
            };
            if (State.Holds.Count == 0)
                BeginUndo(RollbackCause.Released, Pipeline, "the action failed, so whatever it changed is put back");
            return;
        }
        if (State.Status is ContainmentStatus.None or ContainmentStatus.Confirmed)
            return;
        State = State with { Effect = report.Outcome, UnsettledAt = unsettled };
        if (report.Outcome is not EffectStatus.None)
            UndoLateEffect();
    }

    /// <summary>What had ended was read back, and the effect is there after all: it landed late.</summary>
    public void Surface(EffectSeen seen)
    {
        if (
            seen.Generation == State.Generation
            && seen.UndoAttempts == State.UndoAttempts
            && State.Status is ContainmentStatus.Released or ContainmentStatus.RolledBack
            && State.MayStillLand(time.GetUtcNow())
        )
            UndoLateEffect();
    }

    /// <summary>The watchdog saw our change gone: from here on whatever is there is somebody else's, and stays as it is (S6).</summary>
    public void NoticeDrift(DriftSeen seen)
    {
        if (seen.Generation != State.Generation || State.Status is not (ContainmentStatus.Live or ContainmentStatus.Confirmed))
            return;
        if (State.Effect is not EffectStatus.InEffect || State.MayStillLand(time.GetUtcNow()))
            return; // It was never seen there, or will be once more: what is there later is our own, late.
        if (State.DriftedAt is null && !(State.HeldAt >= seen.At))
            State = State with { DriftedAt = seen.At };
    }

    /// <summary>What an incident held it for is over. Other incidents' holds stay, and so does what a person confirmed.</summary>
    public void Lapse(HoldLapse lapse)
    {
        if (State.Status is not ContainmentStatus.Live || State.Holds.All(h => h.Incident != lapse.Incident))
            return;
        State = State with { Holds = [.. State.Holds.Where(h => h.Incident != lapse.Incident)] };
        if (State.Holds.Count == 0)
            BeginUndo(RollbackCause.Released, "policy", lapse.Reason);
    }

    /// <summary>An authorised person ends it now, for every incident that holds it.</summary>
    public bool Release(HoldChange change)
    {
        if (State.Status is not (ContainmentStatus.Live or ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed))
            return false;
        if (change.Prior is { } prior)
            State = State with { Prior = prior };
        BeginUndo(RollbackCause.Released, change.By, change.Reason, change.At);
        return true;
    }

    /// <summary>An authorised person keeps it: no undo by itself any more.</summary>
    public bool Confirm(HoldChange change)
    {
        if (State.Status is not ContainmentStatus.Live || State.Effect is not EffectStatus.InEffect)
            return false; // What is not in effect cannot be kept.
        State = State with
        {
            Status = ContainmentStatus.Confirmed,
            Question = null,
            Holds = [],
            Ending = change.Reason,
            EndedBy = change.By,
            EndedAt = time.GetUtcNow(),
        };
        return true;
    }

    /// <summary>An authorised person holds it longer, from now, at most by the action's maximum duration.</summary>
    public bool Extend(HoldChange change)
    {
        if (State.Status is not ContainmentStatus.Live || change.For is not { } length || length <= TimeSpan.Zero)
            return false;
        // From the click on: that is the end which the person was told.
        var until = (change.At ?? time.GetUtcNow()) + (length < State.MaxDuration ? length : State.MaxDuration);
        // The expiry timer finds the later end by itself; the reminder keeps its lead, so it needs a timer of its own.
        State = State with
        {
            Question = null,
            Extended = true,
            Holds = [.. State.Holds.Select(h => h.Until < until ? h with { Until = until, RemindAt = until - (h.Until - h.RemindAt) } : h)],
        };
        foreach (var hold in State.Holds)
        {
            if (hold.RemindAt is { } at && at > time.GetUtcNow())
                Schedule(nameof(Remind), new HoldTimer(State.Generation, hold.OrderId), at);
        }
        return true;
    }

    /// <summary>How it stands, for orchestrations that wait for its end.</summary>
    public RollbackState Show() => State;

    /// <summary>
    /// The watchdog found no live timer or no live undo: timers are set anew, ends that have passed are acted on, a lost undo starts again.
    /// Harmless where nothing was lost.
    /// </summary>
    public void Resume(int generation)
    {
        if (generation != State.Generation)
            return;
        if (State.Status is ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed)
        {
            BeginUndo(State.Cause ?? RollbackCause.Expired, State.EndedBy, State.Ending, State.AskedAt);
            return;
        }
        if (State.Status is not ContainmentStatus.Live)
            return;
        if (State.Holds.Count == 0)
            BeginUndo(RollbackCause.Expired, "watchdog", "nobody held it any more");
        foreach (var hold in State.Holds)
        {
            var timer = new HoldTimer(State.Generation, hold.OrderId);
            if (hold.Until <= time.GetUtcNow())
                Expire(timer);
            else
                Schedule(nameof(Expire), timer, hold.Until);
        }
    }

    /// <summary>An undo that failed wants to try again. False where another undo or a new hold has taken its place.</summary>
    public bool TryAgain(RollbackAttempt turn)
    {
        if (
            turn.Generation != State.Generation
            || turn.Number != State.UndoAttempts
            || State.Status is not ContainmentStatus.RollbackFailed
        )
            return false;
        State = State with { Trying = true };
        return true;
    }

    /// <summary>The undo orchestration reports. A failure stays visible until a later attempt or a person ends it.</summary>
    public void Undone(RollbackResult result)
    {
        if (result.Generation != State.Generation || State.Status is not (ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed))
            return;
        if (result.Done ? result.Number < State.FirstUndo : result.Number != State.UndoAttempts)
            return; // A newer undo is under way; only success of an older one counts, where it saw the last effect.
        State = State with
        {
            Status =
                !result.Done ? ContainmentStatus.RollbackFailed
                : result.Cause == RollbackCause.Expired ? ContainmentStatus.RolledBack
                : ContainmentStatus.Released,
            Trying = false,
            Ending = result.Text,
            EndedAt = time.GetUtcNow(),
            Holds = result.Done ? [] : State.Holds,
            UndoneIn = result.Took,
        };
        if (!result.Done)
            return;
        if (!State.MayStillLand(time.GetUtcNow()))
            State = State with { Effect = EffectStatus.None };
        else
            Context.ScheduleNewOrchestration(
                nameof(ReadBackOrchestrator),
                State.OrderFor(Context.Id.Key),
                new StartOrchestrationOptions($"readback-{Fingerprint.Of(Context.Id.Key)}-{State.Generation}-{State.UndoAttempts}")
            );
    }

    protected override RollbackState InitializeState(TaskEntityOperation entityOperation) => new();

    private void AddHold(ContainmentOrder order)
    {
        var now = time.GetUtcNow();
        var length = order.Decision.MaxDuration ?? TimeSpan.Zero;
        var hold = new Hold
        {
            OrderId = order.Id,
            Incident = order.Incident,
            Since = now,
            Until = now + length,
            RemindAt = order.ReminderLead is { } lead && lead < length ? now + length - lead : null,
            ApprovedBy = order.Grant?.Approvers ?? [],
        };
        // A hold on something confirmed adds its incident but must not restart timers that no longer undo.
        State = State with
        {
            HeldAt = now,
            Holds = State.Status is ContainmentStatus.Live ? [.. State.Holds, hold] : State.Holds,
            Incidents = State.Incidents.Contains(order.Incident) ? State.Incidents : [.. State.Incidents, order.Incident],
        };
        if (State.Status is not ContainmentStatus.Live)
            return;
        var timer = new HoldTimer(State.Generation, order.Id);
        Schedule(nameof(Expire), timer, hold.Until);
        if (hold.RemindAt is { } remindAt)
            Schedule(nameof(Remind), timer, remindAt);
    }

    private void BeginUndo(RollbackCause cause, string by, string reason, DateTimeOffset? askedAt = null)
    {
        State = State with
        {
            Status = ContainmentStatus.Undoing,
            Trying = false,
            Holds = [],
            Ending = reason,
            EndedBy = by,
            Cause = cause,
            AskedAt = askedAt ?? time.GetUtcNow(),
            UndoAttempts = State.UndoAttempts + 1,
        };
        Context.ScheduleNewOrchestration(
            nameof(RollbackOrchestrator),
            State.OrderFor(Context.Id.Key),
            new StartOrchestrationOptions(UndoInstance(Context.Id.Key, State))
        );
    }

    /// <summary>What landed after the end is put back as soon as it is known; undos that looked before it do not count.</summary>
    private void UndoLateEffect()
    {
        BeginUndo(RollbackCause.Released, Pipeline, "the effect landed after its hold had ended, so it is put back");
        State = State with { FirstUndo = State.UndoAttempts };
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>Instance id of the undo that is under way.</summary>
    public static string UndoInstance(string key, RollbackState state) =>
        $"undo-{Fingerprint.Of(key)}-{state.Generation}-{state.UndoAttempts}";

    private bool IsCurrent(HoldTimer timer, out Hold hold)
    {
        hold = State.Holds.FirstOrDefault(h => h.OrderId == timer.OrderId)!;
        return timer.Generation == State.Generation && State.Status is ContainmentStatus.Live && hold is not null;
    }

    private void Schedule(string operation, HoldTimer timer, DateTimeOffset at) =>
        Context.SignalEntity(Context.Id, operation, timer, new SignalEntityOptions { SignalTime = at });
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Policies;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Agents;

/// <summary>
/// `CircuitBreaker@identity`: scores what an agent or workload does and decides whether it may go on: closed, open, half-open. Every change
/// is followed by an orchestration that records it, tells the gate and starts the quarantine; a change that is not legal is refused, and
/// that is recorded too. Duplicate, late and reordered batches change nothing more than they should.
/// </summary>
public sealed class CircuitBreaker(TimeProvider time, PolicyStore policies) : TaskEntity<BreakerState>
{
    private const int KeptHistory = 20;
    private const int KeptOpenings = 10;
    private const int MaxSenders = 32;

    [Function(nameof(CircuitBreaker))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<CircuitBreaker>();

    public static EntityInstanceId For(string identity) => new(nameof(CircuitBreaker), identity);

    /// <summary>Short derived name of an identity, for ids and chains.</summary>
    public static string ShortOf(string identity) => Fingerprint.Of("workload", identity);

    private BreakerPolicy Rules => policies.Current.Breaker;

    /// <summary>Takes a batch of activity in and judges it.</summary>
    public void Observe(ActivityBatch batch)
    {
        var (now, rules) = (time.GetUtcNow(), Rules);
        var arrival = SenderWindow.Take(State.Senders, batch.Source, batch.Sequence, MaxSenders, now);
        if (arrival == BatchArrival.Duplicate)
        {
            State = State with { Duplicates = State.Duplicates + 1 };
            return;
        }
        if (arrival == BatchArrival.Odd)
            State = State with { OddAt = now };
        Take(batch, now, rules);
    }

    /// <summary>What the gate itself refused by a limit. It comes from our own process, once, and has no number.</summary>
    public void Refused(ActivityBatch batch) => Take(batch, time.GetUtcNow(), Rules);

    private void Take(ActivityBatch batch, DateTimeOffset now, BreakerPolicy rules)
    {
        Claim(batch.IdentityType, now);
        // What happened before the breaker became half-open was judged then; it is no fresh offence.
        // What the gate refused was judged by the gate.
        var made = batch.Events.Where(e => e.Refused != Refusal.Gate).ToList();
        var events = State.Status == BreakerStatus.HalfOpen ? made.Where(e => e.Time >= State.Since).ToList() : made;
        var counted = events.Count(e => State.Window.Add(e, now, rules.Window, rules.Lateness));
        var passed = State.Status == BreakerStatus.Open ? events.Count(e => e.Time > State.Since + rules.StaleMost) : 0;
        State = State with { Late = State.Late + made.Count - counted, Bypassed = State.Bypassed + passed };
        Expose(batch.Exposures, now);
        Judge(now, rules, events);
        if (State.Status != BreakerStatus.Closed || State.Score.Value > rules.Interactions.RiskyAbove)
            State = State with { RiskyHours = State.RiskyHours.Remember(batch.Events.Select(e => e.Time), now) };
        LearnEnded(rules);
    }

    /// <summary>
    /// What an owner registered is true. Otherwise a sender's word counts until another sender says something else: then nobody knows, and
    /// people decide. The first batch alone fixes nothing.
    /// </summary>
    private void Claim(string type, DateTimeOffset now)
    {
        if (policies.Current.WorkloadOf([Context.Id.Key], now) is { Type: not IdentityType.KnownWorkload } registered)
            State = State with { IdentityType = PolicyWords.Of(registered.Type) };
        else if (State.IsDisputed || type is "unknown" || type == State.IdentityType)
            return;
        else if (State.IdentityType == "unknown")
            State = State with { IdentityType = type };
        else
            State = State with { IdentityType = "unknown", IsDisputed = true };
    }

    /// <summary>The first report counts: minutes do.</summary>
    private void Expose(IReadOnlyList<KeyExposure>? exposures, DateTimeOffset now)
    {
        if (exposures?.MinBy(e => e.Time) is not { } first || State.Exposed is not null)
            return;
        State = State with { Exposed = new ExposedKey(first.Time < now ? first.Time : now, now, ActivityWindow.HashOf(first.KeyId)) };
    }

    /// <summary>
    /// The gate's reflex had to deny a burst before any batch told of it. That alone never opens the breaker; it counts as an exceeded
    /// request rate.
    /// </summary>
    public void Trip(ReflexReport report)
    {
        var (now, rules) = (time.GetUtcNow(), Rules);
        Claim(report.IdentityType, now);
        State = State with { ReflexAt = report.At < now ? report.At : now };
        Judge(now, rules, []);
    }

    /// <summary>The time of being open is up.</summary>
    public void HalfOpenDue(int number)
    {
        // A key in public is no less public after a quarter of an hour: only a person, or a restored snapshot, lets it go on.
        if (number == State.Number && State.Status == BreakerStatus.Open && State.Exposed is null)
            Move(BreakerStatus.HalfOpen, "timer", "policy", "it was open for its time; only safe requests pass", Rules);
    }

    /// <summary>The stretch of good behaviour may be long enough.</summary>
    public void CloseDue(int number)
    {
        if (number == State.Number)
            CloseIfGood(time.GetUtcNow(), Rules);
    }

    /// <summary>A person opens it, whatever the score.</summary>
    public void Open(BreakerOrder order) => Move(BreakerStatus.Open, order.Cause, order.By, order.Reason, Rules);

    /// <summary>A person, or a verified snapshot, lets safe requests through before the time is up.</summary>
    public void HalfOpen(BreakerOrder order)
    {
        State = State with { Exposed = null }; // Whoever says so has replaced the key.
        Move(BreakerStatus.HalfOpen, order.Cause, order.By, order.Reason, Rules);
    }

    /// <summary>A person wants it closed at once. Legal only from half-open: nothing comes back without having behaved.</summary>
    public void Close(BreakerOrder order) => Move(BreakerStatus.Closed, order.Cause, order.By, order.Reason, Rules);

    /// <summary>A person says that what is usual now may stay so.</summary>
    public void Rebase(BreakerOrder order)
    {
        if (!State.Baseline.IsAnchored)
        {
            Refuse(State.Status, order.Cause, order.By, $"there is no baseline to rebase yet. ({order.Reason})");
            return;
        }
        State = State with { Baseline = State.Baseline.Rebased() };
    }

    protected override BreakerState InitializeState(TaskEntityOperation entityOperation) => new() { Since = time.GetUtcNow() };

    private void Judge(DateTimeOffset now, BreakerPolicy rules, List<ActivityEvent> events)
    {
        var reflex = State.ReflexAt > now - rules.Window && State.ReflexAt >= State.Since;
        var marks =
            (reflex ? WindowMarks.Reflex : WindowMarks.None)
            | (State.OddAt > now - rules.Window && State.OddAt >= State.Since ? WindowMarks.OddSender : WindowMarks.None)
            | (State.Exposed?.At >= State.Since ? WindowMarks.ExposedKey : WindowMarks.None);
        var declared = rules.DeclaredOf(Context.Id.Key);
        var score = RiskScore.Of(State.Window.Current(rules.Window), State.Baseline, rules, marks, declared);
        State = State with { Score = score };
        if (State.Status == BreakerStatus.Closed && score.Value >= rules.QuarantineAbove)
            Move(BreakerStatus.Open, "score", "policy", score.InWords, rules);
        else if (State.Status == BreakerStatus.HalfOpen && FirstBad(events, score, reflex, rules, declared) is { } bad)
            Move(BreakerStatus.Open, "bad-request", "policy", bad, rules);
        else if (State.Status == BreakerStatus.HalfOpen)
        {
            State = State with { Good = State.Good + events.Count };
            CloseIfGood(now, rules);
        }
    }

    private string? FirstBad(List<ActivityEvent> events, RiskScore score, bool reflex, BreakerPolicy rules, DeclaredBaseline? declared)
    {
        if (reflex)
            return "a burst while half-open";
        if (events.FirstOrDefault(e => e.IsFailed) is not null)
            return "a failed authentication while half-open";
        // The name is an agent's own text: the record gets its hash, the window keeps the name.
        if (events.FirstOrDefault(e => IsUnusual(e.Endpoint, declared)) is { } odd)
            return $"a request to an unusual endpoint (hash {ActivityWindow.HashOf(odd.Endpoint)}) while half-open";
        if (score.Value > rules.HalfOpen.ScoreMost)
            return $"{score.InWords}; half-open allows {rules.HalfOpen.ScoreMost.ToString(CultureInfo.InvariantCulture)}";
        if (State.Window.Slices.Count == 0)
            return null;
        var requests = State
            .Window.Totals(
                State.Window.Newest - TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(ActivityWindow.SliceSeconds),
                ActivityWindow.EndOf(State.Window.Newest)
            )
            .Requests;
        return requests > rules.HalfOpen.RequestsPerMinute
            ? $"{requests} requests in a minute while half-open; {rules.HalfOpen.RequestsPerMinute} are allowed"
            : null;
    }

    private bool IsUnusual(string endpoint, DeclaredBaseline? declared) =>
        (State.Baseline.IsAnchored || declared is not null)
        && !State.Baseline.IsUsual(endpoint)
        && declared?.Endpoints.Contains(endpoint) != true;

    private void CloseIfGood(DateTimeOffset now, BreakerPolicy rules)
    {
        if (
            State.Status == BreakerStatus.HalfOpen
            && now >= State.Since + rules.HalfOpen.ClosesAfter
            && State.Good >= rules.HalfOpen.LeastRequests
        )
            Move(
                BreakerStatus.Closed,
                "good-behaviour",
                "policy",
                $"{State.Good} good requests in {(now - State.Since).TotalMinutes:0} minutes and none that was not",
                rules
            );
    }

    /// <summary>
    /// Closed to open, open to half-open, half-open to either; from closed to half-open only where a snapshot was restored.
    /// </summary>
    private static bool IsLegal(BreakerStatus from, BreakerStatus to, string cause) =>
        (from, to) switch
        {

            (BreakerStatus.Closed, BreakerStatus.Open)
            or
            (BreakerStatus.Open, BreakerStatus.HalfOpen)
            or (BreakerStatus.HalfOpen, BreakerStatus.Open or BreakerStatus.Closed) => true,
            (BreakerStatus.Closed, BreakerStatus.HalfOpen) => cause == "restored",
            _ => false,
        };

    private void Move(BreakerStatus to, string cause, string by, string reason, BreakerPolicy rules)
    {
        var (now, from) = (time.GetUtcNow(), State.Status);
        if (!IsLegal(from, to, cause))
        {
            Refuse(to, cause, by, reason);
            return;
        }
        var number = State.Number + 1;
        var openings =
            to == BreakerStatus.Open
                ? [.. State.Openings.Where(o => o > now - 2 * rules.LongestOpen).TakeLast(KeptOpenings - 1), now]
                : State.Openings;
        State = State with
        {
            Status = to,
            Number = number,
            Since = now,
            Openings = openings,
            Good = 0,
            Opening = to == BreakerStatus.Open ? number : State.Opening,
            Until = to == BreakerStatus.Open ? now + OpenFor(openings.Count, rules) : null,
            LimitedUntil =
                to == BreakerStatus.Open && policies.Current.IsRegisteredWorkload(Context.Id.Key, now) ? now + rules.LimitedFor : null,
            // A new state begins with a clean window: what led to it is on the record.
            Window = to == BreakerStatus.Open ? State.Window : new ActivityWindow { Newest = now },
            NextWindow = default,
            History =
            [
                .. State.History.TakeLast(KeptHistory - 1),
                new BreakerEntry(number, from, to, now, cause, by, reason, State.Score.Value),
            ],
        };
        if (State.Until is { } until)
            Schedule(nameof(HalfOpenDue), number, until);
        if (to == BreakerStatus.HalfOpen)
            Schedule(nameof(CloseDue), number, now + rules.HalfOpen.ClosesAfter);
        Follow(ChangeOf(from, to, cause, by, reason), $"breaker-{ShortOf(Context.Id.Key)}-{number}");
    }

    private void Refuse(BreakerStatus to, string cause, string by, string reason)
    {
        State = State with { Refusals = State.Refusals + 1 };
        Follow(
            ChangeOf(State.Status, to, cause, by, reason) with
            {
                Refused = true,
            },
            $"breaker-{ShortOf(Context.Id.Key)}-refused-{State.Refusals}"
        );
    }

    private BreakerChange ChangeOf(BreakerStatus from, BreakerStatus to, string cause, string by, string reason) =>
        new()
        {
            Identity = Context.Id.Key,
            IdentityType = State.IdentityType,
            Number = State.Number,
            From = from,
            To = to,
            Cause = cause,
            By = by,
            Reason = reason,
            At = time.GetUtcNow(),
            Score = State.Score.Value,
            Contributions = State.Score.Contributions,
            Until = State.Until,
            LimitedUntil = State.LimitedUntil,
            Opening = State.Opening,
        };

    private void Follow(BreakerChange change, string instance) =>
        Context.ScheduleNewOrchestration(nameof(BreakerOrchestrator), change, new StartOrchestrationOptions(instance));

    private static TimeSpan OpenFor(int times, BreakerPolicy rules)
    {
        var length = rules.HalfOpenAfter;
        for (var i = 1; i < times && length < rules.LongestOpen; i++)
            length *= 2;
        return length < rules.LongestOpen ? length : rules.LongestOpen;
    }

    /// <summary>Windows that ended, and that nothing late can reach any more, teach the baseline; only those of a closed breaker.</summary>
    private void LearnEnded(BreakerPolicy rules)
    {
        var window = State.Window;
        if (window.Slices.Count == 0)
            return;
        if (State.Status == BreakerStatus.Closed)
        {
            var first = Aligned(DateTimeOffset.FromUnixTimeSeconds(window.Slices.Keys.First() * ActivityWindow.SliceSeconds), rules.Window);
            var (start, baseline) = (State.NextWindow > first ? State.NextWindow : first, State.Baseline);
            var declared = rules.DeclaredOf(Context.Id.Key);
            for (; start + rules.Window + rules.Lateness <= window.Newest; start += rules.Window)
            {
                var totals = window.Totals(start, start + rules.Window);
                baseline = baseline.Learn(
                    totals,
                    RiskScore.Of(totals, baseline, rules, MarksOf(start, start + rules.Window), declared),
                    start,
                    rules.Baseline
                );
            }
            State = State with { Baseline = baseline, NextWindow = start };
        }
        window.Forget(window.Newest - 2 * rules.Window - rules.Lateness);
    }

    private WindowMarks MarksOf(DateTimeOffset from, DateTimeOffset to) =>
        (State.ReflexAt >= from && State.ReflexAt < to ? WindowMarks.Reflex : WindowMarks.None)
        | (State.OddAt >= from && State.OddAt < to ? WindowMarks.OddSender : WindowMarks.None);

    private static DateTimeOffset Aligned(DateTimeOffset time, TimeSpan window) =>
        new(time.UtcTicks / window.Ticks * window.Ticks, TimeSpan.Zero);

    private void Schedule(string operation, int number, DateTimeOffset at) =>
        Context.SignalEntity(Context.Id, operation, number, new SignalEntityOptions { SignalTime = at });
}

using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using IRFunctions.Limits;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Agents;

/// <summary>
/// Stands in front of every request of an agent or workload: allow, limited or deny, from memory. Two things decide. The board of breakers
/// that are not closed, looked at once a second (exact on no instance, behind by one look at most), and a reflex of its own: a bucket of
/// tokens for each identity that denies a burst on this instance at once, before any batch of activity tells of it (docs/agents.md says
/// what lags on many instances).
/// </summary>
public sealed class Gate(GateTable board, PolicyStore policies, AmountLimits amounts, DeniedRequests denied, TimeProvider time)
{
    /// <summary>What is usual for an identity is read again after this long.</summary>
    private static readonly TimeSpan Relearn = TimeSpan.FromMinutes(10);

    /// <summary>Beyond this many, those that did not ask for <see cref="Relearn"/> are forgotten.</summary>
    private const int ManyEntries = 250_000;

    private readonly ConcurrentDictionary<string, GateEntry> entries = new(StringComparer.Ordinal);
    private Look look = new(DateTimeOffset.MinValue, new Dictionary<string, GateTableEntry>(), false);
    private int looking;

    /// <summary>What one look at the board saw.</summary>
    private sealed record Look(DateTimeOffset At, IReadOnlyDictionary<string, GateTableEntry> Open, bool Stopped);

    /// <summary>Answers for one request, from memory wherever the last look is fresh and the identity is known.</summary>
    public ValueTask<GateAnswer> EvaluateAsync(
        string identity,
        GateRequest request,
        DurableTaskClient client,
        CancellationToken cancellation = default
    )
    {
        var now = time.GetUtcNow();
        var rules = policies.Current.Breaker;
        if (now - look.At < rules.Refresh && entries.TryGetValue(identity, out var entry) && now - entry.LearntAt < Relearn)
        {
            var (answer, tripped) = Answer(identity, request, entry, now, rules);
            return !tripped && answer.Verdict != GateVerdict.Deny && rules.LimitOf(identity, request.Endpoint) is null
                ? new ValueTask<GateAnswer>(answer)
                : FinishAsync(identity, request, answer, tripped, client, rules, cancellation);
        }
        return EvaluateSlowlyAsync(identity, request, client, rules, cancellation);
    }

    private async ValueTask<GateAnswer> EvaluateSlowlyAsync(
        string identity,
        GateRequest request,
        DurableTaskClient client,
        BreakerPolicy rules,
        CancellationToken cancellation
    )
    {
        await LookAsync(client, rules, cancellation);
        if (!entries.TryGetValue(identity, out var entry) || time.GetUtcNow() - entry.LearntAt >= Relearn)
            entry = await LearnAsync(identity, entry, client, rules, cancellation);
        var (answer, tripped) = Answer(identity, request, entry, time.GetUtcNow(), rules);
        return await FinishAsync(identity, request, answer, tripped, client, rules, cancellation);
    }

    /// <summary>What no memory answers: limits of amounts, and that a denied request leaves evidence by itself.</summary>
    private async ValueTask<GateAnswer> FinishAsync(
        string identity,
        GateRequest request,
        GateAnswer answer,
        bool tripped,
        DurableTaskClient client,
        BreakerPolicy rules,
        CancellationToken cancellation
    )
    {
        if (tripped)
            await ReportAsync(identity, request, answer, client, cancellation);
        var refusal = answer.Verdict == GateVerdict.Deny ? Refusal.Gate : Refusal.None;
        if (refusal == Refusal.None && rules.LimitOf(identity, request.Endpoint) is { } limit)
        {
            if (await amounts.RefuseAsync(limit, request, time.GetUtcNow(), cancellation) is { } why)
                (answer, refusal) = (answer with { Verdict = GateVerdict.Deny, Reason = why, Until = null }, Refusal.Limit);
        }
        if (refusal != Refusal.None)
            await denied.KeepAsync(identity, request, refusal, client, cancellation);
        return answer;
    }

    private (GateAnswer Answer, bool Tripped) Answer(
        string identity,
        GateRequest request,
        GateEntry entry,
        DateTimeOffset now,
        BreakerPolicy rules
    )
    {
        var seen = look;
        var unusual = entry.IsUnusual(request.Endpoint);
        if (seen.Open.TryGetValue(identity, out var open))
            return (FromBoard(open, unusual, now, seen.At), false);
        if (seen.Stopped)
            return (
                new GateAnswer(
                    GateVerdict.Allow,
                    "the global stop is engaged: the reflex does not deny (S13)",
                    null,
                    BreakerStatus.Closed,
                    seen.At
                ),
                false
            );
        var cost =
            request.Failed ? rules.Reflex.FailedCost
            : unusual ? rules.Reflex.UnusualCost
            : 1;
        var (heldUntil, tripped) = entry.Take(now, cost, rules.Reflex.Hold);
        if (heldUntil is { } until)
            return (new GateAnswer(GateVerdict.Deny, Burst, until, BreakerStatus.Closed, seen.At), tripped);
        if (now - seen.At > rules.StaleMost)
            return (
                new GateAnswer(
                    GateVerdict.Limited,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the breakers could not be read for {(now - seen.At).TotalSeconds:0} s: doubt lets only safe requests "
                            + $"through (S12)"
                    ),
                    null,
                    BreakerStatus.Closed,
                    seen.At
                ),
                false
            );
        return (Closed(seen), false);
    }

    private const string Burst = "a burst: more requests at once, or odder ones, than this identity ever makes";

    private Look closedFor = null!;
    private GateAnswer? closed;

    /// <summary>The answer of almost every request, made once for each look.</summary>
    private GateAnswer Closed(Look seen)
    {
        if (ReferenceEquals(closedFor, seen) && closed is { } known && known.AsOf == seen.At)
            return known;
        var answer = new GateAnswer(GateVerdict.Allow, "the breaker is closed", null, BreakerStatus.Closed, seen.At);
        (closed, closedFor) = (answer, seen);
        return answer;
    }

    private static GateAnswer FromBoard(GateTableEntry open, bool unusual, DateTimeOffset now, DateTimeOffset asOf)
    {
        if (open.Status == BreakerStatus.Open && !(open.LimitedUntil > now))
            return new GateAnswer(GateVerdict.Deny, $"the breaker is open: {open.Reason}", open.Until, open.Status, asOf);
        var words =
            open.Status == BreakerStatus.Open
                ? "the breaker is open; registered as business-critical, it is limited while a person decides"
                : "the breaker is half-open";
        var until = open.Status == BreakerStatus.Open ? open.LimitedUntil : open.Until;
        return unusual
            ? new GateAnswer(GateVerdict.Deny, $"{words}, and this endpoint is not usual", until, open.Status, asOf)
            : new GateAnswer(GateVerdict.Limited, $"{words}: only safe requests pass", until, open.Status, asOf);
    }

    /// <summary>One request at a time looks at the board; the others go on with what was seen before.</summary>
    private async Task LookAsync(DurableTaskClient client, BreakerPolicy rules, CancellationToken cancellation)
    {
        var first = look.At == DateTimeOffset.MinValue;
        if (time.GetUtcNow() - look.At < rules.Refresh || (Interlocked.Exchange(ref looking, 1) == 1 && !first))
            return;
        try
        {
            var now = time.GetUtcNow();
            var stop = await GlobalStop.ReadAsync(client, cancellation);
            look = new Look(now, await board.ReadAsync(cancellation), stop.Engaged);
            if (entries.Count > ManyEntries)
                Forget(now);
        }
        catch (Exception e) when (e is RequestFailedException or HttpRequestException or InvalidOperationException or IOException)
        {
            // What was seen before stands until it is stale; then every answer is limited.
            if (first)
                look = look with { At = time.GetUtcNow() - rules.StaleMost - TimeSpan.FromSeconds(1) };
        }
        finally
        {
            Volatile.Write(ref looking, 0);
        }
    }

    private async Task<GateEntry> LearnAsync(
        string identity,
        GateEntry? known,
        DurableTaskClient client,
        BreakerPolicy rules,
        CancellationToken cancellation
    )
    {
        var entity = await client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(identity), cancellation: cancellation);
        var baseline = entity is { IncludesState: true } ? entity.State.Baseline : new Baseline();
        var declared = rules.DeclaredOf(identity);
        var usual = baseline.Usual(rules.Baseline, declared);
        var capacity = Math.Max(rules.Reflex.Burst, 2 * usual.Peak);
        var perSecond = rules.Reflex.Times * usual.Requests / rules.Window.TotalSeconds;
        var endpoints =
            declared is not null ? [.. baseline.UsualEndpoints, .. declared.Endpoints]
            : baseline.IsAnchored ? baseline.UsualEndpoints
            : null;
        var fresh = new GateEntry(capacity, perSecond, endpoints, time.GetUtcNow());
        var entry = known?.Renewed(fresh) ?? fresh;
        return known is null ? entries.GetOrAdd(identity, entry) : entries[identity] = entry;
    }

    /// <summary>
    /// Tells the breaker, so that the other instances hear of it by the board if the score says so. The answer does not wait for what comes
    /// of it.
    /// </summary>
    private async ValueTask<GateAnswer> ReportAsync(
        string identity,
        GateRequest request,
        GateAnswer answer,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        try
        {
            await client.Entities.SignalEntityAsync(
                CircuitBreaker.For(identity),
                nameof(CircuitBreaker.Trip),
                new ReflexReport(request.IdentityType, time.GetUtcNow(), answer.Reason),
                cancellation: cancellation
            );
        }
        catch (Exception e) when (e is RequestFailedException or HttpRequestException or InvalidOperationException or IOException)
        {
            // The deny stands on this instance; the batches of activity tell the breaker later.
        }
        return answer;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (identity, entry) in entries)
            if (entry.LastAsked < (now - Relearn).UtcTicks)
                entries.TryRemove(identity, out _);
    }
}

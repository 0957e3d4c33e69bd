using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Http;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Stories;

/// <summary>Which evidence is wanted.</summary>
public sealed record InteractionQuery : PageQuery
{
    [Description("From this time on; a day before `to` where it is not given.")]
    public DateTimeOffset? From { get; init; }

    [Description("Up to this time; now where it is not given. At most 31 days after `from`.")]
    public DateTimeOffset? To { get; init; }

    [Description("Only with this counterpart, or this broken rule.")]
    public string? With { get; init; }
}

/// <summary>One event that was kept.</summary>
/// <param name="Share">What it was sampled at; violations are never sampled away.</param>
public sealed record ShownInteraction(
    DateTimeOffset At,
    InteractionDirection Direction,
    string? Counterpart,
    string? Endpoint,
    string? Tool,
    string? Target,
    long? Bytes,
    string? Violation,
    string? CorrelationId,
    double Share
);

/// <summary>A change of the breaker, from the record.</summary>
public sealed record BreakerLine(DateTimeOffset At, string Kind, string Actor, string Text, double Share);

/// <summary>A containment, from the record.</summary>
/// <param name="Until">Null while it lasts.</param>
public sealed record ContainmentLine(string Action, DateTimeOffset At, DateTimeOffset? Until, string Outcome, string By, double Share);

/// <summary>What an agent did, with whom, and what was done about it. Every list has at most 200 rows.</summary>
/// <param name="Windows">The newest hours.</param>
/// <param name="Counterparts">Those with violations first, then the most frequent.</param>
/// <param name="Cut">What is not shown here, and how to see it; empty where all is.</param>
/// <param name="Events">A page of them, newest first.</param>
/// <param name="Record">Address of the breaker's chain.</param>
/// <param name="Continuation">Of the events; null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record InteractionDetails(
    string Identity,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<EvidenceWindow> Windows,
    IReadOnlyList<EvidenceEdge> Counterparts,
    int Conflicts,
    IReadOnlyList<string> Problems,
    IReadOnlyList<ShownInteraction> Events,
    IReadOnlyList<BreakerLine> Breaker,
    IReadOnlyList<ContainmentLine> Containments,
    IReadOnlyList<string> Cut,
    string Record,
    string? Continuation,
    string? Next
);

/// <summary>
/// Reading the evidence about an agent: whom it called, who called it, which rules it broke, and what its breaker and our containments did
/// meanwhile.
/// </summary>
public sealed class InteractionsApi(RequestGuard guard, InteractionEvidence evidence, AuditChain audit, TimeProvider time)
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    /// <summary>
    /// Counts by hour and counterpart with the share each was sampled at, the newest events, and what
    /// the record says of breaker and containments.
    /// </summary>
    [Query(typeof(InteractionQuery))]
    [EndpointSummary("What an agent did, with whom, and what was done about it")]
    [ProducesResponseType<InteractionDetails>(200)]
    [Function("GetInteractions")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/identities/{id}/interactions")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.NoIdentityReaderAsync(request, cancellation) is { } refused)
            return refused;
        if (AgentGate.Identity(id) is not { } identity)
            return AgentGate.NoIdentity();
        if (!QueryReader.TryRead<InteractionQuery>(request, out var query, out var problem))
            return problem;
        var to = query.To ?? time.GetUtcNow();
        var from = query.From ?? to - Usual;
        query = query with { From = from, To = to };
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        if (from >= to || to - from > InteractionEvidence.Longest)
            return ProblemResults.Of(
                400,
                "time",
                "That is no stretch of time",
                $"from must be before to, and at most {InteractionEvidence.Longest.TotalDays:0} days before."
            );
        var reading = await evidence.ReadAsync(identity, from, to, cancellation);
        var (changes, containments) = await OnRecordAsync(identity, from, to, cancellation);
        var events = reading
            .Events.Select(e => (Place: PlaceOf(e.Batch, e.Event), e.Batch, e.Event))
            .Where(e => query.With is not { } with || e.Event.Counterpart == with || e.Event.Violation == with)
            .OrderByDescending(e => e.Place, StringComparer.Ordinal)
            .Where(e => keys.Count == 0 || string.CompareOrdinal(e.Place, keys[0]) < 0)
            .Take(query.Rows + 1)
            .ToList();
        var continuation = events.Count > query.Rows ? Continuation.Of(query, events[query.Rows - 1].Place) : null;
        var counterparts = reading.Edges.Where(e => query.With is not { } with || e.Other == with).ToList();
        var record = $"/api/audit/{BreakerKinds.ChainOf(identity)}";
        return new TaggedResult(
            new InteractionDetails(
                identity,
                from,
                to,
                [.. reading.Windows.TakeLast(PageQuery.Most)],
                [.. counterparts.Take(PageQuery.Most)],
                reading.Conflicts,
                [.. reading.Problems.Take(PageQuery.Most)],
                [.. events.Take(query.Rows).Select(e => Shown(e.Batch, e.Event))],
                [.. changes.TakeLast(PageQuery.Most).Select(c => new BreakerLine(c.At, c.Kind, c.Actor, c.Text, 1))],
                [.. containments.TakeLast(PageQuery.Most).Select(c => new ContainmentLine(c.Action, c.At, c.Until, c.Outcome, c.By, 1))],
                [
                    .. Cut("hours", reading.Windows.Count, "ask for an earlier `to`"),
                    .. Cut("counterparts", counterparts.Count, "ask for a shorter time, or `with` one of them"),
                    .. Cut("problems", reading.Problems.Count, "ask for a shorter time"),
                    .. Cut("changes of the breaker", changes.Count, $"read {record}"),
                    .. Cut("containments", containments.Count, "ask for a shorter time"),
                ],
                record,
                continuation,
                Continuation.LinkOf(request, continuation, ("from", Text(from)), ("to", Text(to)))
            )
        );
    }

    private static ShownInteraction Shown(EvidenceBatch batch, InteractionEvent e) =>
        new(
            e.At,
            batch.Direction,
            e.Counterpart,
            e.Endpoint,
            e.Tool,
            e.Target,
            e.Bytes,
            e.Violation,
            e.CorrelationId,
            e.Violation is null ? batch.Share : 1
        );

    private static IEnumerable<string> Cut(string what, int count, string how) =>
        count > PageQuery.Most ? [$"{PageQuery.Most} of {count} {what} are shown; {how}."] : [];

    /// <summary>By time, then by batch and place in it: the order in which the evidence has them.</summary>
    private static string PlaceOf(EvidenceBatch batch, InteractionEvent e) =>
        string.Create(CultureInfo.InvariantCulture, $"{e.At.UtcTicks:D19}|{batch.Id}|{e.Index:D6}");

    private static string Text(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>
    /// Changes of a breaker and containments are on the record (S11), whole, and are read there: nothing could make a copy of them truer.
    /// </summary>
    private async Task<(IReadOnlyList<AuditEntry> Changes, IReadOnlyList<OurAnswer> Containments)> OnRecordAsync(
        string identity,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        var chain = await audit.ReadAsync(BreakerKinds.ChainOf(identity), cancellation);
        var containments = new List<OurAnswer>();
        foreach (var opened in chain.Where(e => e.Kind == BreakerKinds.Opened && e.At < to))
        {
            if (OpeningOf(opened) is not { } incident)
                continue;
            var answers = AttackChains.AnswersOf([.. (await audit.ReadAsync(incident, cancellation)).Select(e => new EntryDetails(e))]);
            containments.AddRange(answers.Where(a => a.At < to && (a.Until ?? to) >= from));
        }
        return ([.. chain.Where(e => e.At >= from && e.At < to)], containments);
    }

    /// <summary>Incident of the quarantine that this entry began; null where its words were made unreadable.</summary>
    private static string? OpeningOf(AuditEntry opened) =>
        opened.Data is { } data && JsonSerializer.Deserialize<BreakerChange>(data, JsonSerializerOptions.Web) is { } change
            ? Quarantine.IncidentOf(change)
            : null;
}

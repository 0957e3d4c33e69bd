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

/// <summary>
/// Reading the evidence about an agent: whom it called, who called it, which rules it broke, and what its breaker and our containments did
/// meanwhile.
/// </summary>
public sealed class InteractionsApi(RequestGuard guard, InteractionEvidence evidence, AuditChain audit, TimeProvider time)
{
    private const int MaxTop = 1_000;
    private const int Top = 100;
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    /// <summary>
    /// `?from=...&amp;to=...&amp;top=100`: counts by hour and counterpart with the share each was sampled at, the newest events, and what
    /// the record says of breaker and containments.
    /// </summary>
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
        if (!Time(request, "to", time.GetUtcNow(), out var to) || !Time(request, "from", to - Usual, out var from))
            return ProblemResults.Of(400, "time", "That is no time", "Write times like 2026-11-23T03:00:00Z.");
        if (from >= to || to - from > InteractionEvidence.Longest)
            return ProblemResults.Of(
                400,
                "time",
                "That is no stretch of time",
                $"from must be before to, and at most {InteractionEvidence.Longest.TotalDays:0} days before."
            );
        if (
            !int.TryParse(request.Query["top"].FirstOrDefault() ?? $"{Top}", CultureInfo.InvariantCulture, out var top)
            || top is < 1 or > MaxTop
        )
            return ProblemResults.Of(400, "top", "top is not a number it can be", $"Give 1 to {MaxTop}.");
        var reading = await evidence.ReadAsync(identity, from, to, cancellation);
        var (changes, containments) = await OnRecordAsync(identity, from, to, cancellation);
        return new OkObjectResult(
            new
            {
                identity,
                from,
                to,
                windows = reading.Windows,
                counterparts = reading.Edges,
                reading.Conflicts,
                reading.Problems,
                events = reading
                    .Events.Reverse()
                    .Take(top)
                    .Select(e => new
                    {
                        e.Event.At,
                        e.Batch.Direction,
                        e.Event.Counterpart,
                        e.Event.Endpoint,
                        e.Event.Tool,
                        e.Event.Target,
                        e.Event.Bytes,
                        e.Event.Violation,
                        e.Event.CorrelationId,
                        share = e.Event.Violation is null ? e.Batch.Share : 1,
                    }),
                breaker = changes.Select(c => new
                {
                    c.At,
                    c.Kind,
                    c.Actor,
                    c.Text,
                    share = 1,
                }),
                containments = containments.Select(c => new
                {
                    c.Action,
                    c.At,
                    c.Until,
                    c.Outcome,
                    c.By,
                    share = 1,
                }),
                record = $"/api/audit/{BreakerKinds.ChainOf(identity)}",
            }
        );
    }

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

    private static bool Time(HttpRequest request, string name, DateTimeOffset otherwise, out DateTimeOffset at)
    {
        at = otherwise;
        return request.Query[name].FirstOrDefault() is not { Length: > 0 } text
            || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
    }
}

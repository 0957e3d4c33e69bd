namespace IRFunctions.Agents;

/// <summary>One hour of an identity's evidence.</summary>
/// <param name="Start">Of the hour, UTC.</param>
/// <param name="Tier">"hot", "warm" or "cold": where it was read.</param>
/// <param name="Seen">Interactions that were reported. Exact, whatever was kept of them.</param>
/// <param name="Kept">Interactions still there.</param>
/// <param name="Violations">Never sampled away.</param>
/// <param name="Share">Lowest share that any batch of the hour was sampled at.</param>
public sealed record EvidenceWindow(DateTimeOffset Start, string Tier, int Seen, int Kept, int Violations, double Share);

/// <summary>What an identity had to do with another, or how it broke a rule.</summary>
/// <param name="Other">The other identity; for a violation that concerned none, the rule: "authentication", "limit" or "gate".</param>
/// <param name="IsRule">Whether <paramref name="Other"/> is a rule.</param>
/// <param name="Kept">Events still there.</param>
/// <param name="Estimated">How many there were: each kept event counts for one over its share. Exact where the share is 1.</param>
/// <param name="Violations">Among the events; exact.</param>
/// <param name="Share">Lowest share that any of them was sampled at.</param>
public sealed record EvidenceEdge(
    string Other,
    InteractionDirection Direction,
    bool IsRule,
    int Kept,
    double Estimated,
    int Violations,
    double Share,
    DateTimeOffset First,
    DateTimeOffset Last
);

/// <summary>What is kept about an identity in a stretch of time, from all three tiers; each batch once.</summary>
/// <param name="Problems">Evidence that is gone or was changed; each names the blob. What is whole is given all the same.</param>
/// <param name="Conflicts">Batches that came with other content under a number that was here before: all are kept.</param>
public sealed record InteractionReading(
    string Identity,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<EvidenceBatch> Batches,
    IReadOnlyList<EvidenceWindow> Windows,
    IReadOnlyList<EvidenceEdge> Edges,
    IReadOnlyList<string> Problems,
    int Conflicts
)
{
    /// <summary>Every event kept, in order of time.</summary>
    public IEnumerable<(EvidenceBatch Batch, InteractionEvent Event)> Events =>
        Batches
            .SelectMany(b => b.Events.Select(e => (b, e)))
            .OrderBy(e => e.e.At)
            .ThenBy(e => e.b.Id, StringComparer.Ordinal)
            .ThenBy(e => e.e.Index);
}

/// <summary>Reads evidence about one identity, wherever its age has brought it.</summary>
public sealed class InteractionEvidence(InteractionStore store, InteractionParts parts)
{
    /// <summary>Longest stretch read at once.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(31);

    private const string Hot = "hot";

    /// <param name="from">With it.</param>
    /// <param name="to">Without it.</param>
    public async Task<InteractionReading> ReadAsync(
        string identity,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation = default
    )
    {
        var (first, last) = (RiskyHours.Of(from), RiskyHours.Of(to));
        var found = new Dictionary<string, (EvidenceBatch Batch, string Tier)>(StringComparer.Ordinal);
        var problems = new List<string>();
        // The parts are listed before the table is read: what moves meanwhile is seen twice rather than never.
        var listed = new List<EvidencePart>();
        await foreach (var part in parts.ListAsync(first, last, cancellation))
            listed.Add(part);
        await foreach (var batch in store.ReadAsync(identity, first, last, problems, cancellation))
            found[KeyOf(batch)] = (batch, Hot);
        await foreach (var part in parts.ListAsync(first, last, cancellation))
            if (!listed.Exists(p => p.Sha256 == part.Sha256 && p.State == part.State))
                listed.Add(part);
        var partition = EvidencePacking.PartitionOf(identity);
        foreach (
            var part in listed.Where(p =>
                p.State is PartState.Warm or PartState.Cold
                && string.CompareOrdinal(p.First, partition) <= 0
                && string.CompareOrdinal(partition, p.Last) <= 0
            )
        )
        {
            var (batches, problem) = await parts.OpenAsync(part, cancellation);
            // Moved on between the list and the look: the later line of the list has it.
            if (problem is not null && !listed.Exists(p => p.Sha256 == part.Sha256 && p.State > part.State))
                problems.Add(problem);
            foreach (var batch in batches.Where(b => b.Identity == identity))
                found.TryAdd(KeyOf(batch), (batch, part.State == PartState.Cold ? "cold" : "warm")); // The table has it whole.
        }
        return Reading(identity, from, to, [.. found.Values], problems);
    }

    private static InteractionReading Reading(
        string identity,
        DateTimeOffset from,
        DateTimeOffset to,
        List<(EvidenceBatch Batch, string Tier)> found,
        List<string> problems
    )
    {
        var whole = new List<(EvidenceBatch Batch, string Tier)>();
        var seen = new HashSet<(InteractionDirection, string, int)>();
        // One batch stands in two hours where it came again after a day and its times were put right: each place of it counts once.
        foreach (var (batch, tier) in found.OrderBy(f => f.Batch.Hour).ThenBy(f => EvidencePacking.RowOf(f.Batch), StringComparer.Ordinal))
        {
            var (places, fresh) = (batch.Places.ToList(), new HashSet<int>());
            fresh.UnionWith(places.Where(place => seen.Add((batch.Direction, batch.Id, place))));
            whole.Add(
                (
                    fresh.Count == places.Count
                        ? batch
                        : batch with
                        {
                            Events = [.. batch.Events.Where(e => fresh.Contains(e.Index))],
                            Seen = batch.Seen * fresh.Count / places.Count,
                        },
                    tier
                )
            );
        }
        whole.RemoveAll(f => f.Batch is { Seen: 0, Events.Count: 0 });
        var windows = whole
            .GroupBy(f => f.Batch.Hour)
            .Select(hour => new EvidenceWindow(
                DateTimeOffset.FromUnixTimeSeconds(hour.Key * 3_600),
                string.Join('+', hour.Select(h => h.Tier).Distinct().Order(StringComparer.Ordinal)),
                hour.Sum(h => h.Batch.Seen),
                hour.Sum(h => h.Batch.Events.Count(e => e.Counterpart is not null)),
                hour.Sum(h => h.Batch.Events.Count(e => e.Violation is not null)),
                hour.Min(h => h.Batch.Share)
            ))
            .ToList();
        var within = whole
            .Select(f => f.Batch with { Events = [.. f.Batch.Events.Where(e => e.At >= from && e.At < to)] })
            .Where(b => b.Events.Count > 0)
            .ToList();
        var conflicts = found
            .Select(f => (f.Batch.Direction, f.Batch.Id))
            .Distinct()
            .GroupBy(b => (b.Direction, EvidencePacking.NumberOf(b.Id)))
            .Sum(g => g.Key.Direction == InteractionDirection.Out ? g.Count() - 1 : 0);
        return new InteractionReading(identity, from, to, within, windows, EdgesOf(within), problems, conflicts);
    }

    /// <summary>By other identity and direction, or by rule; those with violations first, then the most frequent.</summary>
    private static List<EvidenceEdge> EdgesOf(List<EvidenceBatch> batches) =>
        [
            .. batches
                .SelectMany(b => b.Events.Select(e => (Batch: b, Event: e)))
                .GroupBy(e => (Other: e.Event.Counterpart ?? e.Event.Violation!, e.Batch.Direction, IsRule: e.Event.Counterpart is null))
                .Select(g => new EvidenceEdge(
                    g.Key.Other,
                    g.Key.Direction,
                    g.Key.IsRule,
                    g.Count(),
                    Math.Round(g.Sum(e => e.Batch.WeightOf(e.Event)), 1),
                    g.Count(e => e.Event.Violation is not null),
                    g.Key.IsRule ? 1 : g.Min(e => e.Batch.Share),
                    g.Min(e => e.Event.At),
                    g.Max(e => e.Event.At)
                ))
                .OrderByDescending(e => e.Violations)
                .ThenByDescending(e => e.Estimated)
                .ThenBy(e => e.Other, StringComparer.Ordinal),
        ];

    private static string KeyOf(EvidenceBatch batch) => EvidencePacking.RowOf(batch);
}

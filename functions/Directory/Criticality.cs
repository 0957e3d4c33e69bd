using System.Collections.Concurrent;
using IRFunctions.Connections;
using IRFunctions.Decisions;

namespace IRFunctions.Directory;

/// <summary>
/// Whether Defender's asset criticality is asked for (setting Defender__Criticality). Where it is not, only registrations on the protected
/// list count.
/// </summary>
public sealed record CriticalitySource(bool Asked);

/// <summary>What the register says of one account or host.</summary>
/// <param name="Word">"low", "medium", "high" or "critical", as the threshold file has them; null where it says nothing.</param>
/// <param name="Failed">Why it could not be learned; null where it was, or is not asked for.</param>
public sealed record CriticalityFact(string? Word, string? Failed = null);

/// <summary>
/// How much the business depends on accounts and hosts, as Defender's critical asset management says. It changes by the day, so an answer
/// serves for an hour;
/// what failed is asked again at once.
/// </summary>
public sealed class Criticality(Hunting hunting, CriticalitySource source, TimeProvider time, IoTime? io = null)
{
    private const int MostKept = 10_000;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>Longest wait for the register; a decision does not hang on it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly CriticalityFact SaysNothing = new(null);
    private readonly ConcurrentDictionary<string, (CriticalityFact Fact, DateTimeOffset At)> kept = new(StringComparer.Ordinal);

    /// <summary>By target key, one entry for each account and host that was asked about. Never fails but by cancellation.</summary>
    public async Task<IReadOnlyDictionary<string, CriticalityFact>> OfAsync(IEnumerable<Target> targets, CancellationToken cancellation)
    {
        var facts = new Dictionary<string, CriticalityFact>(StringComparer.Ordinal);
        var unknown = new List<Target>();
        var oldest = time.GetUtcNow() - Fresh;
        foreach (var target in targets.Where(t => t.Kind is "account" or "host"))
        {
            if (!source.Asked)
                facts[target.Key] = SaysNothing;
            else if (kept.TryGetValue(target.Key, out var known) && known.At > oldest)
                facts[target.Key] = known.Fact;
            else
                unknown.Add(target);
        }
        if (unknown.Count == 0)
            return facts;
        await Task.WhenAll(
            unknown
                .GroupBy(t => t.Kind, StringComparer.Ordinal)
                .Select(async kind =>
                {
                    var learned = await AskAsync(kind.Key, [.. kind], cancellation);
                    lock (facts)
                        foreach (var (key, fact) in learned)
                            facts[key] = fact;
                })
        );
        return facts;
    }

    private async Task<Dictionary<string, CriticalityFact>> AskAsync(string kind, Target[] targets, CancellationToken cancellation)
    {
        var facts = new Dictionary<string, CriticalityFact>(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(Patience, io?.Clock ?? time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            var ids = targets.Select(t => t.Id);
            var levels = await (
                kind == "host" ? hunting.DeviceCriticalityAsync(ids, both.Token) : hunting.AccountCriticalityAsync(ids, both.Token)
            ).WaitAsync(both.Token);
            if (kept.Count > MostKept)
                kept.Clear();
            foreach (var target in targets)
            {
                // What is not in the answer was not asked about (no id of the register), and stays unknown: that asks a person.
                if (!levels.TryGetValue(target.Id, out var level))
                    facts[target.Key] = new CriticalityFact(null, "the register does not know things by this id");
                else
                    kept[target.Key] = (facts[target.Key] = new CriticalityFact(WordOf(level)), time.GetUtcNow());
            }
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            foreach (var target in targets)
                facts[target.Key] = new CriticalityFact(null, e.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            foreach (var target in targets)
                facts[target.Key] = new CriticalityFact(null, $"the register did not answer within {Patience.TotalSeconds:0} seconds");
        }
        return facts;
    }

    /// <summary>Defender counts from 0 (very high) to 3 (low); anything else is no level.</summary>
    private static string? WordOf(int? level) =>
        level switch
        {
            0 => "critical",
            1 => "high",
            2 => "medium",
            3 => "low",
            _ => null,
        };
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace IRFunctions.Agents;

/// <summary>Whose side of an interaction a piece of evidence is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InteractionDirection>))]
public enum InteractionDirection
{
    /// <summary>The identity called.</summary>
    Out,

    /// <summary>The identity was called; told by whoever called, in the caller's own batch.</summary>
    In,
}

/// <summary>A call between agents, a violation, or both at once.</summary>
/// <param name="Index">Place in the sender's batch.</param>
/// <param name="At">When, UTC; where the sender's clock was off by more than the hot tier takes, the nearest time that it takes.</param>
/// <param name="Counterpart">The identity on the other side; null where the target was no agent, which only a violation may have.</param>
/// <param name="Violation">"authentication", "limit" or "gate" (see <see cref="Violations"/>); null for a call that was in order.
/// Violations are never sampled away.</param>
/// <param name="CorrelationId">As the sender gave it. All events of one id are kept or dropped together, on both sides.</param>
public sealed record InteractionEvent(
    int Index,
    DateTimeOffset At,
    string? Counterpart,
    string Endpoint,
    string? Tool,
    string? Target,
    long Bytes,
    string? Violation,
    string? CorrelationId
);

/// <summary>Words for what was wrong with a request.</summary>
public static class Violations
{
    public const string Authentication = "authentication";
    public const string Limit = "limit";
    public const string Gate = "gate";
}

/// <summary>
/// What one batch of activity tells about one identity in one hour. Stored whole or not at all, and known by its id, however often and in
/// whatever order it comes.
/// </summary>
public sealed record EvidenceBatch
{
    /// <summary>Whose evidence this is.</summary>
    public required string Identity { get; init; }
    public required InteractionDirection Direction { get; init; }

    /// <summary>Of sender, number and content: a repeated batch has the same, a different one under the same number has not.</summary>
    public required string Id { get; init; }

    /// <summary>Hours since the Unix epoch.</summary>
    public required long Hour { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Interactions in the batch and hour, whether kept or not. Exact.</summary>
    public required int Seen { get; init; }

    /// <summary>
    /// Places in the sender's batch that were looked at, whether kept or not: first and last of each run, in turn. By these a batch that
    /// came again after a day counts once.
    /// </summary>
    public required IReadOnlyList<int> Covered { get; init; }

    /// <summary>Counterparts that were not told of their side, because one batch named too many.</summary>
    public int Unmirrored { get; init; }

    /// <summary>
    /// Probability with which each interaction that was no violation was kept: what is counted in <see cref="Events"/> is divided by it.
    /// </summary>
    public double Share { get; init; } = 1;
    public required IReadOnlyList<InteractionEvent> Events { get; init; }

    /// <summary>The same as single places.</summary>
    [JsonIgnore]
    public IEnumerable<int> Places => Covered.Chunk(2).SelectMany(run => Enumerable.Range(run[0], run[1] - run[0] + 1));

    /// <param name="places">Rising.</param>
    public static IReadOnlyList<int> RunsOf(IEnumerable<int> places)
    {
        var runs = new List<int>();
        foreach (var place in places)
        {
            if (runs.Count > 0 && runs[^1] == place - 1)
                runs[^1] = place;
            else
                runs.AddRange([place, place]);
        }
        return runs;
    }

    /// <summary>For how many seen events one kept event stands.</summary>
    public double WeightOf(InteractionEvent e) => e.Violation is null ? 1 / Share : 1;

    /// <summary>
    /// The same with a share of its interactions, and with every violation. Which ones is decided by a hash of the correlation id and
    /// nothing else, so that a repetition decides the same.
    /// </summary>
    /// <param name="salt">Not known to senders when they choose their correlation ids: otherwise they could choose what is
    /// forgotten.</param>
    public EvidenceBatch Sampled(double share, string salt) =>
        share >= Share
            ? this
            : this with
            {
                Share = share,
                Events = [.. Events.Where(e => e.Violation is not null || IsKept(salt, e.CorrelationId ?? $"{Id}#{e.Index}", share))],
            };

    internal static bool IsKept(string salt, string correlation, double share) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{salt}\n{correlation}"))) < share * ulong.MaxValue;
}

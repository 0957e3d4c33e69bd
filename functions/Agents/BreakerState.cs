using System.Text.Json.Serialization;

namespace IRFunctions.Agents;

/// <summary>Where a circuit breaker stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BreakerStatus>))]
public enum BreakerStatus
{
    /// <summary>Everything passes.</summary>
    Closed,

    /// <summary>Nothing passes.</summary>
    Open,

    /// <summary>Only safe requests pass.</summary>
    HalfOpen,
}

/// <summary>A change of state, or one that was refused, as it goes on the record.</summary>
public sealed record BreakerChange
{
    public required string Identity { get; init; }
    public required string IdentityType { get; init; }

    /// <summary>1, 2, 3, ... for the changes of one identity. A refused one carries the number of the change that stands.</summary>
    public required int Number { get; init; }
    public required BreakerStatus From { get; init; }
    public required BreakerStatus To { get; init; }

    /// <summary>"score", "bad-request", "good-behaviour", "timer", "person" or "restored".</summary>
    public required string Cause { get; init; }

    /// <summary>"policy" or the object id of a person.</summary>
    public required string By { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset At { get; init; }
    public decimal Score { get; init; }
    public IReadOnlyList<Contribution> Contributions { get; init; } = [];

    /// <summary>When an open breaker becomes half-open by itself.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Until then a business-critical identity is limited, not denied, while a person decides; null for all others.</summary>
    public DateTimeOffset? LimitedUntil { get; init; }

    /// <summary>Number of the change that opened the breaker: which quarantine this belongs to.</summary>
    public int Opening { get; init; }

    public bool Refused { get; init; }
}

/// <summary>A change as people see it in the history.</summary>
public sealed record BreakerEntry(
    int Number,
    BreakerStatus From,
    BreakerStatus To,
    DateTimeOffset At,
    string Cause,
    string By,
    string Reason,
    decimal Score
);

/// <summary>What a batch is by its sender and number.</summary>
public enum BatchArrival
{
    New,

    /// <summary>It was here before.</summary>
    Duplicate,

    /// <summary>
    /// New as far as anybody can tell: its number is far from all that its sender ever used, or there are more senders than are remembered.
    /// It counts, and so does that it came.
    /// </summary>
    Odd,
}

/// <summary>Which batches of one sender have arrived: the highest, and which of the <see cref="Kept"/> before it.</summary>
/// <param name="Candidate">A number far away that came once; the next one near it is where the sender goes on. 0 for none.</param>
/// <param name="LastAt">When its last batch came.</param>
public sealed record SenderWindow(long Highest, ulong[] Seen, long Candidate = 0, DateTimeOffset LastAt = default)
{
    public const int Kept = 256;

    /// <summary>A sender that was silent for this long is forgotten: its old batches are too late to count by their times.</summary>
    private static readonly TimeSpan Silent = TimeSpan.FromMinutes(20);

    /// <summary>
    /// Nothing that was not here is ever called a duplicate: a forged number far ahead, or many forged names, would otherwise silence the
    /// sender that is meant.
    /// </summary>
    public static BatchArrival Take(
        Dictionary<string, SenderWindow> senders,
        string source,
        long sequence,
        int mostSenders,
        DateTimeOffset now
    )
    {
        if (!senders.TryGetValue(source, out var window))
        {
            foreach (var silent in senders.Where(s => s.Value.LastAt < now - Silent).Select(s => s.Key).ToList())
                senders.Remove(silent);
            // Those that are known stay: forgotten, their old batches would count again.
            if (senders.Count >= mostSenders)
                return BatchArrival.Odd;
            window = new SenderWindow(sequence, new ulong[Kept / 64]);
        }
        else if (Math.Abs(sequence - window.Highest) >= Kept)
        {
            if (window.Candidate == 0 || Math.Abs(sequence - window.Candidate) >= Kept)
            {
                senders[source] = window with { Candidate = sequence, LastAt = now };
                return BatchArrival.Odd;
            }
            window = new SenderWindow(sequence, new ulong[Kept / 64]);
        }
        else if (sequence > window.Highest)
        {
            window = window with { Highest = sequence, Seen = Shifted(window.Seen, sequence - window.Highest) };
        }
        else if (Has(window, sequence))
        {
            return BatchArrival.Duplicate;
        }
        var back = (int)(window.Highest - sequence);
        window.Seen[back / 64] |= 1UL << (back % 64);
        senders[source] = window with { LastAt = now };
        return BatchArrival.New;
    }

    private static bool Has(SenderWindow window, long sequence)
    {
        var back = (int)(window.Highest - sequence);
        return (window.Seen[back / 64] & (1UL << (back % 64))) != 0;
    }

    private static ulong[] Shifted(ulong[] seen, long by)
    {
        var moved = new ulong[seen.Length];
        for (var i = 0; i < Kept - by; i++)
            if ((seen[i / 64] & (1UL << (i % 64))) != 0)
                moved[(i + by) / 64] |= 1UL << (int)((i + by) % 64);
        return moved;
    }
}

/// <summary>Memory of one identity's breaker.</summary>
public sealed record BreakerState
{
    public BreakerStatus Status { get; init; }

    /// <summary>Counts changes; timers of an earlier state find a different number and do nothing.</summary>
    public int Number { get; init; }

    /// <summary>Number of the change that opened it last; 0 where it never was open.</summary>
    public int Opening { get; init; }
    public string IdentityType { get; init; } = "unknown";

    /// <summary>Senders said different things about its type, and no owner registered it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsDisputed { get; init; }
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    public DateTimeOffset? LimitedUntil { get; init; }

    /// <summary>When it opened lately; each doubles how long it stays open.</summary>
    public IReadOnlyList<DateTimeOffset> Openings { get; init; } = [];

    public RiskScore Score { get; init; } = RiskScore.None;
    public ActivityWindow Window { get; init; } = new();
    public Baseline Baseline { get; init; } = new();

    /// <summary>Start of the next window that the baseline will learn from.</summary>
    public DateTimeOffset NextWindow { get; init; }

    /// <summary>By name of the sender.</summary>
    public Dictionary<string, SenderWindow> Senders { get; init; } = [];

    /// <summary>When the gate's reflex last had to deny.</summary>
    public DateTimeOffset? ReflexAt { get; init; }

    /// <summary>When a batch came last that nobody expected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? OddAt { get; init; }

    /// <summary>A key of it that is public; null where none was found, or where a person said that it is replaced.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExposedKey? Exposed { get; init; }

    /// <summary>In which hours it was risky: what it did to others then is kept as evidence whole.</summary>
    public RiskyHours RiskyHours { get; init; } = new();

    /// <summary>Good requests since it became half-open.</summary>
    public int Good { get; init; }
    public int Duplicates { get; init; }
    public int Late { get; init; }

    /// <summary>Requests made although the breaker was open: somebody does not ask the gate.</summary>
    public int Bypassed { get; init; }
    public int Refusals { get; init; }

    /// <summary>The last changes, newest last.</summary>
    public IReadOnlyList<BreakerEntry> History { get; init; } = [];
}

/// <summary>Hours in which an identity's breaker was not closed or its score was high; the newest ones.</summary>
/// <param name="Hours">Since the Unix epoch, rising.</param>
public sealed record RiskyHours(params IReadOnlyList<long> Hours)
{
    private const int Kept = 400;

    /// <summary>
    /// Whether evidence of this hour is to be kept whole: the hour before and the hour after a risky one are as well, for what led there
    /// and what followed.
    /// </summary>
    public bool Covers(long hour) => Hours.Any(h => Math.Abs(h - hour) <= 1);

    /// <summary>Adds the hours of these times; a sender's clock that is ahead counts as now.</summary>
    public RiskyHours Remember(IEnumerable<DateTimeOffset> times, DateTimeOffset now)
    {
        var all = times.Select(t => Of(t < now ? t : now)).Append(Of(now)).Union(Hours).Order().ToList();
        return all.Count == Hours.Count ? this : new RiskyHours([.. all.TakeLast(Kept)]);
    }

    public static long Of(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3_600;
}

/// <summary>The first report of a key that is public.</summary>
/// <param name="Since">When it was found in public, by our clock at the latest.</param>
/// <param name="At">When it was reported.</param>
/// <param name="KeyHash">Short hash of the key's id.</param>
public sealed record ExposedKey(DateTimeOffset Since, DateTimeOffset At, string KeyHash);

/// <summary>The gate's reflex had to deny.</summary>
/// <param name="At">When.</param>
public sealed record ReflexReport(string IdentityType, DateTimeOffset At, string Reason);

/// <summary>What a person, or a restored snapshot, asks of a breaker.</summary>
/// <param name="By">Object id.</param>
/// <param name="Reason">Their words.</param>
public sealed record BreakerOrder(string By, string Reason, string Cause = "person");

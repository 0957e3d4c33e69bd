using System.Text.Json.Serialization;

namespace IRFunctions.Agents;

/// <summary>What the gate says about one request.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateVerdict>))]
public enum GateVerdict
{
    Allow,

    /// <summary>Let it through only where it is safe: reads, and what this identity usually does.</summary>
    Limited,
    Deny,
}

/// <summary>The request that waits in front of the gate.</summary>
/// <param name="Endpoint">What it calls, in the words that the activity feed uses; null asks about the identity as such.</param>
/// <param name="Failed">Whether its authentication failed just now.</param>
/// <param name="IdentityType">Word of the policy.</param>
/// <param name="Amount">What it would move; its sign is the direction. Null where it moves nothing, or does not say.</param>
/// <param name="Unit">Unit of the amount.</param>
public sealed record GateRequest(
    string? Endpoint,
    bool Failed = false,
    string IdentityType = "unknown",
    decimal? Amount = null,
    string? Unit = null
);

/// <summary>The gate's answer.</summary>
/// <param name="Reason">One sentence.</param>
/// <param name="Until">How long it stands; null where it may change with the next request.</param>
/// <param name="Status">The breaker as this instance sees it.</param>
/// <param name="AsOf">When this instance last looked.</param>
public sealed record GateAnswer(GateVerdict Verdict, string Reason, DateTimeOffset? Until, BreakerStatus Status, DateTimeOffset AsOf);

/// <summary>One identity in the gate's memory: a bucket of tokens and what is usual for it.</summary>
internal sealed class GateEntry(double size, double perSecond, IReadOnlySet<string>? usual, DateTimeOffset now)
{
    private readonly Lock gate = new();
    private double tokens = size;
    private long filled = now.UtcTicks;
    private long heldUntil;

    /// <summary>When what is usual was read.</summary>
    public DateTimeOffset LearntAt { get; } = now;

    /// <summary>When it last asked; in ticks, for forgetting the idle.</summary>
    public long LastAsked { get; private set; } = now.UtcTicks;

    /// <summary>Null while nothing is known, when nothing counts as unusual.</summary>
    public bool IsUnusual(string? endpoint) => usual is not null && endpoint is not null && !usual.Contains(endpoint);

    /// <summary>
    /// Takes tokens; the end of the hold where the bucket is or was empty, and whether it was this request that emptied it.
    /// </summary>
    public (DateTimeOffset? HeldUntil, bool Tripped) Take(DateTimeOffset now, int cost, TimeSpan hold)
    {
        lock (gate)
        {
            var ticks = now.UtcTicks;
            LastAsked = ticks;
            if (ticks < heldUntil)
                return (new DateTimeOffset(heldUntil, TimeSpan.Zero), false);
            if (ticks > filled)
            {
                tokens = Math.Min(Capacity, tokens + (ticks - filled) * perSecond / TimeSpan.TicksPerSecond);
                filled = ticks;
            }
            if (tokens >= cost)
            {
                tokens -= cost;
                return (null, false);
            }
            heldUntil = ticks + hold.Ticks;
            tokens = Capacity; // After the hold it begins anew.
            return (new DateTimeOffset(heldUntil, TimeSpan.Zero), true);
        }
    }

    /// <summary>Knows anew what is usual and keeps what it held.</summary>
    public GateEntry Renewed(GateEntry fresh)
    {
        lock (gate)
        {
            fresh.heldUntil = heldUntil;
            fresh.tokens = Math.Min(tokens, fresh.Capacity);
            fresh.filled = filled;
            return fresh;
        }
    }

    /// <summary>Tokens of a full bucket.</summary>
    public double Capacity { get; } = size;
}

using System.Text.Json.Serialization;

namespace IRFunctions.Agents;

/// <summary>How a request proved who it was.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Authentication>))]
public enum Authentication
{
    /// <summary>It needed no proof.</summary>
    None,
    Ok,
    Failed,
}

/// <summary>Who kept a request from being made.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Refusal>))]
public enum Refusal
{
    /// <summary>It was made.</summary>
    None,

    /// <summary>The gate said no, and the caller kept to it. Evidence only: the breaker has judged it already.</summary>
    Gate,

    /// <summary>The gateway's own limit, for example an amount of money. Counts as a failed authentication.</summary>
    Limit,
}

/// <summary>One request of an agent or workload, as the gateway in front of it saw it.</summary>
/// <param name="Time">When it was made, UTC.</param>
/// <param name="Endpoint">What was called, for example "GET /quotes"; at most <see cref="ActivityLimits.MaxText"/> characters. Untrusted
/// text.</param>
/// <param name="Tool">Tool of an agent, or null.</param>
/// <param name="Target">Host, agent or account it was aimed at, or null.</param>
/// <param name="Bytes">Bytes moved, both ways.</param>
/// <param name="LatencyMs">Milliseconds from request to answer.</param>
/// <param name="CorrelationId">Groups the requests of one task; the same id twice within a batch and everything else equal is the same
/// request.</param>
/// <param name="Counterpart">Identity of the agent or workload on the other side, which makes the request an interaction; null where the
/// target is none.</param>
public sealed record ActivityEvent(
    DateTimeOffset Time,
    string Endpoint,
    string? Tool = null,
    string? Target = null,
    long Bytes = 0,
    Authentication Authentication = Authentication.Ok,
    double LatencyMs = 0,
    string? CorrelationId = null,
    string? Counterpart = null,
    Refusal Refused = Refusal.None
)
{
    /// <summary>Whether it counts as a failure to prove the right to do it.</summary>
    [JsonIgnore]
    public bool IsFailed => Authentication == Authentication.Failed || Refused == Refusal.Limit;
}

/// <summary>What one sender saw of one identity since its last batch.</summary>
/// <param name="Identity">Lower case, at most 128 of letters, digits and . _ : -</param>
/// <param name="IdentityType">Word of the policy: "ai_agent", "service_principal", "managed_identity" or "unknown".</param>
/// <param name="Source">Which sender; its batches are numbered.</param>
/// <param name="Sequence">1, 2, 3, ... for each source and identity: a number seen before is a duplicate, a gap may still be
/// filled.</param>
public sealed record ActivityBatch(string Identity, string IdentityType, string Source, long Sequence, IReadOnlyList<ActivityEvent> Events)
{
    /// <summary>Keys of the identity that secret scanning found in public; a batch may carry these and no events.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<KeyExposure>? Exposures { get; init; }

    /// <summary>The same under the name of whoever handed it in, with the name that it claims behind it.</summary>
    public ActivityBatch From(string door) => this with { Source = $"{door}/{Source}" };
}

/// <summary>A key that somebody found in public, as a secret-scanning notification tells it (docs/agents.md).</summary>
/// <param name="Time">When it was found, UTC.</param>
/// <param name="KeyId">Id of the key, never the key. Untrusted text.</param>
/// <param name="Where">Where it was found, for example a repository. Untrusted text.</param>
public sealed record KeyExposure(DateTimeOffset Time, string KeyId, string? Where = null);

/// <summary>Bounds of what one message may carry.</summary>
public static class ActivityLimits
{
    public const int MaxBytes = 256 * 1024; // a Service Bus standard message
    public const int MaxEvents = 2_000;
    public const int MaxExposures = 50;
    public const int MaxText = 200;
    public const int MaxIdentity = 128;
}

/// <summary>A batch, or every reason why it is none.</summary>
public sealed record ActivityReading(ActivityBatch? Batch, IReadOnlyList<string> Problems)
{
    /// <summary>Stable word for the dead-letter queue.</summary>
    public const string ReasonCode = "not-an-activity-batch";

    public string Explanation => string.Join(" ", Problems);
}

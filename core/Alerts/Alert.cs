using System.Text.Json.Serialization;

namespace IRFunctions.Alerts;

/// <summary>The shape an alert arrived in. Names a parser, not a product.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertShape>))]
public enum AlertShape
{
    GraphAlert,
    GraphIncident,
    SentinelIncident,
    SentinelAlert,
    SecurityAlertRow,

    /// <summary>Incident of the older Defender XDR API (api/incidents), still what many connectors forward.</summary>
    DefenderApiIncident,

    /// <summary>Alert of the older Defender for Endpoint or XDR API (api/alerts).</summary>
    DefenderApiAlert,

    /// <summary>Made by our own circuit breaker, never parsed.</summary>
    CircuitBreaker,

    /// <summary>A signed-in person asks for one containment; never parsed.</summary>
    Person,
}

/// <summary>Severity as every source understands it; the source's own word is kept in <see cref="Alert.SeverityText"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
public enum Severity
{
    Unknown,
    Informational,
    Low,
    Medium,
    High,
}

/// <summary>
/// One alert, whatever shape it arrived in. Free text (<see cref="Title"/>, <see cref="Description"/>, names inside entities) is written by
/// attackers as often as by detectors: it is shown to people and to the model, never used to choose an action or a target (S4).
/// </summary>
public sealed record Alert
{
    /// <summary>What <see cref="TenantId"/> says where the message names neither tenant, workspace nor subscription.</summary>
    public const string UnknownTenant = "unknown";

    /// <summary>The alert's own id at its source; for an incident with alerts, the incident's.</summary>
    public required string Id { get; init; }

    /// <summary>Entra tenant (a GUID) or, where the shape has none, the workspace or subscription it came from.</summary>
    public required string TenantId { get; init; }

    /// <summary>The incident the source filed this alert under; null where it stands alone.</summary>
    public string? IncidentId { get; init; }

    public required AlertShape Shape { get; init; }

    public required string Title { get; init; }

    /// <summary>At most <see cref="AlertLimits.MaxText"/> characters; cut text ends in a note that says how much was cut.</summary>
    public string Description { get; init; } = "";

    public Severity Severity { get; init; }

    /// <summary>The severity as written by the source, so that a word we do not know survives.</summary>
    public string SeverityText { get; init; } = "";

    /// <summary>Product that raised it, as written by the source.</summary>
    public string Product { get; init; } = "";

    /// <summary>The source's category, tactic list or alert type, as written.</summary>
    public string Category { get; init; } = "";

    public IReadOnlyList<string> Tactics { get; init; } = [];

    /// <summary>MITRE ATT&amp;CK technique ids, for example T1564.001.</summary>
    public IReadOnlyList<string> Techniques { get; init; } = [];

    public DateTimeOffset? FirstActivity { get; init; }

    public DateTimeOffset? LastActivity { get; init; }

    public DateTimeOffset? Created { get; init; }

    /// <summary>Where people at the source are with it.</summary>
    public SourceState Source { get; init; } = SourceState.Unknown;

    /// <summary>Where a person can look at it. Shown as text, never fetched.</summary>
    public string? Link { get; init; }

    /// <summary>Whether the message is an incident and not one alert.</summary>
    [JsonIgnore]
    public bool IsIncident => Shape is AlertShape.GraphIncident or AlertShape.SentinelIncident or AlertShape.DefenderApiIncident;

    /// <summary>Ids of the alerts inside, where the message was an incident.</summary>
    public IReadOnlyList<string> MemberAlertIds { get; init; } = [];

    /// <summary>Typed entities, each with an id unique within this alert ("e1", "e2", ...). Empty is normal.</summary>
    public IReadOnlyList<Entity> Entities { get; init; } = [];

    /// <summary>What the parser had to cut or could not understand, in words for a person.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Object id of the signed-in person who asks for a containment, for <see cref="AlertShape.Person"/>; null otherwise. No parser sets
    /// it. They do not decide about what they asked for (S3).
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestedBy { get; init; }

    /// <summary>Fields of the source that have no place above, as one compact JSON object; null where there are none.</summary>
    public string? Extra { get; init; }
}

/// <summary>Bounds that keep one alert from becoming everyone's problem.</summary>
public static class AlertLimits
{
    /// <summary>
    /// Largest accepted message body in bytes: 1 MB, the limit of a Service Bus premium message by default and four times the standard one.
    /// </summary>
    public const int MaxBytes = 1_048_576;

    /// <summary>Longest kept free text in characters.</summary>
    public const int MaxText = 4_000;

    /// <summary>
    /// Longest kept title, name or identifier in characters. A longer alert id is refused, never cut: cut ids would collide.
    /// </summary>
    public const int MaxName = 500;

    /// <summary>Most notes kept; the rest is counted in the last one.</summary>
    public const int MaxNotes = 50;

    /// <summary>Most entities kept; the rest is counted in <see cref="Alert.Notes"/>.</summary>
    public const int MaxEntities = 200;

    /// <summary>Longest kept <see cref="Alert.Extra"/> or <see cref="Entity.Extra"/> in characters.</summary>
    public const int MaxExtra = 2_000;
}

using System.Text.Json.Serialization;

namespace IRFunctions.Alerts;

/// <summary>Where people at the source are with an alert or incident; what the source writes is one of many words for each.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SourceStatus>))]
public enum SourceStatus
{
    /// <summary>The source says nothing, or a word that is not known here: it counts as open.</summary>
    Unknown,
    New,
    InProgress,

    /// <summary>Resolved, closed or dismissed: people are done with it.</summary>
    Closed,

    /// <summary>Merged into another incident, which has its alerts from then on.</summary>
    Redirected,
}

/// <summary>What people at the source took it for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SourceClassification>))]
public enum SourceClassification
{
    Unknown,
    TruePositive,

    /// <summary>Real and harmless: "informational, expected activity", a test, somebody's work.</summary>
    BenignPositive,
    FalsePositive,
}

/// <summary>The life of an alert or incident at its source, as the message tells it.</summary>
public sealed record SourceState
{
    public static readonly SourceState Unknown = new();

    public SourceStatus Status { get; init; }

    /// <summary>The status as the source wrote it; empty where it wrote none.</summary>
    public string StatusText { get; init; } = "";

    public SourceClassification Classification { get; init; }

    /// <summary>The source's finer word ("securityTesting", "InaccurateData"), as written; empty where there is none.</summary>
    public string Determination { get; init; } = "";

    /// <summary>When the source changed it last; tells news from a message that comes late. Null where it does not say.</summary>
    public DateTimeOffset? Updated { get; init; }

    [JsonIgnore]
    public bool IsClosed => Status == SourceStatus.Closed;

    /// <summary>Closed by somebody who took it for no attack, or dismissed it: what was done because of it may be wrong.</summary>
    [JsonIgnore]
    public bool IsClosedAsHarmless =>
        IsClosed
        && (
            Classification is SourceClassification.FalsePositive or SourceClassification.BenignPositive
            || (Classification == SourceClassification.Unknown && StatusText.Equals("dismissed", StringComparison.OrdinalIgnoreCase))
        );
}

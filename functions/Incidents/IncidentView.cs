using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;

namespace IRFunctions.Incidents;

/// <summary>What people see of an incident from now on; input of ShowIncident.</summary>
/// <param name="Revision">Grows with every change: what has a lower one came before.</param>
public sealed record ShownIncident(IncidentView View, int Revision);

/// <summary>
/// Custom status of AlertOrchestrator: a state. What people see stands in the table "incidents" (custom status holds 16 KB).
/// </summary>
public sealed record IncidentStatus(Outcome Outcome);

/// <summary>One decision as people see it on the incident.</summary>
public sealed record DecisionView(
    string Action,
    string Target,
    string Display,
    DecisionKind Kind,
    int Tier,
    Ending Ending,
    string Text,
    DateTimeOffset? UndoAt = null
);

/// <summary>What became of an alert (S10).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Outcome>))]
public enum Outcome
{
    InProgress,
    Awaiting,
    Acted,
    Asked,

    /// <summary>A ticket of it exists.</summary>
    Ticketed,

    /// <summary>People were paged, and no ticket could be opened so far.</summary>
    Paged,

    /// <summary>Another alert of its incident already asks for, or holds, all that was to be done.</summary>
    Joined,

    /// <summary>Its source had closed it: nothing new was started. What was under way because of it stays people's to end.</summary>
    ClosedAtSource,
}

/// <summary>What an incident still asks for or holds when its source closes it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OpenWorkKind>))]
public enum OpenWorkKind
{
    /// <summary>A request that waits for people.</summary>
    Request,

    /// <summary>A containment in effect.</summary>
    Containment,
}

/// <summary>One thing that an incident still asks for or holds.</summary>
/// <param name="Id">Of the request or containment, as the API takes it.</param>
/// <param name="Display">The target's name.</param>
/// <param name="Until">When the request expires or the containment ends by itself; null where it does not.</param>
/// <param name="Shared">Another incident wants it, too.</param>
public sealed record OpenWork(OpenWorkKind Kind, string Id, string Action, string Display, DateTimeOffset? Until, bool Shared);

/// <summary>The incident as people see it, in the table "incidents"; output of its orchestration at the end.</summary>
public sealed record IncidentView
{
    public required string Incident { get; init; }
    public required int Number { get; init; }
    public required string AlertId { get; init; }
    public required string Title { get; init; }
    public required Severity Severity { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public required string PolicyHash { get; init; }
    public Outcome Outcome { get; init; }
    public string Assessment { get; init; } = "";
    public IReadOnlyList<DecisionView> Decisions { get; init; } = [];

    /// <summary>What this message was to a known alert; null for one that came for the first time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertNews? News { get; init; }

    /// <summary>What its source had to say when it closed it; null where it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Closing { get; init; }

    /// <summary>What people are asked to withdraw or release, because the source closed it as harmless; null where nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OpenWork>? Open { get; init; }
}

using System.Text.Json.Serialization;
using IRFunctions.Alerts;

namespace IRFunctions.Incidents;

/// <summary>Input of AlertOrchestrator: one distinct alert of an incident.</summary>
/// <param name="Incident">Key of the incident's chain, `incident-{hash}`.</param>
/// <param name="Number">1 for the alert that opened the incident, 2, 3, ... for those that joined.</param>
/// <param name="PolicyHash">Policy the incident opened with; it stays the same for all its alerts.</param>
public sealed record IncidentAlert(string Incident, int Number, Alert Alert, string PolicyHash)
{
    /// <summary>What is new about a known alert; null for one that came for the first time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertNews? News { get; init; }
}

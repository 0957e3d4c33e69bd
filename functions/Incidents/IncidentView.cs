using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Audit;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Safeguards;

namespace IRFunctions.Incidents;

/// <summary>Input of RespondToIncident: one distinct alert of an incident.</summary>
/// <param name="Incident">Key of the incident's chain, `incident-{hash}`.</param>
/// <param name="Number">1 for the alert that opened the incident, 2, 3, ... for those that joined.</param>
/// <param name="PolicyHash">Policy the incident opened with; it stays the same for all its alerts.</param>
public sealed record IncidentAlert(string Incident, int Number, Alert Alert, string PolicyHash);

/// <summary>One rung as it applies to one mandate, relative to the moment of asking.</summary>
/// <param name="Group">Approver group of the policy, read again when the rung is asked and when somebody clicks.</param>
public sealed record LadderRung(string Name, TimeSpan After, IReadOnlyList<Approver> Approvers, string Group = "");

/// <summary>A decision with what the orchestration needs to carry it out, taken from the frozen policy.</summary>
public sealed record PlannedAction
{
    public required Decision Decision { get; init; }
    public IReadOnlyList<LadderRung> Ladder { get; init; } = [];

    /// <summary>From asking to expiry.</summary>
    public TimeSpan ExpiresAfter { get; init; }
    public TimeSpan? ReminderLead { get; init; }
    public IReadOnlyList<BudgetClaim> Budgets { get; init; } = [];
}

/// <summary>One budget a containment draws from.</summary>
/// <param name="Scope">"identity", "action" or "tenant".</param>
public sealed record BudgetClaim(string Scope, string Key, Allowance Allowance);

/// <summary>Input of SeekApproval.</summary>
public sealed record ApprovalInput(ApprovalRequest Request, IReadOnlyList<LadderRung> Ladder, TimeSpan ExpiresAfter);

/// <summary>Input of Record.</summary>
/// <param name="Shown">What people see of the incident once this is on the record; null where that does not change.</param>
public sealed record RecordInput(string Chain, IReadOnlyList<AuditFact> Facts, ShownIncident? Shown = null);

/// <summary>What people see of an incident from now on; input of ShowIncident.</summary>
/// <param name="Revision">Grows with every change: what has a lower one came before.</param>
public sealed record ShownIncident(IncidentView View, int Revision);

/// <summary>Custom status of RespondToIncident: a state. What people see stands in the table "incidents" (custom status holds 16 KB).</summary>
public sealed record IncidentStatus(Outcome Outcome);

/// <summary>Input of Page.</summary>
/// <param name="Key">Same key, same page.</param>
/// <param name="Severity">"info", "warning", "error" or "critical" (PagerDuty Events v2).</param>
public sealed record PageInput(string Key, string Summary, string Severity);

/// <summary>How one decision ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Ending>))]
public enum Ending
{
    InProgress,
    AwaitingApproval,
    Done,
    AlreadySo,
    Notified,
    Held,
    Denied,
    Expired,
    Withdrawn,
    Halted,
    Failed,
}

/// <summary>What Contain came to.</summary>
public sealed record ContainmentReport(Ending Ending, string Text, DateTimeOffset? UndoAt = null);

/// <summary>One decision as people see it on the incident.</summary>
public sealed record DecisionView(string Action, string Target, string Display, DecisionKind Kind, int Tier, Ending Ending, string Text, DateTimeOffset? UndoAt = null);

/// <summary>What became of an alert (S10).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Outcome>))]
public enum Outcome
{
    InProgress,
    Awaiting,
    Acted,
    Asked,
    Ticketed,
}

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
}

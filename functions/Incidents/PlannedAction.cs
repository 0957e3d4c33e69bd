using System.Text.Json.Serialization;
using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Policies;

namespace IRFunctions.Incidents;

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

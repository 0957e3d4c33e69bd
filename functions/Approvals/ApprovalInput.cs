using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Approvals;

/// <summary>Input of ApprovalOrchestrator.</summary>
public sealed record ApprovalInput(ApprovalRequest Request, IReadOnlyList<LadderRung> Ladder, TimeSpan ExpiresAfter)
{
    /// <summary>When a ticket is opened and people are paged again, where nobody has answered; null at the end only.</summary>
    public TimeSpan? TicketAfter { get; init; }

    /// <summary>Accounts whose owner the policy names.</summary>
    public IReadOnlyList<Approver> Owners { get; init; } = [];
}

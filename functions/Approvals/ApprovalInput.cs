using IRFunctions.People;

namespace IRFunctions.Approvals;

/// <summary>Input of ApprovalOrchestrator.</summary>
public sealed record ApprovalInput(ApprovalRequest Request, IReadOnlyList<LadderRung> Ladder, TimeSpan ExpiresAfter);

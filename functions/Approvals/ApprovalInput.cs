using System.Text.Json.Serialization;
using IRFunctions.Policies;

namespace IRFunctions.Approvals;

/// <summary>One rung as it applies to one mandate, relative to the moment of asking.</summary>
/// <param name="Group">Approver group of the policy, read again when the rung is asked and when somebody clicks.</param>
public sealed record LadderRung(string Name, TimeSpan After, IReadOnlyList<Approver> Approvers, string Group = "");

/// <summary>Input of ApprovalOrchestrator.</summary>
public sealed record ApprovalInput(ApprovalRequest Request, IReadOnlyList<LadderRung> Ladder, TimeSpan ExpiresAfter);

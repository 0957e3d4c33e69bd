using IRFunctions.Policies;

namespace IRFunctions.People;

/// <summary>One rung as it applies to one decision, relative to the moment of asking.</summary>
/// <param name="Group">Approver group of the policy, read again when the rung is asked and when somebody clicks.</param>
public sealed record LadderRung(string Name, TimeSpan After, IReadOnlyList<Approver> Approvers, string Group = "");

/// <summary>One rung of the ladder as it applies to one request.</summary>
/// <param name="Name">"primary", "secondary", "manager".</param>
/// <param name="StartsAt">When it is asked, UTC.</param>
/// <param name="Approvers">Who is asked.</param>
public sealed record RungPlan(string Name, DateTimeOffset StartsAt, IReadOnlyList<Approver> Approvers)
{
    /// <summary>Approver group of the policy; read again when the rung is asked and at every click.</summary>
    public string Group { get; init; } = "";
}

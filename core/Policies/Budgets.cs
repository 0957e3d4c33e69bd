using System.Collections.Frozen;

namespace IRFunctions.Policies;

/// <summary>How many effects are allowed in a sliding minute and hour. Above it a person is asked; nothing is dropped (S8).</summary>
public sealed record Budget(int PerMinute, int PerHour);

/// <summary>The budgets of S8.</summary>
/// <param name="Identity">For each target: account, application, host, address.</param>
/// <param name="Action">For each action that has no line of its own.</param>
/// <param name="Actions">Lines for single actions.</param>
/// <param name="Tenant">For everything together.</param>
/// <param name="Workload">For each agent or workload, whose quarantine takes several steps; null where it is that of any identity.</param>
public sealed record Budgets(
    Budget Identity,
    Budget Action,
    FrozenDictionary<string, Budget> Actions,
    Budget Tenant,
    Budget? Workload = null
)
{
    /// <summary>The budget of one target.</summary>
    public Budget ForTarget(string kind) => kind == "workload" ? Workload ?? Identity : Identity;

    /// <summary>The budget of one action.</summary>
    public Budget ForAction(string action) => Actions.TryGetValue(action, out var own) ? own : Action;
}

namespace IRFunctions.Policies;

/// <summary>How far an action is trusted: a new one is rehearsed before it is let loose.</summary>
public enum ActionMode
{
    /// <summary>Only written down: what would have happened is in the decision, nothing happens.</summary>
    Observe,

    /// <summary>A person approves each time.</summary>
    Ask,

    /// <summary>Runs alone where everything else allows it. Only tier 1 may say so (S3).</summary>
    Act,
}

/// <summary>Whether and how an action is undone (S5).</summary>
public enum Reversibility
{
    /// <summary>The code undoes it, by itself, after <see cref="ActionRule.MaxDuration"/>.</summary>
    Automatic,

    /// <summary>People undo it; <see cref="ActionRule.Undo"/> says how.</summary>
    Manual,

    /// <summary>Nothing undoes it.</summary>
    None,
}

/// <summary>One line of the tier map: what the policy says about an action, whatever a model thinks of it (S1).</summary>
public sealed record ActionRule
{
    /// <summary>The ticket and the page through which every doubt reaches a person; the loader insists on them.</summary>
    public static readonly IReadOnlyList<string> ForPeople = ["create_alert_ticket", "send_analyst_notification"];

    public required string Name { get; init; }

    /// <summary>1 runs alone, 2 asks people, 3 never runs.</summary>
    public required int Tier { get; init; }

    public required ActionMode Mode { get; init; }

    /// <summary>Why it has this tier, for the next person who wants to change it.</summary>
    public required string Why { get; init; }

    /// <summary>What it may hurt.</summary>
    public required string BlastRadius { get; init; }

    public required Reversibility Reversible { get; init; }

    /// <summary>What undoes it, or why nothing does.</summary>
    public required string Undo { get; init; }

    /// <summary>
    /// How long approvers have before the request climbs to the last rung; null in tier 3 and where nobody is ever asked.
    /// </summary>
    public TimeSpan? ApprovalTimeout { get; init; }

    /// <summary>Distinct approvers needed.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>How long the effect lasts before it is undone; null where the code cannot undo it.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>
    /// How old the last rollback drill that passed may be for the action to run alone; null where the policy asks for none.
    /// </summary>
    public TimeSpan? DrillWithin { get; init; }

    /// <summary>Least confidence (0 to 100) at which a recommendation counts at all.</summary>
    public int RecommendFloor { get; init; } = 70;

    /// <summary>Least confidence (0 to 100) at which the action may run alone.</summary>
    public int ActFloor { get; init; } = 70;

    /// <summary>Names of the context checks that must hold before it may run alone.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>Name of the ladder its requests climb.</summary>
    public string Ladder { get; init; } = Policies.Ladder.DefaultName;

    /// <summary>
    /// Kind of target the catalogue's implementation needs; null where the catalogue has none, so that it can only be told of.
    /// </summary>
    public string? TargetKind { get; init; }

    /// <summary>
    /// True for tickets and notifications: they concern the alert, contain nobody, and people need them even under the global stop.
    /// </summary>
    public bool IsNotification => TargetKind == "alert";

    /// <summary>Position in the tier map, which orders decisions.</summary>
    public int Order { get; init; }
}

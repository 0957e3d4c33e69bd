namespace IRFunctions.Policies;

/// <summary>The files a policy consists of, all of them required.</summary>
internal static class PolicyNames
{
    public const string Actions = "actions.yaml";
    public const string Breaker = "breaker.yaml";
    public const string Budgets = "budgets.yaml";
    public const string Context = "context.yaml";
    public const string Exceptions = "exceptions.yaml";
    public const string Identities = "identities.yaml";
    public const string Ladder = "ladder.yaml";
    public const string Protected = "protected.yaml";
    public const string Threshold = "threshold.yaml";

    public static readonly IReadOnlyList<string> All =
    [
        Actions,
        Breaker,
        Budgets,
        Context,
        Exceptions,
        Identities,
        Ladder,
        Protected,
        Threshold,
    ];
}

/// <summary>
/// What the files read so far offer to the cross-checks of the next ones. Null means that file could not be read, so that one broken file
/// does not make every name in the others look wrong.
/// </summary>
internal sealed class KnownNames
{
    public required IReadOnlyDictionary<string, ActionCapability> Catalogue { get; init; }

    /// <summary>The day the policy is loaded (UTC).</summary>
    public required DateOnly Today { get; init; }

    public IReadOnlyDictionary<string, ContextCheck>? Checks { get; set; }

    public IReadOnlyDictionary<string, Ladder>? Ladders { get; set; }

    public ReminderRule? Reminder { get; set; }

    public IReadOnlyDictionary<string, ActionRule>? Actions { get; set; }

    /// <summary>Checks that every named action is in the tier map.</summary>
    public void RequireActions(Section section, string key, IReadOnlyList<string> names)
    {
        if (Actions is null)
            return;
        foreach (var name in names)
            if (!Actions.ContainsKey(name))
                section.Problem(key, $"the tier map has no action {PolicyErrors.Quote(name)}", DidYouMean.Guess(name, Actions.Keys));
    }

    /// <summary>Checks that enough different people stand on a ladder to reach a quorum.</summary>
    public void RequireQuorum(Section section, string key, int quorum, string ladderName)
    {
        if (Ladders is null || !Ladders.TryGetValue(ladderName, out var ladder))
            return;
        // An unknown group or a bad object id has been complained about already.
        if (ladder.Rungs.Any(rung => rung.Approvers.Count == 0 || rung.Approvers.Any(approver => approver.ObjectId.Length == 0)))
            return;
        var people = ladder.Rungs.SelectMany(rung => rung.Approvers).Select(approver => approver.ObjectId).Distinct().Count();
        if (quorum > people)
            section.Problem(key, $"a quorum of {quorum} can never be reached: ladder {ladderName} has {people} different approver(s)");
    }
}

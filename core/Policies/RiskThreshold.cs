using System.Collections.Frozen;
using IRFunctions.Alerts;

namespace IRFunctions.Policies;

/// <summary>Where risk comes from. None alone reaches the threshold: each has a cap below it.</summary>
public enum RiskDimension
{
    Identity,
    Pattern,
    Target,
}

/// <summary>What becomes of an alert that names a tenant which is not ours.</summary>
public enum ForeignTenantRule
{
    /// <summary>People hear of it; nothing acts.</summary>
    Tell,

    /// <summary>It goes to the dead letters with the reason.</summary>
    Refuse,
}

/// <summary>Whose outcome an alert's source hears.</summary>
public enum SourceCommentRule
{
    /// <summary>Nobody's: nothing is written at the source.</summary>
    None,

    /// <summary>Where people were asked or something was contained.</summary>
    Acted,

    /// <summary>Every alert's that was answered.</summary>
    All,
}

/// <summary>What becomes of the status at the source; closing it is people's.</summary>
public enum SourceStatusRule
{
    None,

    /// <summary>New becomes in progress.</summary>
    InProgress,
}

/// <summary>What becomes of the classification at the source.</summary>
public enum SourceClassificationRule
{
    None,

    /// <summary>True positive where people approved what was done and nobody classified it.</summary>
    Approved,
}

/// <summary>What an alert's source hears of its outcome.</summary>
/// <param name="Tags">On incidents; alerts have none.</param>
public sealed record SourceRule(
    SourceCommentRule Comment,
    IReadOnlyList<string> Tags,
    SourceStatusRule Status,
    SourceClassificationRule Classification
);

/// <summary>Something observed that adds to the risk.</summary>
/// <param name="PerMinute">Added for each minute it has lasted, for things like an exposed key.</param>
/// <param name="Least">How many must be seen for it to count, in the unit of the signal; null for what the source takes.</param>
/// <param name="Times">How many times the usual must be seen; null for what the source takes.</param>
public sealed record RiskSignal(
    string Name,
    RiskDimension Dimension,
    int Weight,
    int PerMinute,
    string Why,
    int? Least = null,
    int? Times = null
)
{
    /// <summary>Names of the resources that count as sensitive; empty for what the source takes.</summary>
    public IReadOnlyList<string> Things { get; init; } = [];
}

/// <summary>
/// The containment threshold: identity, pattern and target together decide whether containing is worth asking (<see cref="AskAt"/>) or
/// acting alone (<see cref="ActAt"/>). Points, not probabilities; every contribution is written into the decision.
/// </summary>
public sealed record RiskThreshold
{
    /// <summary>Points from which people are asked; below, the action is held.</summary>
    public required int AskAt { get; init; }

    /// <summary>Points from which a tier-1 containment may run alone.</summary>
    public required int ActAt { get; init; }

    /// <summary>Kinds of target it guards; watching an address contains nobody.</summary>
    public required FrozenSet<string> TargetKinds { get; init; }

    /// <summary>Most points one dimension can add, by <see cref="RiskDimension"/>.</summary>
    public required IReadOnlyList<int> Caps { get; init; }

    /// <summary>Points by severity name in lower case (dimension pattern).</summary>
    public required FrozenDictionary<string, int> Severity { get; init; }

    /// <summary>
    /// Points by MITRE ATT&amp;CK technique id; a sub-technique counts as its technique where it has no line (dimension pattern).
    /// </summary>
    public required FrozenDictionary<string, int> Techniques { get; init; }

    /// <summary>Points by identity type (dimension identity).</summary>
    public required FrozenDictionary<IdentityType, int> Identities { get; init; }

    /// <summary>Points by asset criticality word (dimension target).</summary>
    public required FrozenDictionary<string, int> Criticality { get; init; }

    /// <summary>Points by the source's own verdict on the evidence, in lower case (dimension target).</summary>
    public required FrozenDictionary<string, int> Evidence { get; init; }

    /// <summary>Signals in the order of the file, which is the order of their contributions.</summary>
    public required IReadOnlyList<RiskSignal> SignalOrder { get; init; }

    /// <summary>What the file says of one signal; null where it does not use it.</summary>
    public RiskSignal? Signal(string name) => SignalOrder.FirstOrDefault(signal => signal.Name == name);

    /// <summary>Severity from which a dismissed alert ("false positive") still goes to a person.</summary>
    public required Severity PageWhenDismissedAt { get; init; }

    /// <summary>What becomes of alerts of a tenant that is not ours.</summary>
    public ForeignTenantRule ForeignTenant { get; init; }

    /// <summary>What an alert's source hears of its outcome.</summary>
    public SourceRule Source { get; init; } = new(SourceCommentRule.None, [], SourceStatusRule.None, SourceClassificationRule.None);
}

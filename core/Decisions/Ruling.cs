namespace IRFunctions.Decisions;

/// <summary>
/// The decision about one action while the rules speak, one after the other. A rule can only add caution (run, then ask, then hold, then
/// tell, which is hold with people told), so that no rule added later can weaken an earlier one.
/// </summary>
internal sealed class Ruling
{
    private readonly List<Reason> reasons = new(8);

    public DecisionKind Kind { get; private set; } = DecisionKind.Run;

    public int Quorum { get; private set; } = 1;

    public int Step { get; set; }

    public string? Batch { get; set; }

    public IReadOnlyList<Reason> Reasons => reasons;

    /// <summary>Writes a reason down without changing anything.</summary>
    public void Note(string rule, string text) => reasons.Add(new Reason(rule, text));

    public void Ask(string rule, string text) => Raise(DecisionKind.Ask, rule, text);

    public void Hold(string rule, string text) => Raise(DecisionKind.Hold, rule, text);

    public void Tell(string rule, string text) => Raise(DecisionKind.Tell, rule, text);

    /// <summary>Requires at least this many approvers.</summary>
    public void NeedQuorum(int quorum) => Quorum = Math.Max(Quorum, quorum);

    private void Raise(DecisionKind kind, string rule, string text)
    {
        if (Caution(kind) > Caution(Kind))
            Kind = kind;
        reasons.Add(new Reason(rule, text));
    }

    /// <summary>How cautious a decision is; more means less can happen without, and then with, a person.</summary>
    internal static int Caution(DecisionKind kind) =>
        kind switch
        {
            DecisionKind.Run => 0,
            DecisionKind.Ask => 1,
            DecisionKind.Hold => 2,
            _ => 3,
        };
}

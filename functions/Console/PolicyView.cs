using IRFunctions.Policies;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/policy`: the tier map as people read it, and which version is in force.</summary>
internal sealed class PolicyView(PolicyStore policies) : ConsoleView
{
    private static readonly (int Tier, string Words)[] Tiers =
    [
        (1, "Runs alone"),
        (2, "Asks people first"),
        (3, "Never runs; people are told"),
    ];

    public override string Name => "policy";
    public override string Label => "Policy";

    public override Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var policy = policies.Current;
        var files = string.Join(", ", policy.Files.Select(f => f.Name));
        var head = Html.Of(
            $"""
            <h1>Policy</h1><p>Version <span class="mono">{policy.Hash[..12]}</span>, the hash of {files}.
            An incident keeps the version it opened with. No signature is checked:
            whoever may deploy or write the files may change it.</p>
            """
        );
        var tiers = Tiers.Select(t => TierOf(t.Tier, t.Words, policy.Actions.Values.Where(a => a.Tier == t.Tier).OrderBy(a => a.Order)));
        return Task.FromResult(new Shown("Policy", [new Part("policy", Html.Of($"{head}{tiers}"))]));
    }

    private static Html TierOf(int tier, string words, IEnumerable<ActionRule> actions) =>
        Html.Of($"<h2>Tier {tier}: {words}</h2><ul class=\"card list\">{actions.Select(ActionOf)}</ul>");

    private static Html ActionOf(ActionRule action)
    {
        var mode = action.Mode switch
        {
            ActionMode.Observe => "only observed",
            ActionMode.Ask when action.Tier == 1 => "asks each time",
            _ => "",
        };
        string[] facts =
        [
            mode,
            action.ApprovalTimeout is { } timeout ? $"{Length(timeout)} to approve" : "",
            action.Quorum > 1 && action.Tier == 2 ? $"{action.Quorum} people" : "",
            action.MaxDuration is { } most ? $"undone after {Length(most)}" : "",
            action.Reversible switch
            {
                Reversibility.None => "cannot be undone",
                Reversibility.Manual => "people undo it",
                _ => "",
            },
            action.Ladder == Ladder.DefaultName ? "" : $"ladder {action.Ladder}",
        ];
        var words = string.Join(" · ", facts.Where(f => f.Length > 0));
        return Html.Of(
            $"""
            <li><strong>{action.Name.Replace('_', ' ')}</strong> <span class="soft">{words}</span>
            <p>{action.Why}. <span class="soft">May hurt: {action.BlastRadius}.</span></p></li>
            """
        );
    }
}

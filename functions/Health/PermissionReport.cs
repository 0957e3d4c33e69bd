using System.Text.RegularExpressions;
using IRFunctions.Containment;
using IRFunctions.Directory;
using IRFunctions.Directory.Signals;
using IRFunctions.Incidents;
using IRFunctions.Policies;

namespace IRFunctions.Health;

/// <param name="Permission">A Microsoft Graph application permission.</param>
/// <param name="NeededBy">Actions and stages that call what it allows.</param>
public sealed record PermissionNeed(string Permission, IReadOnlyList<string> NeededBy);

/// <summary>
/// What the app may do in Microsoft Graph against what the policy in force makes it do. Azure roles (storage, queue, watchlist, model) are
/// not in the token; scripts/check-azure-roles.sh compares those.
/// </summary>
/// <param name="Missing">Needed and not granted: the action will fail, and a person will be told.</param>
/// <param name="Surplus">Granted and not needed: take it away, it only helps whoever takes over the app.</param>
public sealed partial record PermissionReport(
    IReadOnlyList<string> Held,
    IReadOnlyList<PermissionNeed> Needed,
    IReadOnlyList<PermissionNeed> Missing,
    IReadOnlyList<string> Surplus
)
{
    /// <summary>
    /// What the stages before any action read, whatever the policy: accounts that recommendations are about, and the logs about them.
    /// </summary>
    public static readonly IReadOnlyList<PermissionNeed> Always =
    [
        new("User.Read.All", ["facts before every decision"]),
        new(PrivilegedGroups.Permission, ["facts before every decision"]),
        new(DirectoryRights.RolesPermission, ["facts before every decision"]),
        new(DirectoryApplications.Permission, ["facts before every decision"]),
        new(DirectoryHosts.Permission, ["facts before every decision"]),
        new(AuditSignals.AuditPermission, ["facts before every decision"]),
        new(Hunting.Permission, ["facts before every decision", "context before every judgement"]),
    ];

    /// <summary>What reading Defender XDR from Graph needs, where the setting Defender__Feed turns it on.</summary>
    public static readonly IReadOnlyList<PermissionNeed> Feed =
    [
        new(DefenderFeedReader.AlertsPermission, ["Defender__Feed"]),
        new(DefenderFeedReader.IncidentsPermission, ["Defender__Feed"]),
    ];

    /// <summary>What telling sources needs, where the policy in force wants it (threshold.yaml, source_comment).</summary>
    public static readonly IReadOnlyList<PermissionNeed> Telling =
    [
        new(GraphSource.AlertsPermission, ["source_comment"]),
        new(GraphSource.IncidentsPermission, ["source_comment"]),
    ];

    public string Verdict =>
        (Missing.Count, Surplus.Count) switch
        {
            (0, 0) => "exactly what is needed",
            (0, _) => $"{Surplus.Count} more than needed",
            (_, 0) => $"{Missing.Count} missing",
            _ => $"{Missing.Count} missing, {Surplus.Count} more than needed",
        };

    /// <param name="actions">The catalogue.</param>
    /// <param name="policy">The tier map in force: what it forbids (tier 3, or not listed) needs nothing.</param>
    /// <param name="held">Graph application permissions that were granted.</param>
    /// <param name="readsDefender">Whether the feed is on.</param>
    public static PermissionReport Of(ActionCatalog actions, Policy policy, IEnumerable<string> held, bool readsDefender = false)
    {
        var needs = NeedsOf(
            actions,
            readsDefender,
            policy.Threshold.Source.Comment != SourceCommentRule.None,
            c => policy.Actions.TryGetValue(c.Name, out var rule) && rule.Tier < 3
        );
        var granted = held.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new PermissionReport(
            granted,
            needs,
            [.. needs.Where(n => !granted.Contains(n.Permission))],
            [.. granted.Where(h => needs.All(n => n.Permission != h))]
        );
    }

    /// <summary>What the whole catalogue needs, whatever a policy lets run: what is granted must not change with a mode.</summary>
    public static IReadOnlyList<PermissionNeed> WholeOf(ActionCatalog actions) => NeedsOf(actions, true, false, _ => true);

    private static List<PermissionNeed> NeedsOf(
        ActionCatalog actions,
        bool readsDefender,
        bool tellsSources,
        Func<ActionCapability, bool> counts
    ) =>
        [
            .. actions
                .Capabilities.Where(counts)
                .SelectMany(c => NamesIn(actions.Find(c.Name).Permission).Select(p => (Permission: p, By: c.Name)))
                .Concat(
                    Always
                        .Concat(readsDefender ? Feed : [])
                        .Concat(tellsSources ? Telling : [])
                        .SelectMany(a => a.NeededBy.Select(by => (a.Permission, By: by)))
                )
                .GroupBy(n => n.Permission, StringComparer.Ordinal)
                .Select(g => new PermissionNeed(g.Key, [.. g.Select(n => n.By).Distinct(StringComparer.Ordinal)]))
                .OrderBy(n => n.Permission, StringComparer.Ordinal),
        ];

    /// <summary>
    /// The Graph permissions an action names in words: "User.Read.All and User.RevokeSessions.All". A sentence without any names none; what
    /// stands in brackets is a remark, for example what would be needed where the least does not do.
    /// </summary>
    public static IReadOnlyList<string> NamesIn(string permission) =>
        [.. Names().Matches(Remark().Replace(permission, "")).Select(m => m.Value)];

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+(?:-[A-Za-z]+)?(?:\.[A-Z][A-Za-z]+)+\b")]
    private static partial Regex Names();

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Remark();
}

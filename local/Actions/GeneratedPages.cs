using System.Globalization;
using System.Text;
using IRFunctions.Containment;
using IRFunctions.Health;
using IRFunctions.Policies;

namespace IRFunctions.Local.Actions;

/// <summary>A file of which a part is written from the catalogue of actions and the tier map.</summary>
/// <param name="Path">From the root of the repository, with forward slashes.</param>
/// <param name="Now">Its text.</param>
/// <param name="Fresh">The text it should have.</param>
internal sealed record GeneratedPage(string Path, string Now, string Fresh)
{
    public bool IsStale => Now != Fresh;
}

/// <summary>
/// The parts of pages that say what the actions are and need. Every build of tests/ writes them, so that adding an action touches no page;
/// in CI it fails where they are not what was committed (docs/decisions/0046). The same catalogue and tier map give the same bytes.
/// </summary>
internal static class GeneratedPages
{
    public const string Actions = "docs/actions.md";
    public const string Permissions = "docs/permissions.md";
    public const string Script = "scripts/grant-graph-permissions.sh";

    private const string Begin = "<!-- begin: written by the build -->\n";
    private const string End = "<!-- end -->\n";

    /// <exception cref="IOException">A page cannot be read, or has lost the marks between which it is written.</exception>
    public static IReadOnlyList<GeneratedPage> Of(string root, ActionCatalog catalogue, Policy policy)
    {
        var needs = PermissionReport.WholeOf(catalogue);
        return
        [
            Page(root, Actions, Begin, End, _ => TableOf(catalogue, policy)),
            Page(root, Permissions, Begin, End, now => TableOf(needs, now)),
            Page(root, Script, "permissions=(\n", ")\n", _ => string.Concat(needs.Select(n => $"  {n.Permission}\n"))),
        ];
    }

    private static GeneratedPage Page(string root, string path, string begin, string end, Func<string, string> write)
    {
        var text = File.ReadAllText(Path.Combine(root, path));
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), -1);
        if (from >= 0)
            to = text.IndexOf(end, from += begin.Length, StringComparison.Ordinal);
        if (to < 0)
            throw new IOException(
                $"{path} has lost the lines {begin.TrimEnd()} and {end.TrimEnd()}; put them back around the generated part"
            );
        return new GeneratedPage(path, text, text[..from] + write(text[from..to]) + text[to..]);
    }

    private static string TableOf(ActionCatalog catalogue, Policy policy)
    {
        var table = new StringBuilder(
            "| action | tier | permission | captured state | undo | lasts at most | through |\n|---|---|---|---|---|---|---|\n"
        );
        foreach (
            var action in catalogue
                .Capabilities.Select(c => catalogue.Find(c.Name))
                .OrderBy(a => policy.Actions.GetValueOrDefault(a.Capability.Name)?.Order ?? int.MaxValue)
        )
            table.Append(CultureInfo.InvariantCulture, $"| `{action.Capability.Name}` | {Ruled(action, policy)} | {action.Through} |\n");
        return table.ToString();
    }

    /// <summary>Tier to duration: the columns that the tier map has a say in.</summary>
    private static string Ruled(IContainmentAction action, Policy policy)
    {
        var facts = $"{action.Permission} | {action.Captures}";
        if (policy.Actions.GetValueOrDefault(action.Capability.Name) is not { } rule)
            return $"3, since the tier map does not list it | {facts} | it never runs | never run";
        var lasts = rule.MaxDuration is { } length
            ? $"{length.TotalHours.ToString("0.##", CultureInfo.InvariantCulture)} h"
            : "not undone by itself";
        var mode = rule is { Mode: ActionMode.Observe, Tier: < 3 } ? ", only observed" : "";
        return $"{rule.Tier}{mode} | {facts} | {Word(rule.Reversible)}: {rule.Undo} | {(rule.Tier == 3 ? "never run" : lasts)}";
    }

    /// <summary>Why a permission is the least that does is for people to say; a row keeps its words for as long as it is needed.</summary>
    private static string TableOf(IReadOnlyList<PermissionNeed> needs, string now)
    {
        var words = now.Split('\n')
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length >= 5)
            .GroupBy(cells => cells[1])
            .ToDictionary(g => g.Key, g => string.Join(" | ", g.First()[3..^1]), StringComparer.Ordinal);
        var table = new StringBuilder("| Permission | Needed by | Why this one |\n|---|---|---|\n");
        foreach (var need in needs)
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {need.Permission} | {string.Join(", ", need.NeededBy)} | "
                    + $"{words.GetValueOrDefault(need.Permission, $"The file of {need.NeededBy[0]} says why.")} |\n"
            );
        return table.ToString();
    }

    private static string Word(Reversibility reversible) =>
        reversible switch
        {
            Reversibility.Automatic => "automatic",
            Reversibility.Manual => "by people",
            _ => "none",
        };
}

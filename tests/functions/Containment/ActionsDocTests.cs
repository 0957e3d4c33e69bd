using System.Globalization;
using System.Text;
using IRFunctions.Containment;
using IRFunctions.Policies;
using IRFunctions.Tests.Style;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>docs/actions.md says what the code and the shipped tier map say. UPDATE_DOCS=1 writes the table anew.</summary>
public sealed class ActionsDocTests
{
    private const string Begin = "<!-- begin: written by ActionsDocTests -->\n";
    private const string End = "<!-- end -->\n";
    private static readonly string Document = Path.Combine(Sources.Root, "docs", "actions.md");

    [Fact]
    public async Task The_table_of_actions_is_what_the_catalogue_says()
    {
        await using var world = await World.CreateAsync();
        var text = (await File.ReadAllTextAsync(Document)).ReplaceLineEndings("\n");
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        var table = Table(world.Machine.Services.GetServices<IContainmentAction>(), world.Machine.Policy);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(Document, text[..begin] + table + text[end..]);
        else
            Assert.True(
                text[begin..end] == table,
                $"docs/actions.md is stale. Run the tests once with UPDATE_DOCS=1. It should say:\n{table}"
            );
    }

    private static string Table(IEnumerable<IContainmentAction> actions, Policy policy)
    {
        var table = new StringBuilder(
            "| action | tier | permission | captured state | undo | lasts at most | through |\n|---|---|---|---|---|---|---|\n"
        );
        foreach (var action in actions.OrderBy(a => policy.Actions[a.Capability.Name].Order))
        {
            var rule = policy.Actions[action.Capability.Name];
            var lasts = rule.MaxDuration is { } length
                ? $"{length.TotalHours.ToString("0.##", CultureInfo.InvariantCulture)} h"
                : "not undone by itself";
            table.Append(
                CultureInfo.InvariantCulture,
                $"| `{rule.Name}` | {rule.Tier} | {action.Permission} | {action.Captures} | {Word(rule.Reversible)}: {rule.Undo} | "
                    + $"{lasts} | {action.Through} |\n"
            );
        }
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

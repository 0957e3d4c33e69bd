using IRFunctions.Local.CommandLine;
using IRFunctions.Stories;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Stories;

/// <summary>
/// The stories in docs/record.md are what the program prints for the samples of the main job. UPDATE_DOCS=1 writes them anew.
/// </summary>
public sealed class RecordDocTests
{
    private const string Begin = "<!-- begin: written by RecordDocTests -->\n";
    private const string End = "<!-- end -->\n";
    private static readonly string Document = Path.Combine(Sources.Root, "docs", "record.md");

    /// <summary>
    /// The samples that tell most: a stolen account contained and given back, mail and an account nobody answered about, what only people
    /// may do.
    /// </summary>
    private static readonly string[] Shown =
    [
        "graph-alert-account-adele.json",
        "graph-incident-megan.json",
        "securityalert-row-ransomware.json",
    ];

    [Fact]
    public async Task The_stories_are_what_the_program_prints()
    {
        await using var world = await World.CreateAsync();
        foreach (var file in Shown)
        {
            await world.SendAsync(Given.Sample(file), file);
            await world.RunAsync();
            if (file == Shown[0])
            {
                // What the simulated person of the main job does.
                await world.PassAsync(TimeSpan.FromSeconds(6));
                Assert.InRange(
                    await world.AnswerAsync(
                        (await world.PendingAsync())[0].Id,
                        World.Alex,
                        "approve",
                        "matches what we see in the sign-in log"
                    ),
                    200,
                    202
                );
                await world.PassAsync(TimeSpan.FromSeconds(10));
                Assert.InRange(
                    await world.ChangeAsync(World.DisableOf(World.Adele), "release", reason: "owner confirmed the sign-in by phone"),
                    200,
                    202
                );
            }
            await world.PassAsync(TimeSpan.FromMinutes(40));
        }
        var told = new List<(DateTimeOffset From, string Text)>();
        foreach (var incident in (await world.IncidentsAsync()).Select(i => i.Incident).Distinct())
        {
            var story = Story.Of(await world.RecordAsync(incident))!;
            told.Add((story.From, AuditText.Of(story)));
        }
        var printed = "```text\n" + string.Join('\n', told.OrderBy(t => t.From).Select(t => t.Text)) + "```\n";
        var text = (await File.ReadAllTextAsync(Document)).ReplaceLineEndings("\n");
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(Document, text[..begin] + printed + text[end..]);
        else
            Assert.True(
                text[begin..end] == printed,
                $"docs/record.md is stale. Run the tests once with UPDATE_DOCS=1. It should say:\n{printed}"
            );
    }
}

namespace IRFunctions.Tests.People;

/// <summary>send_analyst_notification reaches the pager and, where a channel is named, Teams.</summary>
public sealed class NoteTests
{
    private const string Channel = "19:soc-notes@thread.tacv2";
    private const string Link = "[free](https://evil.example)";
    private static readonly Dictionary<string, string?> Named = new() { ["Teams:Notifications"] = Channel };

    [Fact]
    public async Task An_analyst_is_paged_and_the_channel_gets_a_note_without_a_button()
    {
        await using var teams = await TeamsWorld.CreateAsync(settings: Named);
        var alert = Given.StolenAccount();
        alert["title"] = Link;
        await teams.World.SendAsync(alert);
        await teams.World.RunAsync();
        var note = Assert.Single(teams.Teams.Cards, c => c.Conversation == Channel).Content;
        Assert.DoesNotContain("Action.", note.ToJsonString(), StringComparison.Ordinal);
        Assert.All(
            note["body"]!.AsArray().Where(b => (string?)b!["type"] == "TextBlock"),
            b => Assert.Equal("For an analyst", (string?)b!["text"])
        ); // What renders Markdown is ours.
        Assert.Contains(
            note["body"]!.AsArray(),
            b => b!["inlines"]?[0]?["text"]?.GetValue<string>().Contains(Link, StringComparison.Ordinal) == true
        );
        Assert.Contains(teams.World.Machine.Tenant.Journal.Of("page.trigger"), p => p.Detail.Contains(Link, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_channel_there_is_no_note()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.World.SendAsync(Given.StolenAccount());
        await teams.World.RunAsync();
        Assert.DoesNotContain(teams.Teams.Cards, c => c.Content.ToJsonString().Contains("For an analyst", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_channel_that_does_not_take_the_note_costs_nothing_but_a_line_on_the_record_S10()
    {
        await using var teams = await TeamsWorld.CreateAsync(
            settings: Named.Append(new("Teams:ServiceUrl", "https://elsewhere.example/")).ToDictionary()
        );
        await teams.World.SendAsync(Given.StolenAccount());
        await teams.World.RunAsync();
        var incident = Assert.Single(await teams.World.IncidentsAsync());
        Assert.Contains(
            await teams.World.RecordAsync(incident.Incident),
            e => e.Text.Contains("the note in Teams failed", StringComparison.Ordinal)
        );
        Assert.NotEmpty(teams.World.Machine.Tenant.Journal.Of("page.trigger"));
    }
}

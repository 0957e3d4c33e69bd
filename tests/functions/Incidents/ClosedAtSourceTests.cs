using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Record;

namespace IRFunctions.Tests.Incidents;

/// <summary>What a source closed starts nothing new (S10), and what is under way because of it stays people's to end (S14).</summary>
public sealed class ClosedAtSourceTests
{
    [Theory]
    [InlineData("001")]
    [InlineData("002")]
    [InlineData("003")]
    public async Task What_was_closed_as_a_false_alarm_starts_nothing(string number) => await StartsNothingAsync(Life.Message(number));

    /// <summary>Messages of other shapes and words; where one has alerts inside, the test puts them there.</summary>
    public static TheoryData<int> ClosedInOtherWords() => [.. Enumerable.Range(0, Others.Count)];

    private static JsonArray Others =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "life", "closed-in-other-words.json")))!.AsArray();

    [Theory]
    [MemberData(nameof(ClosedInOtherWords))]
    public async Task Whatever_the_word_and_the_shape_what_is_closed_starts_nothing(int message)
    {
        var json = Others[message]!.DeepClone();
        if (json["alerts"] is JsonArray { Count: 1 } alerts)
            alerts[0] = alerts[0]!.ToString() == "OPEN ALERT" ? Life.Alert("inProgress") : Life.Alert("resolved", "falsePositive");
        await StartsNothingAsync(json);
    }

    private static async Task StartsNothingAsync(JsonNode message)
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, message);
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Outcome.ClosedAtSource, incident.Outcome);
        Assert.Empty(await world.PendingAsync());
        Assert.Empty(world.Pages());
        Assert.Empty(world.Containing());
        Assert.Equal(
            [AuditKinds.Received, AuditKinds.ClosedAtSource, AuditKinds.Outcome],
            (await world.RecordAsync(incident.Incident)).Select(e => e.Kind)
        );
    }

    [Theory]
    [InlineData("new")]
    [InlineData("inProgress")]
    [InlineData("In Progress")]
    [InlineData("a word of next year")]
    public async Task What_is_open_or_of_an_unknown_status_is_answered(string status)
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert(status));
        Assert.Single(await world.PendingAsync());
    }

    [Theory]
    [InlineData("falsePositive", true)]
    [InlineData("informationalExpectedActivity", true)]
    [InlineData("truePositive", false)]
    [InlineData(null, false)]
    public async Task A_request_that_waits_is_not_withdrawn_by_itself_and_people_are_told(string? classification, bool asks)
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert("new"));
        var before = world.Pages().Count;
        await Life.SendAsync(world, Life.Alert("resolved", classification, "2026-11-23T03:00:00Z"));

        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Contains("The source closed", await world.NoteOfAsync(id), StringComparison.Ordinal);
        Assert.Equal(asks ? 1 : 0, world.Pages().Count - before);
        var closing = (await world.IncidentsAsync()).Single(i => i.Number == 2);
        Assert.Equal(Outcome.ClosedAtSource, closing.Outcome);
        Assert.Equal(asks ? [id] : null, closing.Open?.Select(o => o.Id));

        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "withdraw", "the source says so"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_containment_in_effect_is_questioned_and_ended_by_a_person_only()
    {
        await using var world = await ContainedAsync();
        await Life.SendAsync(world, Life.Alert("resolved", "falsePositive", "2026-11-23T03:30:00Z"));

        Assert.False(await world.CanSignInAsync(World.Adele));
        var held = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal(ContainmentStatus.Live, held.Status);
        Assert.Contains("Withdraw or release?", held.Question, StringComparison.Ordinal);
        Assert.Contains(world.Pages(), p => p.Contains("is in effect until 2026-11-23 05:00", StringComparison.Ordinal));
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release", reason: "a false alarm"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Whoever_keeps_it_has_answered_the_question()
    {
        await using var world = await ContainedAsync();
        await Life.SendAsync(world, Life.Alert("resolved", "falsePositive", "2026-11-23T03:30:00Z"));
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "confirm", reason: "it was real"));
        await world.RunAsync();
        var held = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal((ContainmentStatus.Confirmed, null), (held.Status, held.Question));
    }

    [Fact]
    public async Task Each_alert_of_an_incident_that_is_closed_rings_no_phone_of_its_own()
    {
        await using var world = await ContainedAsync();
        var pages = world.Pages().Count;
        foreach (var id in (string[])["alert-1", "alert-2", "alert-3"])
        {
            var closed = Life.Alert("resolved", "falsePositive", "2026-11-23T03:30:00Z");
            closed["id"] = id;
            await Life.SendAsync(world, closed);
        }
        Assert.Equal(pages + 1, world.Pages().Count);
    }

    [Fact]
    public async Task What_is_closed_while_it_is_being_judged_is_not_asked_about()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Life.Alert("new"));
        await world.SendAsync(Life.Alert("resolved", "falsePositive", "2026-11-23T03:00:00Z"));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        Assert.All(await world.IncidentsAsync(), i => Assert.Equal(Outcome.ClosedAtSource, i.Outcome));
    }

    [Fact]
    public async Task The_closing_of_an_incident_closes_the_alerts_that_came_one_by_one()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Life.Alert("new"));
        var incident = Given.Sample("graph-incident-megan.json");
        var alert = Life.Alert("new");
        (incident["id"], incident["tenantId"]) = ("incident-1", alert["tenantId"]!.DeepClone());
        (incident["status"], incident["classification"]) = ("resolved", "falsePositive");
        incident["alerts"] = new JsonArray();
        await world.SendAsync(incident);
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
    }

    [Fact]
    public async Task Opened_again_it_is_answered_as_new_even_where_nothing_else_changed()
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert("resolved", "falsePositive", "2026-11-23T01:00:00Z"));
        await Life.SendAsync(world, Life.Alert("new", null, "2026-11-23T02:00:00Z"));
        Assert.Single(await world.PendingAsync());
        await Life.SendAsync(world, Life.Alert("resolved", "falsePositive", "2026-11-23T02:30:00Z"));
        await Life.SendAsync(world, Life.Alert("new", null, "2026-11-23T02:40:00Z"));
        var last = (await world.IncidentsAsync()).MaxBy(i => i.Number)!;
        Assert.Equal((4, NewsKind.Reopened), (last.Number, last.News!.Kind));
        Assert.StartsWith("opened again at its source", last.News.Text, StringComparison.Ordinal);
        Assert.Single(await world.PendingAsync()); // It is asked already, and one request is enough (S8).
    }

    [Fact]
    public async Task An_earlier_version_that_comes_after_the_closing_opens_nothing()
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert("resolved", "falsePositive", "2026-11-23T02:00:00Z"));
        await Life.SendAsync(world, Life.Alert("new", null, "2026-11-23T01:00:00Z"));
        Assert.Empty(await world.PendingAsync());
        Assert.All(await world.IncidentsAsync(), i => Assert.Equal(Outcome.ClosedAtSource, i.Outcome));
        Assert.Equal(0, (await world.TallyAsync()).Duplicates);
    }

    internal static async Task<World> ContainedAsync()
    {
        var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert("new"));
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        return world;
    }
}

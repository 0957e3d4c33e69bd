using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Incidents;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Incidents;

/// <summary>What can be sent to the queue, and what becomes of it: every message has exactly one outcome (S10).</summary>
public sealed class IntakeAbuseTests
{
    [Theory]
    [InlineData("", AlertReasons.Empty)]
    [InlineData("not an alert at all \u0000\u0001", AlertReasons.NotJson)]
    [InlineData("""{"id":"a","title":"cut in the mid""", AlertReasons.NotJson)]
    [InlineData("""{"hello":"world"}""", AlertReasons.UnknownShape)]
    [InlineData("[]", AlertReasons.NoAlert)]
    public async Task Garbage_goes_to_the_dead_letters_with_a_reason_a_person_understands_S10(string body, string reason)
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Encoding.UTF8.GetBytes(body), "m-1");
        await world.RunAsync();
        await AssertRejectedAsync(world, reason);
    }

    [Fact]
    public async Task A_depth_bomb_and_random_bytes_end_as_dead_letters_and_the_queue_keeps_moving_S10()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Encoding.UTF8.GetBytes(new string('[', 200_000)));
        await world.SendAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"evidence\":", 50_000)) + "1"));
        var noise = new byte[10_000];
        new Random(7).NextBytes(noise);
        await world.SendAsync(noise);
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();

        Assert.Equal(3, world.DeadLetters().Count);
        Assert.All(world.DeadLetters(), AssertExplained);
        var tally = await world.AssertAllAccountedAsync(4);
        Assert.Equal(1, tally[Outcome.Acted]);
    }

    [Fact]
    public async Task An_alert_of_5_MB_is_refused_by_the_queue_as_Service_Bus_does()
    {
        await using var world = await World.CreateAsync();
        var refused = await Assert.ThrowsAsync<MessageRefusedException>(() => world.SendAsync(Padded(5 * 1024 * 1024)));
        Assert.Equal(RefusalReason.TooLarge, refused.Reason);
        await world.AssertAllAccountedAsync(0);
    }

    [Fact]
    public async Task An_alert_over_the_parsers_limit_is_refused_by_the_parser_S10()
    {
        await using var world = await World.CreateAsync(o => o with { MaxMessageBytes = LocalQueueOptions.LargestAllowedMessage });
        // Service Bus premium takes up to 100 MB where it is told to; the local queue stops at 1 MB, so the bytes go to the door itself.
        Assert.Equal(
            AlertReasons.TooLarge,
            AlertParser.Read(Encoding.UTF8.GetBytes(Padded(AlertLimits.MaxBytes + 1).ToJsonString())).ReasonCode
        );
        // The largest that fits is an alert like any other.
        await world.SendAsync(Padded(900_000));
        await world.RunAsync();
        await world.AssertAllAccountedAsync(1);
        Assert.Empty(world.DeadLetters());
    }

    [Fact]
    public async Task An_alert_without_entities_becomes_a_ticket_S10()
    {
        await using var world = await World.CreateAsync();
        var alert = Given.MaliciousAddress();
        alert["Entities"] = "[]";
        await world.SendAsync(alert);
        await world.RunAsync();

        var tally = await world.AssertAllAccountedAsync(1);
        Assert.Equal(1, tally[Outcome.Ticketed]);
        Assert.Single(world.Effects("ticket.create"));
        Assert.Empty(world.Containing());
    }

    [Fact]
    public async Task The_same_alert_a_hundred_times_is_one_incident_and_99_counted_duplicates_S10()
    {
        await using var world = await World.CreateAsync();
        for (var i = 0; i < 100; i++)
            await world.SendAsync(WithoutEntities(), $"m-{i}");
        await world.RunAsync();
        await AssertOneIncidentAsync(world, sent: 100);
    }

    [Fact]
    public async Task The_same_alert_from_a_hundred_senders_at_once_is_one_incident_S10()
    {
        // In the background on real threads: messages race through the pump, not only onto the queue.
        await using var world = await World.CreateAsync();
        await world.Machine.Start();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => world.SendAsync(WithoutEntities(), $"m-{i}"))));
        await World.EventuallyAsync(async () => (await world.TallyAsync()) is { Left: 0, Total: 100 }, "100 messages have an outcome");
        await AssertOneIncidentAsync(world, sent: 100);
    }

    [Fact]
    public async Task The_same_message_id_twice_is_dropped_by_the_queue_and_is_no_duplicate_alert()
    {
        await using var world = await World.CreateAsync();
        for (var i = 0; i < 3; i++)
            await world.SendAsync(Given.MaliciousAddress(), "same");
        await world.RunAsync();
        var tally = await world.AssertAllAccountedAsync(1);
        Assert.Equal(0, tally.Duplicates);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // Others arrive between the two deliveries.
    public async Task A_redelivered_message_is_not_a_duplicate_S10(bool othersBetween)
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(alert: "a-1"), "m-1");
        // Delivered and worked on, but the completion never reaches the queue.
        await world.DeliverAndLoseCompletionAsync();
        await world.RunAsync();
        if (othersBetween)
        {
            for (var i = 2; i <= 4; i++)
                await world.SendAsync(Given.StolenAccount(alert: $"a-{i}"), $"m-{i}");
            await world.RunAsync();
        }
        await world.PassAsync(TimeSpan.FromMinutes(1)); // The lock ends; the message is delivered again.

        var tally = await world.AssertAllAccountedAsync(othersBetween ? 4 : 1);
        Assert.Equal(0, tally.Duplicates);
    }

    [Fact]
    public async Task Two_alerts_of_one_incident_share_a_chain_and_ask_once_about_the_same_target()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(alert: "a-1"));
        await world.SendAsync(Given.StolenAccount(alert: "a-2"));
        await world.RunAsync();

        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Single((await world.IncidentsAsync()).Select(i => i.Incident).Distinct());
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        Assert.Single(world.Effects("user.update", World.Adele));
        await world.SendAsync(Given.StolenAccount(alert: "a-3"));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        var incident = (await world.IncidentsAsync())[0].Incident;
        Assert.Equal(3, (await world.KindsAsync(incident)).Count(k => k == "received"));
        await world.AssertAllAccountedAsync(3);
    }

    [Fact]
    public async Task An_incident_that_comes_back_with_new_alerts_inside_is_processed()
    {
        await using var world = await World.CreateAsync();
        var first = Given.Sample("graph-incident-megan.json");
        await world.SendAsync(first, "m-1");
        await world.RunAsync();
        await world.SendAsync(Given.Sample("graph-incident-megan.json"), "m-2");
        await world.RunAsync();
        Assert.Equal(1, (await world.TallyAsync()).Duplicates);

        var more = Given.Sample("graph-incident-megan.json");
        var another = more["alerts"]!.AsArray()[0]!.DeepClone();
        another["id"] = "another-alert";
        more["alerts"]!.AsArray().Add(another);
        await world.SendAsync(more, "m-3");
        await world.RunAsync();

        var alerts = await world.IncidentsAsync();
        Assert.Equal(2, alerts.Count);
        Assert.Single(alerts.Select(a => a.Incident).Distinct());
        await world.AssertAllAccountedAsync(3);
    }

    [Fact]
    public async Task A_mixed_morning_is_accounted_for_to_the_last_message_S10()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.MaliciousAddress("w-1", "203.0.113.1")); // acted
        await world.SendAsync(Given.MaliciousAddress("w-1", "203.0.113.1")); // duplicate
        await world.SendAsync(WithoutEntities()); // ticketed
        await world.SendAsync("garbage"u8.ToArray()); // dead-lettered
        await world.SendAsync(Given.StolenAccount(World.Adele, "s-1", "i-1")); // asked: denied
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "deny"));
        await world.RunAsync();
        await world.SendAsync(Given.StolenAccount(World.Megan, "s-2", "i-2")); // awaiting
        await world.RunAsync();

        var tally = await world.AssertAllAccountedAsync(6);
        Assert.Equal(
            (1, 1, 1, 1, 1, 1),
            (
                tally[Outcome.Acted],
                tally[Outcome.Ticketed],
                tally[Outcome.Asked],
                tally[Outcome.Awaiting],
                tally.Duplicates,
                tally.DeadLettered
            )
        );
        await world.AssertRecordsWholeAsync();
    }

    private static JsonNode WithoutEntities()
    {
        var alert = Given.MaliciousAddress("empty-1");
        alert["Entities"] = "";
        return alert;
    }

    private static JsonNode Padded(int bytes)
    {
        var alert = Given.MaliciousAddress("padded-1");
        alert["Description"] = new string('x', bytes);
        return alert;
    }

    private static async Task AssertOneIncidentAsync(World world, int sent)
    {
        var tally = await world.AssertAllAccountedAsync(sent);
        Assert.Equal(sent - 1, tally.Duplicates);
        Assert.Single(await world.IncidentsAsync());
        Assert.Single(world.Effects("ticket.create"));
        Assert.Empty(world.DeadLetters());
    }

    private static async Task AssertRejectedAsync(World world, string reason)
    {
        var dead = Assert.Single(world.DeadLetters());
        Assert.Equal(reason, dead.DeadLetterReason);
        AssertExplained(dead);
        Assert.Empty(await world.IncidentsAsync());
        Assert.Empty(await world.RegistersAsync());
        Assert.Empty(world.Machine.Tenant.Journal.Entries);
        Assert.Equal(0, world.Machine.Alerts.Counts.Active);
    }

    private static void AssertExplained(Azure.Messaging.ServiceBus.ServiceBusReceivedMessage dead)
    {
        Assert.False(string.IsNullOrEmpty(dead.DeadLetterReason));
        Assert.Matches("[a-z]{3,}.* .*\\.", dead.DeadLetterErrorDescription); // a sentence, not a code
    }
}

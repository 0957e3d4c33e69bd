using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Record;

namespace IRFunctions.Tests.Approvals;

/// <summary>A click on a card: what counts, and every one that must not, with the entry it leaves.</summary>
public sealed class ClickTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Approved_on_the_phone_it_runs_and_every_copy_says_so()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        await teams.World.PassAsync(6 * Minute); // The secondary has a copy by now.
        var answer = await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Sam)), World.Sam, "approve");
        Assert.Equal((200, 200), (answer.Http, answer.Status));
        Assert.DoesNotContain(TeamsWorld.Actions(answer.Body!["value"]), a => (string?)a["verb"] == "approve");
        await teams.World.RunAsync();

        Assert.False(await teams.World.CanSignInAsync(World.Adele));
        foreach (var person in (string[])[World.Alex, World.Sam])
        {
            var card = Assert.Single(teams.CardsOf(person));
            Assert.Contains("Executed: in effect now", card.Content.ToJsonString(), StringComparison.Ordinal);
            Assert.Contains("Sam Second", card.Content.ToJsonString(), StringComparison.Ordinal);
            Assert.Equal(["confirm", "release"], TeamsWorld.Actions(card.Content).Select(a => (string)a["verb"]!));
        }
        Assert.Empty(teams.CardsOf(World.Morgan));
    }

    [Fact]
    public async Task The_record_proves_who_decided_on_which_card_with_which_token()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        var click = TeamsWorld.Click(card, World.Alex, "approve", "matches the sign-in log");
        await teams.PostAsync(click);
        await teams.World.RunAsync();
        var record = await teams.World.RecordAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident);
        var answered = Assert.Single(record, e => e.Kind == AuditKinds.Answered);
        Assert.Equal(World.Alex, answered.Actor);
        Assert.Contains("matches the sign-in log", answered.Text, StringComparison.Ordinal);
        var data = JsonNode.Parse(answered.Data!)!;
        Assert.Equal((string)click["id"]!, (string?)data["proof"]!["activity"]);
        Assert.Equal(card.Activity, (string?)data["proof"]!["card"]);
        Assert.Equal(ApprovalCard.HashOf((JsonObject)card.Content), (string?)data["proof"]!["cardHash"]);
        Assert.NotNull(data["proof"]!["tokenIssuedAt"]);
        var closed = Assert.Single(record, e => e.Kind == AuditKinds.Closed);
        Assert.Contains("approved after", closed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Denied_nothing_runs_and_the_word_is_denied()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "deny", "known travel");
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains("Denied: nothing ran", Assert.Single(teams.CardsOf(World.Alex)).Content.ToJsonString(), StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(
        string rule,
        Action<JsonObject> change,
        string person = World.Alex,
        string verb = "approve",
        Func<TeamsWorld, Task>? before = null
    )
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        if (before is not null)
            await before(teams);
        var entries = (await teams.RefusedAsync()).Count;
        var click = TeamsWorld.Click(card, person, verb);
        change(click);
        var answer = await teams.PostAsync(click);
        Assert.Equal(200, answer.Http);
        Assert.Equal("application/vnd.microsoft.error", (string?)answer.Body!["type"]);
        Assert.InRange(answer.Status, 400, 499);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        var entry = Assert.Single((await teams.RefusedAsync()).Skip(entries));
        Assert.Contains(rule, entry.Text, StringComparison.Ordinal);
        var nonce = (string)TeamsWorld.Actions(card.Content).First()["data"]!["requests"]![0]!["nonce"]!;
        Assert.DoesNotContain(nonce, entry.Text + entry.Data, StringComparison.Ordinal);
    }

    private static JsonObject Request(JsonObject click) => (JsonObject)click["value"]!["action"]!["data"]!["requests"]![0]!;

    [Theory]
    [InlineData(null)]
    [InlineData("Alex")]
    [InlineData("00000000000040008000000000000b1")]
    public Task Without_an_object_id_nobody_clicked(string? id) => RefusedAsync("no-person", c => c["from"]!["aadObjectId"] = id);

    [Theory]
    [InlineData("approval-000000000000000000000000")]
    [InlineData("incident-1")]
    [InlineData("")]
    public Task A_request_that_does_not_exist(string id) => RefusedAsync("unknown-request", c => Request(c)["id"] = id);

    [Fact]
    public Task A_card_without_requests() => RefusedAsync("unknown-request", c => c["value"]!["action"]!["data"] = new JsonObject());

    [Theory]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public Task A_guessed_nonce(string nonce) => RefusedAsync("nonce", c => Request(c)["nonce"] = nonce);

    [Theory]
    [InlineData("run")]
    [InlineData("")]
    [InlineData("APPROVE")]
    public Task A_button_we_never_made(string verb) => RefusedAsync("verb", c => c["value"]!["action"]!["verb"] = verb);

    [Theory]
    [InlineData("automatic")]
    [InlineData("something-new")]
    public Task A_client_that_refreshes_by_itself_decides_nothing(string trigger) =>
        RefusedAsync("automatic", c => c["value"]!["trigger"] = trigger);

    [Fact]
    public async Task A_missing_trigger_is_a_persons_click()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var click = TeamsWorld.Click(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        ((JsonObject)click["value"]!).Remove("trigger");
        Assert.Equal(200, (await teams.PostAsync(click)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(501)]
    public Task No_reason_or_a_novel(object reason) =>
        RefusedAsync("reason", c => c["value"]!["action"]!["data"]!["reason"] = reason as string ?? new string('x', (int)reason));

    [Fact]
    public Task A_card_that_was_forwarded_to_another_chat() =>
        RefusedAsync("copied-card", c => c["conversation"]!["id"] = TeamsWorld.ChatOf(World.Sam));

    [Fact]
    public Task A_copy_of_a_card_in_the_same_chat() => RefusedAsync("copied-card", c => c["replyToId"] = "card-999999");

    [Fact]
    public Task The_card_of_another_request() => RefusedAsync("copied-card", c => c["replyToId"] = "");

    [Fact]
    public Task Somebody_who_is_not_on_the_ladder() => RefusedAsync("not-an-approver", _ => { }, World.Outsider);

    [Fact]
    public Task A_request_of_four_cards_at_once_is_not_one_of_ours() =>
        RefusedAsync(
            "unknown-request",
            c =>
            {
                var list = (JsonArray)c["value"]!["action"]!["data"]!["requests"]!;
                list.Add(list[0]!.DeepClone());
            }
        );

    [Fact]
    public async Task A_channel_click_counts_although_its_conversation_names_the_message()
    {
        await using var teams = await TeamsWorld.CreateAsync(
            settings: new Dictionary<string, string?> { ["Teams:Channel"] = "19:soc@thread.tacv2" }
        );
        await teams.AskedAsync();
        var card = Assert.Single(teams.Teams.Cards);
        Assert.Equal("19:soc@thread.tacv2", card.Conversation);
        var click = TeamsWorld.Click(card, World.Alex, "approve");
        click["conversation"]!["id"] = $"{card.Conversation};messageid={card.Activity}";
        Assert.Equal(200, (await teams.PostAsync(click)).Status);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Nobody_decides_about_their_own_account_S9()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.World.SendAsync(Given.StolenAccount(World.Alex));
        await teams.World.RunAsync();
        foreach (var card in teams.CardsOf(World.Alex))
        {
            var answer = await teams.ClickAsync(card, World.Alex, "approve");
            Assert.Equal("is-target", answer.Code);
        }
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Alex));
    }

    [Fact]
    public async Task Two_accounts_of_one_person_are_one_voice()
    {
        await using var teams = await TeamsWorld.CreateAsync(
            ladder => ladder.Replace("name: Sam Second", $"name: Sam Second, owner: {World.Alex}", StringComparison.Ordinal),
            actions: TeamsWorld.FourEyes
        );
        await teams.AskedAsync();
        await teams.World.PassAsync(6 * Minute);
        Assert.Equal(200, (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve")).Status);
        await teams.World.RunAsync();
        Assert.Equal("same-owner", (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Sam)), World.Sam, "approve")).Code);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Four_eyes_are_two_people_and_the_first_sees_that_one_more_is_needed()
    {
        await using var teams = await TeamsWorld.CreateAsync(actions: TeamsWorld.FourEyes);
        await teams.AskedAsync();
        await teams.World.PassAsync(6 * Minute);
        var alex = Assert.Single(teams.CardsOf(World.Alex));
        Assert.Equal(200, (await teams.ClickAsync(alex, World.Alex, "approve")).Status);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains("Alex Analyst", Assert.Single(teams.CardsOf(World.Sam)).Content.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(200, (await teams.ClickAsync(alex, World.Alex, "approve")).Status); // Again: shows how it stands,
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele)); // and counts once.
        Assert.Equal(200, (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Sam)), World.Sam, "approve")).Status);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task The_same_click_again_gets_the_final_card_and_has_no_second_effect()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var click = TeamsWorld.Click(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await teams.PostAsync(click.DeepClone())).Status);
        await teams.World.RunAsync();
        var replay = await teams.PostAsync(click.DeepClone());
        Assert.Contains("Executed: in effect now", replay.Text, StringComparison.Ordinal);
        await teams.World.RunAsync();
        Assert.Single(teams.World.Effects("user.update", World.Adele));
        var record = await teams.World.KindsAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident);
        Assert.Single(record, AuditKinds.Answered);
        Assert.Single(record, AuditKinds.Granted);
    }

    [Fact]
    public async Task A_click_after_the_end_hears_that_it_expired_and_changes_nothing()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var click = TeamsWorld.Click(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.PassAsync(40 * Minute);
        foreach (var person in (string[])[World.Alex, World.Sam, World.Morgan])
            Assert.Contains(
                "Expired: nobody decided in time",
                Assert.Single(teams.CardsOf(person)).Content.ToJsonString(),
                StringComparison.Ordinal
            );
        var late = await teams.PostAsync(click);
        Assert.Contains("Expired: nobody decided in time", late.Text, StringComparison.Ordinal);
        Assert.Contains(await teams.RefusedAsync(), e => e.Text.Contains("already-decided", StringComparison.Ordinal));
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Asking_for_more_shows_all_evidence_keeps_the_clock_running_and_is_noted()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        var deadline = (await teams.World.PendingAsync())[0].View.Deadline;
        var answer = await teams.ClickAsync(card, World.Alex, "more", reason: null);
        Assert.Equal(200, answer.Status);
        Assert.Contains("The clock keeps running", answer.Text, StringComparison.Ordinal);
        await teams.World.RunAsync();
        Assert.Equal(deadline, (await teams.World.PendingAsync())[0].View.Deadline);
        await teams.World.PassAsync(40 * Minute);
        var closed = Assert.Single(
            await teams.World.RecordAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident),
            e => e.Kind == AuditKinds.Closed
        );
        var data = JsonNode.Parse(closed.Data!)!;
        Assert.Equal([World.Alex], data["looked"]!.AsArray().Select(n => (string?)n));
        Assert.Equal([World.Sam, World.Morgan], data["didNotLook"]!.AsArray().Select(n => (string?)n));
        Assert.Equal(1800, (int?)data["seconds"]);
    }

    [Fact]
    public async Task While_it_is_live_the_card_confirms_or_releases()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.RunAsync();
        Assert.Equal("not-in-group", (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Outsider, "release")).Code);
        var answer = await teams.ClickAsync(
            Assert.Single(teams.CardsOf(World.Alex)),
            World.Alex,
            "release",
            "called the owner: it was them"
        );
        Assert.Contains("Being undone now", answer.Text, StringComparison.Ordinal);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains(
            "Released: undone by a person",
            Assert.Single(teams.CardsOf(World.Alex)).Content.ToJsonString(),
            StringComparison.Ordinal
        );
        Assert.Equal(ContainmentStatus.Released, (await teams.World.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task Before_the_undo_a_fresh_card_reminds_and_confirming_it_keeps_the_containment()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.PassAsync(61 * Minute);
        var reminder = teams.CardsOf(World.Alex)[^1];
        Assert.Equal(2, teams.CardsOf(World.Alex).Count);
        Assert.Contains("Will be undone soon", reminder.Content.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(200, (await teams.ClickAsync(reminder, World.Alex, "confirm", "really stolen")).Status);
        await teams.World.PassAsync(TimeSpan.FromHours(5));
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
        Assert.All(
            teams.CardsOf(World.Alex),
            c => Assert.Contains("Confirmed: it stays", c.Content.ToJsonString(), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Left_alone_it_undoes_itself_and_the_card_says_so()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.All(teams.CardsOf(World.Alex), c => Assert.Contains("Undone by itself", c.Content.ToJsonString(), StringComparison.Ordinal));
        var late = await teams.PostAsync(await OldReleaseAsync(teams));
        Assert.Contains("Undone by itself", late.Text, StringComparison.Ordinal);
        Assert.Contains(await teams.RefusedAsync(), e => e.Text.Contains("not-live", StringComparison.Ordinal));
    }

    /// <summary>The buttons are gone; an old client may still have them on the screen.</summary>
    private static async Task<JsonObject> OldReleaseAsync(TeamsWorld teams)
    {
        var id = Assert.Single(await teams.Get<CardTable>().RequestsOfAsync(World.DisableOf(World.Adele), default));
        var request = new JsonObject { ["id"] = id, ["nonce"] = (await teams.Get<ApprovalRegister>().FindAsync(id, default))!.Nonce };
        var button = new JsonObject
        {
            ["type"] = "Action.Execute",
            ["verb"] = "release",
            ["data"] = new JsonObject { ["requests"] = new JsonArray(request) },
        };
        return TeamsWorld.Click(teams.CardsOf(World.Alex)[0] with { Content = button }, World.Alex, "release");
    }
}

using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;
using IRFunctions.People;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Approvals;

/// <summary>
/// Conflicts of interest and what cannot be known: nobody decides for themselves, by any account, and doubt is a no. Each leaves its entry.
/// </summary>
public sealed class ConflictTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static async Task AssertRefusedAsync(TeamsWorld teams, string rule, HeldCard? card = null)
    {
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        var entry = Assert.Single(await teams.RefusedAsync(), e => e.Text.Contains(rule, StringComparison.Ordinal));
        if (card is not null)
            Assert.Equal(ApprovalCard.HashOf((JsonObject)card.Content), (string?)JsonNode.Parse(entry.Data!)!["cardHash"]);
    }

    [Fact]
    public async Task Whoever_asked_for_it_does_not_decide_it()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var view = (await teams.World.ViewAsync(await teams.AskedAsync()))!;
        LadderRung[] ladder =
        [
            .. view.Rungs.Select(r => new LadderRung(r.Name, r.StartsAt - view.AskedAt, r.Approvers) { Group = r.Group }),
        ];
        await teams.World.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(ApprovalOrchestrator),
            new ApprovalInput(view.Request with { RequestedBy = World.Alex }, ladder, 30 * Minute),
            new("approval-on-a-wish"),
            default
        );
        await teams.World.RunAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex)); // Both on one card; the second is the wish.
        Assert.Equal("is-requester", (await teams.ClickAsync(card, World.Alex, "approve", index: 1)).Code);
        await AssertRefusedAsync(teams, "is-requester", card);
    }

    [Fact]
    public async Task A_group_that_cannot_be_read_at_the_click_is_a_no()
    {
        await using var teams = await TeamsWorld.CreateAsync(RaceTests.InEntra);
        await teams.AskedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        teams.World.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/v1.0/users/*", "POST"));
        Assert.Equal("group-unknown", (await teams.ClickAsync(card, World.Alex, "approve")).Code);
        await AssertRefusedAsync(teams, "group-unknown", card);
    }

    [Fact]
    public async Task A_late_click_leaves_an_entry()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        teams.World.Time.AdvanceTo((await teams.World.PendingAsync())[0].View.Deadline); // The timer has not been worked off.
        Assert.Equal("late", (await teams.ClickAsync(card, World.Alex, "approve")).Code);
        await AssertRefusedAsync(teams, "late: The deadline was");
    }

    [Theory]
    [InlineData("release")]
    [InlineData("confirm")]
    public async Task Another_account_of_the_one_who_is_contained_changes_nothing(string change)
    {
        await using var teams = await TeamsWorld.CreateAsync(ladder =>
            ladder.Replace("name: Sam Second", $"name: Sam Second, owner: {World.Adele}", StringComparison.Ordinal)
        );
        await teams.AskedAsync();
        await teams.World.PassAsync(6 * Minute);
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.RunAsync();
        Assert.Equal("is-target", (await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Sam)), World.Sam, change)).Code);
        Assert.Equal(403, await teams.World.ChangeAsync(World.DisableOf(World.Adele), change, World.Sam));
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
        Assert.Equal(2, (await teams.RefusedAsync()).Count(e => e.Text.Contains("is-target", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_account_of_the_one_who_is_contained_restores_nothing_either()
    {
        await using var teams = await TeamsWorld.CreateAsync(ladder =>
            ladder.Replace("name: Sam Second", $"name: Sam Second, owner: {World.Adele}", StringComparison.Ordinal)
        );
        await teams.AskedAsync();
        await teams.ClickAsync(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, "approve");
        await teams.World.RunAsync();
        var point = Assert.Single(
            await teams.Get<RecoveryPoints>().OfIncidentAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident)
        );
        var api = ActivatorUtilities.CreateInstance<RecoveryApi>(teams.World.Machine.Services);
        var answer = (ObjectResult)
            await api.RestoreAsync(World.Request(World.Sam, new { reason = "it was me" }), point.Id, teams.World.Client, default);
        Assert.Equal(403, answer.StatusCode);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains(await teams.RefusedAsync(), e => e.Actor == World.Sam && e.Text.Contains("is-target", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_climb_shows_on_the_copies_sent_before()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        Assert.Contains("Asked now: primary", Assert.Single(teams.CardsOf(World.Alex)).Content.ToJsonString(), StringComparison.Ordinal);
        await teams.World.PassAsync(6 * Minute);
        Assert.Contains("Asked now: secondary", Assert.Single(teams.CardsOf(World.Alex)).Content.ToJsonString(), StringComparison.Ordinal);
        await teams.World.PassAsync(10 * Minute);
        Assert.All(
            (string[])[World.Alex, World.Sam, World.Morgan],
            p => Assert.Contains("Asked now: manager", Assert.Single(teams.CardsOf(p)).Content.ToJsonString(), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Where_the_app_is_added_to_a_team_its_conversation_is_remembered()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var added = TeamsWorld.Install(World.Alex);
        added["type"] = "conversationUpdate";
        added["conversation"] = new JsonObject
        {
            ["id"] = "19:soc@thread.tacv2;messageid=1",
            ["tenantId"] = TenantSeed.TenantId,
            ["conversationType"] = "channel",
        };
        Assert.Equal(200, (await teams.PostAsync(added)).Http);
        var known = await teams.Get<ConversationTable>().FindChannelAsync("19:soc@thread.tacv2", default);
        Assert.Equal((TeamsWorld.ServiceUrl, "19:soc@thread.tacv2", ""), (known!.ServiceUrl, known.Conversation, known.UserId));
        Assert.Equal(
            TeamsWorld.ChatOf(World.Alex),
            (await teams.Get<ConversationTable>().FindPersonAsync(World.Alex, default))!.Conversation
        );
    }
}

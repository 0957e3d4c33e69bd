using IRFunctions.Approvals;

namespace IRFunctions.Tests.Approvals;

/// <summary>
/// Many requests of one flood are one card and one ring of the phone (S8); one answer can decide all of them, each on its own record.
/// </summary>
public sealed class FloodTests
{
    private const int PerMinute = 20; // add_ip_to_watchlist in policies/budgets.yaml
    private const int Over = 9;

    [Fact]
    public async Task What_is_over_one_budget_comes_as_one_card_and_one_page_and_one_click_decides_it_S8()
    {
        await using var teams = await FloodedAsync();
        var card = Assert.Single(teams.CardsOf(World.Alex));
        Assert.Contains($"Approve all {Over}", card.Content.ToJsonString(), StringComparison.Ordinal);
        Assert.Single(teams.World.Pages(), p => p.Contains("may add_ip_to_watchlist run", StringComparison.Ordinal));

        var click = await teams.PostAsync(TeamsWorld.Click(card, World.Alex, ApprovalCard.Approve, index: Over));
        Assert.Equal(200, click.Status);
        await teams.World.RunAsync();
        Assert.Equal(PerMinute + Over, teams.World.Effects("watchlistItem.put").Count);
        Assert.Empty(await teams.World.PendingAsync());
        await teams.World.AssertRecordsWholeAsync();
    }

    [Fact]
    public async Task One_of_a_flood_is_denied_alone()
    {
        await using var teams = await FloodedAsync();
        var click = await teams.PostAsync(
            TeamsWorld.Click(Assert.Single(teams.CardsOf(World.Alex)), World.Alex, ApprovalCard.Deny, index: 2)
        );
        Assert.Equal(200, click.Status);
        await teams.World.RunAsync();
        Assert.Equal(Over - 1, (await teams.World.PendingAsync()).Count);
        Assert.Equal(PerMinute, teams.World.Effects("watchlistItem.put").Count);
    }

    private static async Task<TeamsWorld> FloodedAsync()
    {
        var teams = await TeamsWorld.CreateAsync();
        for (var i = 1; i <= PerMinute + Over; i++)
            await teams.World.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i}"));
        await teams.World.RunAsync();
        await teams.World.PassAsync(TimeSpan.FromSeconds(30)); // Those that met another sender tried again.
        Assert.Equal(Over, (await teams.World.PendingAsync()).Count);
        return teams;
    }
}

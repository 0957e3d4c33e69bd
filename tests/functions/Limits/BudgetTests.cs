using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Limits;

namespace IRFunctions.Tests.Limits;

/// <summary>Budgets: what exceeds them asks a person, and nothing is dropped (S8).</summary>
public sealed class BudgetTests
{
    private const int PerMinute = 20; // add_ip_to_watchlist in policies/budgets.yaml

    [Fact]
    public async Task More_identical_actions_than_the_budget_ask_a_person_and_none_is_dropped_S8()
    {
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= PerMinute + 7; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i}"));
        await world.RunAsync();

        Assert.Equal(PerMinute, world.Effects("watchlistItem.put").Count);
        var pending = await world.PendingAsync();
        Assert.Equal(7, pending.Count);
        await world.AssertAllAccountedAsync(PerMinute + 7);
        foreach (var (id, _) in pending)
            Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        Assert.Equal(PerMinute + 7, world.Effects("watchlistItem.put").Count); // A person's yes is above the budget.
    }

    [Fact]
    public async Task The_budget_is_back_when_its_minute_is_over_S8()
    {
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= PerMinute; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i}"));
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await world.SendAsync(Given.MaliciousAddress("late", "203.0.113.200"));
        await world.RunAsync();
        Assert.Equal(PerMinute + 1, world.Effects("watchlistItem.put").Count);
        Assert.Empty(await world.PendingAsync());
    }

    [Fact]
    public async Task What_asks_because_one_budget_is_used_up_does_not_use_up_the_others_S8()
    {
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= PerMinute + 15; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i}"));
        await world.RunAsync();
        // 15 were refused by the action's budget; the tenant's (30 a minute) has counted only what ran.
        var spent = await world.EntityAsync<RateLimitState>(RateLimit.For("tenant", OwnTenant.Key));
        Assert.Equal(PerMinute, spent!.TakenByMinute.Values.Sum());
    }

    [Fact]
    public async Task A_flood_of_1000_alerts_over_1000_addresses_is_accounted_for_to_the_last_S8_S10()
    {
        await using var world = await World.CreateAsync();
        const int flood = 1000;
        for (var i = 0; i < flood; i++)
            await world.SendAsync(Given.MaliciousAddress($"f-{i}", $"203.0.{i / 250}.{i % 250 + 1}"));
        await world.RunAsync();

        var tally = await world.AssertAllAccountedAsync(flood);
        Assert.Equal((PerMinute, flood - PerMinute), (tally[Outcome.Acted], tally[Outcome.Awaiting]));
        Assert.Equal(PerMinute, world.Effects("watchlistItem.put").Count);
        Assert.All(await world.ContainmentsAsync(), c => Assert.Equal(ContainmentStatus.Live, c.State.Status));
    }

    [Fact]
    public async Task What_a_flood_left_to_people_ends_as_tickets_where_nobody_answers_S8_S10()
    {
        const int flood = 60;
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= flood; i++)
            await world.SendAsync(Given.MaliciousAddress($"f-{i}", $"203.0.113.{i}"));
        await world.RunAsync();
        var (tickets, comments) = (world.Effects("ticket.create").Count, world.Effects("ticket.comment").Count);

        // Nobody answers: each of the rest stands in a ticket, by itself. 46 were opened here; now they are comments of that of the flood.
        await world.PassAsync(TimeSpan.FromMinutes(30));
        var tally = await world.AssertAllAccountedAsync(flood);
        Assert.Equal((PerMinute, flood - PerMinute), (tally[Outcome.Acted], tally[Outcome.Asked]));
        Assert.Equal(tickets, world.Effects("ticket.create").Count);
        Assert.Equal(comments + flood - PerMinute, world.Effects("ticket.comment").Count);
        Assert.Empty(await world.PendingAsync());
    }

    [Fact]
    public async Task One_address_in_many_incidents_is_held_by_each_and_changed_once_S6_S8()
    {
        await using var world = await World.CreateAsync();
        for (var i = 0; i < 6; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", "203.0.113.9"));
        await world.PassAsync(TimeSpan.FromSeconds(30)); // An order that finds another at work looks again shortly.
        Assert.Single(world.Effects("watchlistItem.put"));
        Assert.Single(await world.ContainmentsAsync());
        await world.AssertAllAccountedAsync(6);
        Assert.All(
            await world.PendingAsync(),
            p => Assert.Contains("203.0.113.9", p.View.Request.Decision.Target.Key, StringComparison.Ordinal)
        );
    }
}

using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;
using Pager = IRFunctions.People.Pager;
using Tickets = IRFunctions.People.Tickets;

namespace IRFunctions.Tests.People;

/// <summary>
/// What a flood says to people is joined (S8): in the attack on the running pipeline 45 alerts made 45 tickets and 66 pages. Nothing that
/// is joined is lost: each ticket is a comment with its incident and alert, each page stands in the pager's log.
/// </summary>
public sealed class NoticeGroupsTests
{
    private const int Alerts = 45;

    [Fact]
    public async Task Forty_five_alerts_at_once_open_six_tickets_and_ring_a_few_times_S8()
    {
        await using var world = await World.CreateAsync();
        await FloodAsync(world, "flood");

        Assert.Equal(Tickets.Alone + 1, world.Effects("ticket.create").Count);
        Assert.Equal(Alerts - Tickets.Alone, world.Effects("ticket.comment").Count);
        // For an analyst to know: a few, and one more that says that there are many. To be answered: one request, which all joined.
        Assert.Equal(Pager.Alone + 1 + 1, world.Pages().Count);
        Assert.Single(await world.PendingAsync());
        Assert.Single(world.Pages(), p => p.StartsWith("MANY AT ONCE: until 2026-11-23 03:10:00 UTC", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_alert_of_a_flood_stands_in_a_ticket_and_in_the_pagers_log_S10()
    {
        await using var world = await World.CreateAsync();
        await FloodAsync(world, "flood");

        var tickets = (await TicketsAsync(world)).ToList();
        for (var i = 0; i < Alerts; i++)
            Assert.Single(tickets, t => (string?)t["alert"] == $"flood-{i}" && ((string?)t["incident"] ?? "").Length > 0);
        Assert.Equal(Alerts + 1, world.Machine.Tenant.Journal.Entries.Count(e => e.Effect == "page.trigger"));
    }

    [Fact]
    public async Task While_the_flood_goes_on_it_rings_once_in_ten_minutes_and_afterwards_as_ever_S8()
    {
        await using var world = await World.CreateAsync();
        await FloodAsync(world, "first");
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "deny"));

        await world.PassAsync(Pager.Window);
        await FloodAsync(world, "second");
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "deny"));
        Assert.Equal(["Unfamiliar", "Unfamiliar", "Unfamiliar", "MANY", "MANY"], Notifications(world));

        await world.PassAsync(3 * Pager.Window);
        await world.SendAsync(Given.StolenAccount(alert: "later", incident: "incident-later"));
        await world.RunAsync();
        Assert.Equal(["Unfamiliar", "Unfamiliar", "Unfamiliar", "MANY", "MANY", "Unfamiliar"], Notifications(world));

        // Requests ring for themselves: two there were, and a third.
        static IEnumerable<string> Notifications(World world) =>
            world.Pages().Where(p => !p.Contains("asked primary", StringComparison.Ordinal)).Select(p => p.Split(' ')[0]);
    }

    [Fact]
    public async Task A_ticket_system_without_comments_gets_a_ticket_for_each_alert_S10()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Absent, "/itsm/tickets/*/comments", "POST", Count: 100));
        await FloodAsync(world, "flood");

        var tickets = await TicketsAsync(world);
        for (var i = 0; i < Alerts; i++)
            Assert.Single(tickets, t => (string?)t["alert"] == $"flood-{i}");
    }

    /// <summary>An incident for each alert, all about one account.</summary>
    private static async Task FloodAsync(World world, string name)
    {
        for (var i = 0; i < Alerts; i++)
            await world.SendAsync(Given.StolenAccount(alert: $"{name}-{i}", incident: $"incident-{name}-{i}"));
        await world.RunAsync();
    }

    /// <summary>Tickets and comments.</summary>
    private static async Task<IReadOnlyList<JsonNode>> TicketsAsync(World world)
    {
        var all = (await world.TenantAsync("itsm/tickets"))["tickets"]!.AsArray();
        return [.. all.Select(t => t!), .. all.SelectMany(t => t!["comments"] as JsonArray ?? []).Select(c => c!)];
    }
}

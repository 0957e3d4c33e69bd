using System.Text.Json.Nodes;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Limits;

namespace IRFunctions.Tests.Incidents;

/// <summary>The attack's kinds 9 and 11: news is no duplicate (S10), and no alert brings a budget of its own (S8).</summary>
public sealed class NewsTests
{
    [Theory]
    [InlineData("severity")]
    [InlineData("entity")]
    public async Task The_same_alert_with_news_is_worked_on_and_the_same_again_is_not_S10(string news)
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Medium());
        await world.RunAsync();
        var changed = Medium();
        if (news == "severity")
            changed["severity"] = "high";
        else
            changed["evidence"]!
                .AsArray()
                .Add(new JsonObject { ["@odata.type"] = "#microsoft.graph.security.ipEvidence", ["ipAddress"] = "203.0.113.99" });
        await world.SendAsync(changed);
        await world.RunAsync();
        Assert.Equal(2, (await world.IncidentsAsync()).Count);
        await world.SendAsync(changed);
        await world.SendAsync(Medium());
        await world.RunAsync();
        Assert.Equal(2, (await world.IncidentsAsync()).Count);
        Assert.Equal(2, (await world.TallyAsync()).Duplicates);

        static JsonNode Medium()
        {
            var alert = Given.StolenAccount();
            alert["severity"] = "medium";
            return alert;
        }
    }

    [Theory]
    [InlineData("004")]
    [InlineData("005")]
    public async Task What_comes_later_in_the_same_alert_is_asked_about_and_shown_as_news(string number)
    {
        await using var world = await World.CreateAsync();
        foreach (var message in Life.Messages(number))
            await Life.SendAsync(world, message);
        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal(World.Adele, view.Request.Decision.Target.Id);
        var incidents = await world.IncidentsAsync();
        Assert.Equal([null, NewsKind.Changed], incidents.Select(i => i.News?.Kind));
        Assert.Contains("0 entities before, 1 now", incidents[1].News!.Text, StringComparison.Ordinal);
        Assert.Contains(
            await world.RecordAsync(incidents[1].Incident),
            e => e.Text.Contains("news about a known alert: ", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("006", "deny")]
    [InlineData("006", "withdraw")]
    [InlineData("006", "nothing")]
    [InlineData("007", "release")]
    [InlineData("007", "nothing")]
    public async Task A_claim_ends_with_its_request_or_its_containment(string number, string then)
    {
        await using var world = await World.CreateAsync();
        var messages = Life.Messages(number);
        await Life.SendAsync(world, messages[0]);
        var (id, _) = Assert.Single(await world.PendingAsync());
        if (number == "007")
        {
            await world.AnswerAsync(id, World.Alex, "approve");
            await world.RunAsync();
        }
        if (then is "deny" or "withdraw")
            Assert.Equal(202, await world.AnswerAsync(id, World.Alex, then));
        if (then == "release")
            Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.PassAsync(TimeSpan.FromHours(3)); // Longer than every window and the hold of two hours.
        await Life.SendAsync(world, messages[1]);
        Assert.Single(await world.PendingAsync());
    }

    [Theory]
    [InlineData("inProgress", null)]
    [InlineData("inProgress", "truePositive")]
    public async Task Another_status_while_it_stays_open_is_noted_once_and_nobody_is_asked_again(string status, string? classification)
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Alert("new"));
        var pages = world.Pages().Count;
        await Life.SendAsync(world, Life.Alert(status, classification, "2026-11-23T03:00:00Z"));
        var second = (await world.IncidentsAsync()).Single(i => i.Number == 2);
        Assert.Equal((Outcome.Joined, NewsKind.Standing), (second.Outcome, second.News!.Kind));
        Assert.Equal(pages, world.Pages().Count);
        Assert.Equal(0, (await world.TallyAsync()).Duplicates);
    }

    [Fact]
    public async Task Raised_severity_pages_again_and_opens_no_second_ticket()
    {
        await using var world = await World.CreateAsync();
        var quiet = Given.MaliciousAddress();
        quiet["Entities"] = "[]";
        quiet["Severity"] = "Medium";
        await Life.SendAsync(world, quiet);
        quiet["Severity"] = "High";
        await Life.SendAsync(world, quiet);
        Assert.Contains(world.Pages(), p => p.Contains("news", StringComparison.OrdinalIgnoreCase));
        Assert.Single(world.Effects("ticket.create"));
    }

    [Fact]
    public async Task An_incident_that_comes_again_without_its_alerts_loses_nothing()
    {
        await using var world = await World.CreateAsync();
        var incident = Given.Sample("graph-incident-megan.json");
        await Life.SendAsync(world, incident);
        incident["alerts"] = new JsonArray();
        await Life.SendAsync(world, incident);
        Assert.Equal(NewsKind.Standing, (await world.IncidentsAsync()).Single(i => i.Number == 2).News!.Kind);
    }

    /// <summary>50 alerts with 50 tenant ids ran 50 effects against a budget of 30.</summary>
    [Fact]
    public async Task Fifty_invented_tenants_share_the_one_budget_of_our_tenant_S8()
    {
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= 50; i++)
        {
            var alert = Given.MaliciousAddress($"address-{i}", $"203.0.113.{i}");
            alert["TenantId"] = $"00000000-0000-4000-8000-{i:D12}";
            await world.SendAsync(alert);
        }
        await world.RunAsync();
        var spent = world.Effects("watchlistItem.put").Count;
        var budget = await world.EntityAsync<RateLimitState>(RateLimit.For(BudgetFacts.Tenant, OwnTenant.Key));
        Assert.NotNull(budget);
        Assert.InRange(spent, 1, 30);
        Assert.NotEmpty(await world.PendingAsync());
    }
}

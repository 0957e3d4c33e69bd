using System.Text.Json.Nodes;
using IRFunctions.Decisions;
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

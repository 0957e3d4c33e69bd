using System.Globalization;
using IRFunctions.Incidents;
using IRFunctions.Tests.Incidents;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Containment;

/// <summary>Floods end within budget, and every alert has an outcome (S8, S10). FLOOD=10000 runs them at full size.</summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private static readonly int Size = int.Parse(Environment.GetEnvironmentVariable("FLOOD") ?? "300", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Correlated_alerts_on_one_identity_ask_once_and_all_are_accounted_for()
    {
        await using var world = await World.CreateAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Size; i++) await world.SendAsync(Given.StolenAccount(alert: $"alert-{i}", incident: "incident-1"));
        await world.RunAsync();
        Report("correlated", started);
        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromHours(3));

        var incidents = await world.IncidentsAsync();
        Assert.Equal(Size, incidents.Count);
        Assert.DoesNotContain(incidents, i => i.Outcome is Outcome.InProgress or Outcome.Awaiting);
        Assert.Single(incidents, i => i.Decisions.Any(d => d is { Action: "disable_user_account_temporarily", Ending: Ending.Done }));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Alerts_over_as_many_addresses_stay_within_budget_and_the_rest_asks()
    {
        await using var world = await World.CreateAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Size; i++)
        {
            var alert = Given.MaliciousAddress($"address-{i}", $"45.{10 + (i / 250 / 250)}.{i / 250 % 250}.{1 + (i % 250)}");
            alert["Severity"] = "High";
            await world.SendAsync(alert);
        }
        await world.RunAsync();
        Report("uncorrelated", started);
        var budget = world.Machine.Policy.Budgets.ForAction("add_ip_to_watchlist");
        var done = world.Effects("watchlistItem.put").Count;
        Assert.InRange(done, 1, Math.Min(budget.PerMinute, world.Machine.Policy.Budgets.Tenant.PerMinute));
        var incidents = await world.IncidentsAsync();
        Assert.Equal(Size, incidents.Count);
        Assert.Equal(done, incidents.Count(i => i.Outcome == Outcome.Acted));
        // After some 2,700 the model's own budget of an hour is used up as well; from there the alert is a ticket and a page (S12).
        Assert.Equal(Size - done, incidents.Count(i => i.Outcome is Outcome.Awaiting or Outcome.Ticketed));
        Assert.InRange(incidents.Count(i => i.Outcome == Outcome.Awaiting), Math.Min(Size - done, 2_000), Size);

        await world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(done, world.Effects("watchlistItem.put").Count);
        Assert.DoesNotContain(await world.IncidentsAsync(), i => i.Outcome is Outcome.InProgress or Outcome.Awaiting);
        Assert.Empty(await world.PendingAsync());
    }

    private void Report(string kind, long started) => output.WriteLine($"{Size} {kind} alerts in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s");
}

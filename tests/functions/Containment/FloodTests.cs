using System.Globalization;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Policies;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Containment;

/// <summary>Floods end within budget, and every alert has an outcome (S8, S10). FLOOD=10000 runs them at full size.</summary>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const string Disable = "disable_user_account_temporarily";
    private const int Approved = 20;
    private static readonly int Size = int.Parse(Environment.GetEnvironmentVariable("FLOOD") ?? "300", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Correlated_alerts_on_one_identity_ask_once_and_all_are_accounted_for()
    {
        await using var world = await World.CreateAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Size; i++)
            await world.SendAsync(Given.StolenAccount(alert: $"alert-{i}", incident: "incident-1"));
        await world.RunAsync();
        Report("correlated", started);
        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromHours(3));

        var incidents = await world.IncidentsAsync();
        Assert.Equal(Size, incidents.Count);
        Assert.DoesNotContain(incidents, i => i.Outcome is Outcome.InProgress or Outcome.Awaiting);
        Assert.Single(incidents, i => i.Decisions.Any(d => d is { Action: Disable, Ending: Ending.Done }));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    /// <summary>
    /// The shipped policy: each account is asked for, whatever the budgets. What people approve is done once and undone once; the rest
    /// expires.
    /// </summary>
    [Fact]
    public async Task Alerts_over_as_many_identities_ask_for_each_and_only_what_is_approved_is_done_once_and_undone_once()
    {
        await using var world = await World.CreateAsync();
        var started = TimeProvider.System.GetTimestamp();
        await SendStolenAccountsAsync(world, 0, Size);
        Report("uncorrelated over identities", started);
        Assert.Empty(world.Effects("user.update"));
        var pending = await world.PendingAsync();
        Assert.Equal(pending.Count, pending.Select(p => p.View.Request.Decision.Target.Key).Distinct().Count());
        foreach (var (id, _) in pending.Take(Approved))
            Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromHours(3));
        await AssertAccountedAsync(world, Approved, pending.Count - Approved);
    }

    /// <summary>
    /// By a policy of one's own accounts are disabled without a person: then the budget of the action is what stands between a flood and
    /// everybody's account.
    /// </summary>
    [Fact]
    public async Task Alerts_over_as_many_identities_that_may_run_alone_stay_within_every_budget_and_the_rest_asks()
    {
        await using var world = await World.CreateAsync(o => o with { EditPolicy = Alone });
        var budget = world.Machine.Policy.Budgets.ForAction(Disable);
        var started = TimeProvider.System.GetTimestamp();
        const int portions = 5;
        for (var i = 0; i < portions; i++)
        {
            await SendStolenAccountsAsync(world, i * Size / portions, (i + 1) * Size / portions);
            await world.PassAsync(TimeSpan.FromMinutes(1));
        }
        Report("uncorrelated over identities that may run alone", started);
        var disabled = world.Effects("user.update");
        Assert.All(disabled.GroupBy(e => e.At.ToUnixTimeSeconds() / 60), minute => Assert.InRange(minute.Count(), 1, budget.PerMinute));
        Assert.InRange(disabled.Count, budget.PerMinute + 1, budget.PerHour);
        Assert.All(disabled, e => Assert.Contains("false", e.Detail, StringComparison.Ordinal));
        var asked = (await world.PendingAsync()).Count;
        // What the one budget made a question is one ring of the phone for each rung that was asked, not one for each account.
        var rings = world.Pages().Count(p => p.Contains($"may {Disable} run", StringComparison.Ordinal));
        output.WriteLine($"disabled {disabled.Count}, asked {asked}, rings {rings}");
        Assert.InRange(rings, 1, 10);
        await world.PassAsync(TimeSpan.FromHours(3));
        await AssertAccountedAsync(world, disabled.Count, asked);
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
        Report("uncorrelated over addresses", started);
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

    private static async Task SendStolenAccountsAsync(World world, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            var user = $"00000000-0000-4000-9000-{i:x12}";
            await world.Machine.Tenant.AddUserAsync(user, $"Person {i}", $"p{i}@contoso.example");
            await world.SendAsync(Given.StolenAccount(user, $"alert-{i}", $"incident-{i}"));
        }
        await world.RunAsync();
    }

    /// <summary>
    /// Every alert has one outcome, every account that was touched was switched off once and on once, and the sums match.
    /// </summary>
    private async Task AssertAccountedAsync(World world, int done, int expired)
    {
        var tally = await world.AssertAllAccountedAsync(Size);
        Assert.Equal((done, expired, Size - done - expired), (tally[Outcome.Acted], tally[Outcome.Asked], tally[Outcome.Ticketed]));
        Assert.Equal((0, 0), (tally.Duplicates, tally.DeadLettered));
        var accounts = world.Effects("user.update").GroupBy(e => e.Target).ToList();
        Assert.Equal(done, accounts.Count);
        Assert.All(accounts, a => Assert.Equal(2, a.Count()));
        var decisions = (await world.IncidentsAsync()).SelectMany(i => i.Decisions).Where(d => d.Action == Disable).ToList();
        Assert.Equal((done, expired), (decisions.Count(d => d.Ending == Ending.Done), decisions.Count(d => d.Ending == Ending.Expired)));
        var tickets = world.Effects("ticket.create").Select(e => e.Detail).ToList();
        Assert.Equal(tickets.Count, tickets.Distinct().Count());
        Assert.Equal(world.Pages().Count, world.Effects("page.trigger").Select(e => e.Target).Distinct().Count());
        Assert.Empty(await world.PendingAsync());
        output.WriteLine(
            $"done {done}, asked and expired {expired}, ticketed {tally[Outcome.Ticketed]}, tickets {tickets.Count}, pages "
                + $"{world.Pages().Count}"
        );
    }

    private static IReadOnlyList<PolicyFile> Alone(IReadOnlyList<PolicyFile> files) =>
        [
            .. files.Select(f =>
                f.Name switch
                {
                    "actions.yaml" => f with
                    {
                        Text = f
                            .Text.Replace(
                                $"  {Disable}:\n    tier: 2\n    mode: ask\n",
                                $"  {Disable}:\n    tier: 1\n    mode: act\n",
                                StringComparison.Ordinal
                            )
                            .Replace(
                                "    max_duration: 2 h\n    checks: [not_an_approved_job, not_touched_by_us]\n",
                                "    max_duration: 2 h\n",
                                StringComparison.Ordinal
                            ),
                    },
                    "identities.yaml" => f with
                    {
                        Text = f.Text.Replace(
                            "first: soft\n    alone: false\n\n  privileged_person",
                            "first: soft\n    alone: true\n\n  privileged_person",
                            StringComparison.Ordinal
                        ),
                    },
                    "threshold.yaml" => f with { Text = f.Text.Replace("act_at: 60 ", "act_at: 50 ", StringComparison.Ordinal) },
                    _ => f,
                }
            ),
        ];

    private void Report(string kind, long started) =>
        output.WriteLine($"{Size} {kind} alerts in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s");
}

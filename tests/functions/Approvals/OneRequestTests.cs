using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Approvals;

/// <summary>
/// The attack on the running pipeline, kinds 4, 5, 7, 8 and 17: who may end a request, who counts as one person, how long a claim lasts,
/// and that people are asked once for one action on one target.
/// </summary>
public sealed class OneRequestTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_target_cannot_withdraw_the_request_about_itself_S3()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(user: World.Sam));
        await world.RunAsync();
        foreach (var (id, _) in await world.PendingAsync())
        {
            foreach (var answer in (string[])["approve", "deny", "withdraw"])
                Assert.Equal(403, await world.AnswerAsync(id, World.Sam, answer));
        }
    }

    [Fact]
    public async Task Whoever_is_not_on_the_ladder_cannot_withdraw_S3()
    {
        await using var world = await World.CreateAsync();
        var id = await StolenAccountTests.AskedAsync(world);
        Assert.Equal(403, await world.AnswerAsync(id, World.Outsider, "withdraw"));
        Assert.Single(await world.PendingAsync());
    }

    [Fact]
    public async Task A_withdrawn_request_opens_a_ticket_and_pages_S12()
    {
        await using var world = await World.CreateAsync();
        var id = await StolenAccountTests.AskedAsync(world);
        var (tickets, pages) = (world.Effects("ticket.create").Count, world.Pages().Count);
        Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "withdraw"));
        await world.RunAsync();
        Assert.Equal((tickets + 1, pages + 1), (world.Effects("ticket.create").Count, world.Pages().Count));
        Assert.Contains(world.Pages(), p => p.Contains("withdrawn", StringComparison.Ordinal));
    }

    /// <summary>A claim ends with its request: the incident's next alert asks people again.</summary>
    [Theory]
    [InlineData("deny")]
    [InlineData("withdraw")]
    [InlineData(null)]
    public async Task After_a_request_ended_the_incidents_next_alert_asks_again_S10(string? answer)
    {
        await using var world = await World.CreateAsync();
        var first = await StolenAccountTests.AskedAsync(world);
        if (answer is not null)
            Assert.Equal(202, await world.AnswerAsync(first, World.Alex, answer));
        await world.PassAsync(40 * Minute);
        Assert.Empty(await world.PendingAsync());
        await world.SendAsync(Given.StolenAccount(alert: "alert-2"));
        await world.RunAsync();
        Assert.NotEqual(first, Assert.Single(await world.PendingAsync()).Id);
    }

    [Fact]
    public async Task After_a_hold_ended_the_incidents_next_alert_asks_again_S10()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
        await world.SendAsync(Given.StolenAccount(alert: "alert-2"));
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve"));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    /// <summary>
    /// The simulator found it: the containment of another incident made that of the first forgotten, and its claim outlasted its hold.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_hold_ended_it_asks_again_though_another_incident_held_the_same_since_S10(bool released)
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromHours(3));
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve"));
        await world.PassAsync(released ? TimeSpan.FromHours(3) : Minute);
        Assert.Equal(released, await world.CanSignInAsync(World.Adele));
        await world.SendAsync(Given.StolenAccount(alert: "alert-3"));
        await world.RunAsync();
        Assert.Single(await world.PendingAsync());
    }

    [Fact]
    public async Task While_it_is_asked_or_held_an_alert_of_the_incident_joins_and_is_not_called_ticketed_S10()
    {
        await using var world = await World.CreateAsync();
        var first = await StolenAccountTests.AskedAsync(world);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2"));
        await world.RunAsync();
        Assert.Equal(first, Assert.Single(await world.PendingAsync()).Id);
        var second = (await world.IncidentsAsync()).Single(i => i.Number == 2);
        var ticket = second.Decisions.Any(d => d.Action == "create_alert_ticket");
        Assert.Equal(ticket ? Outcome.Ticketed : Outcome.Joined, second.Outcome);
        Assert.Contains(second.Decisions, d => d.Ending == Ending.Joined);
    }

    /// <summary>150 alerts about one account, each an incident of its own, were 151 requests.</summary>
    [Fact]
    public async Task Many_incidents_about_one_account_are_one_request_and_one_answer_is_for_all_S8()
    {
        const int Alerts = 20;
        await using var world = await World.CreateAsync();
        for (var i = 1; i <= Alerts; i++)
            await world.SendAsync(Given.StolenAccount(alert: $"alert-{i}", incident: $"incident-{i}"));
        await world.RunAsync();
        var request = Assert.Single(await world.PendingAsync()).Id;
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.PassAsync(Minute);
        Assert.Empty(await world.PendingAsync());
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Single(world.Effects("user.update", World.Adele));
        var state = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal(Alerts, state.Holds.Count);
        Assert.All(state.Holds, h => Assert.Equal([World.Alex], h.ApprovedBy));
        Assert.All(await world.IncidentsAsync(), i => Assert.Equal(Outcome.Acted, i.Outcome));
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Denied_it_is_denied_for_all_who_joined()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "deny"));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        Assert.All(await world.IncidentsAsync(), i => Assert.Contains(i.Decisions, d => d.Ending == Ending.Denied));
        foreach (var incident in (await world.IncidentsAsync()).Select(i => i.Incident).Distinct())
            Assert.Contains(await world.KindsAsync(incident), k => k is AuditKinds.Denied or AuditKinds.JoinedRequest);
    }

    /// <summary>The request that was joined is lost (its orchestration is terminated): who joined asks for itself in the end.</summary>
    [Fact]
    public async Task Where_the_joined_request_is_lost_the_others_ask_for_themselves_S10()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        var first = Assert.Single(await world.PendingAsync()).Id;
        await world.Client.TerminateInstanceAsync(first);
        await world.PassAsync(TimeSpan.FromMinutes(46));
        Assert.NotEqual(first, Assert.Single(await world.PendingAsync()).Id);
    }

    /// <summary>
    /// The first rung's group names no owner, the second rung's does: what one of them says of an account holds for both (kind 7).
    /// </summary>
    [Fact]
    public void Owners_are_the_union_over_all_that_is_known_S3()
    {
        var owners = new Owners([
            new Approver("account-1", "One"),
            new Approver("account-1", "One") { Owner = "person" },
            new Approver("account-2", "Two") { Owner = "PERSON" },
            new Approver("account-3", "Three") { Owner = "account-2" },
            new Approver("account-4", "Four"),
        ]);
        Assert.True(owners.AreOne("account-1", "account-2"));
        Assert.True(owners.AreOne("account-3", "account-1"));
        Assert.True(owners.AreOne("person", "ACCOUNT-3"));
        Assert.False(owners.AreOne("account-4", "account-1"));
    }

    /// <summary>Two accounts of one owner answer at once: the register itself refuses the second (kind 8).</summary>
    [Fact]
    public async Task Two_accounts_of_one_owner_at_once_are_one_voice_in_the_register_S3()
    {
        await using var world = await World.CreateAsync();
        var id = await StolenAccountTests.AskedAsync(world);
        var register = (ApprovalRegister)world.Machine.Services.GetService(typeof(ApprovalRegister))!;
        var view = (await register.ViewAsync(id, default))! with
        {
            Owners = [new Approver(World.Alex, "Alex") { Owner = "one" }, new Approver(World.Sam, "Sam") { Owner = "one" }],
        };
        var answers = ((string[])[World.Alex, World.Sam])
            .Select(by => new ApprovalAnswer(by, true, "seen", world.Time.GetUtcNow(), "api"))
            .Select(a => register.VoteAsync(id, a, taken => AnswerRules.Check(view with { Answers = taken }, a), default));
        var votes = await Task.WhenAll(answers);
        Assert.Single(votes, v => v.Counted);
    }
}

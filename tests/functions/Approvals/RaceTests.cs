using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.People;

namespace IRFunctions.Tests.Approvals;

/// <summary>Two things at once, under virtual time and in parallel: exactly one wins, and everybody hears which.</summary>
public sealed class RaceTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static async Task<TeamsWorld> WithTwoCardsAsync(Func<string, string>? actions = null)
    {
        var teams = await TeamsWorld.CreateAsync(actions: actions);
        await teams.AskedAsync();
        await teams.World.PassAsync(6 * Minute);
        return teams;
    }

    [Fact]
    public async Task Two_approvers_at_once_are_one_execution()
    {
        await using var teams = await WithTwoCardsAsync();
        var clicks = await Task.WhenAll(
            Task.Run(() => teams.ClickAsync(teams.CardsOf(World.Alex)[0], World.Alex, "approve")),
            Task.Run(() => teams.ClickAsync(teams.CardsOf(World.Sam)[0], World.Sam, "approve"))
        );
        Assert.All(clicks, c => Assert.Equal(200, c.Status)); // Both see that it is approved; one of them did it.
        await teams.World.RunAsync();
        Assert.Single(teams.World.Effects("user.update", World.Adele));
        Assert.Single(await teams.World.KindsAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident), AuditKinds.Granted);
        Assert.Single(await teams.RefusedAsync(), e => e.Text.Contains("already-decided", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Approve_against_deny_has_one_winner_and_what_runs_follows_it()
    {
        for (var round = 0; round < 8; round++)
        {
            await using var teams = await WithTwoCardsAsync();
            var id = (await teams.World.PendingAsync())[0].Id;
            var yes = Task.Run(() => teams.ClickAsync(teams.CardsOf(World.Alex)[0], World.Alex, "approve"));
            var no = Task.Run(() => teams.ClickAsync(teams.CardsOf(World.Sam)[0], World.Sam, "deny"));
            await Task.WhenAll(yes, no);
            await teams.World.RunAsync();
            var state = (await teams.Get<ApprovalRegister>().FindAsync(id, default))!.State;
            Assert.True(state is ApprovalState.Granted or ApprovalState.Denied);
            Assert.Equal(state == ApprovalState.Denied, await teams.World.CanSignInAsync(World.Adele));
            var view = await teams.World.ViewAsync(id);
            Assert.Equal(state, view!.State);
        }
    }

    [Fact]
    public async Task With_four_eyes_a_deny_that_is_first_wins_over_any_number_of_approvals()
    {
        await using var teams = await WithTwoCardsAsync(TeamsWorld.FourEyes);
        await teams.World.PassAsync(10 * Minute);
        var clicks = await Task.WhenAll(
            ((string[])[World.Alex, World.Sam, World.Morgan]).Select(
                (p, i) => Task.Run(() => teams.ClickAsync(teams.CardsOf(p)[0], p, i == 1 ? "deny" : "approve"))
            )
        );
        await teams.World.RunAsync();
        var id = teams.CardsOf(World.Alex)[0].Content.ToJsonString();
        var view = Assert
            .Single(await teams.World.IncidentsAsync())
            .Decisions.Single(d => d.Ending is Ending.Denied or Ending.Done && d.Action == "disable_user_account_temporarily");
        Assert.Equal(view.Ending == Ending.Denied, await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains(view.Ending == Ending.Denied ? "Denied: nothing ran" : "Executed", id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_person_who_clicks_twenty_times_at_once_is_one_voice()
    {
        await using var teams = await WithTwoCardsAsync(TeamsWorld.FourEyes);
        var card = teams.CardsOf(World.Alex)[0];
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => teams.ClickAsync(card, World.Alex, "approve"))));
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Single(Assert.Single(await teams.World.PendingAsync()).View.Answers);
    }

    [Fact]
    public async Task A_click_at_exactly_the_deadline_is_late_and_one_tick_before_counts()
    {
        foreach (var early in (bool[])[false, true])
        {
            await using var teams = await TeamsWorld.CreateAsync();
            await teams.AskedAsync();
            var deadline = (await teams.World.PendingAsync())[0].View.Deadline;
            await teams.World.PassAsync(deadline - teams.World.Time.GetUtcNow() - Minute);
            // The clock moves, the timer has not been worked off yet: the click and the timer race.
            teams.World.Time.AdvanceTo(early ? deadline - TimeSpan.FromTicks(1) : deadline);
            var answer = await teams.ClickAsync(teams.CardsOf(World.Alex)[0], World.Alex, "approve");
            Assert.Equal(early ? 200 : 410, answer.Status);
            teams.World.Time.AdvanceTo(deadline);
            await teams.World.PassAsync(Minute);
            Assert.Equal(!early, await teams.World.CanSignInAsync(World.Adele));
        }
    }

    [Fact]
    public async Task An_answer_taken_before_the_deadline_is_not_lost_where_its_event_is()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var id = await teams.AskedAsync();
        // The register took it, then the process died before the orchestration heard.
        var taken = await teams
            .Get<ApprovalRegister>()
            .VoteAsync(id, new ApprovalAnswer(World.Alex, true, "seen", teams.World.Time.GetUtcNow(), "teams"), _ => null, default);
        Assert.True(taken.Counted);
        await teams.World.PassAsync(31 * Minute);
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task And_clicking_again_tells_the_orchestration_at_once()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var id = await teams.AskedAsync();
        await teams
            .Get<ApprovalRegister>()
            .VoteAsync(id, new ApprovalAnswer(World.Alex, true, "seen", teams.World.Time.GetUtcNow(), "teams"), _ => null, default);
        Assert.Equal(200, (await teams.ClickAsync(teams.CardsOf(World.Alex)[0], World.Alex, "approve")).Status);
        await teams.World.RunAsync();
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_click_while_the_request_climbs_counts()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = teams.CardsOf(World.Alex)[0];
        await teams.World.PassAsync(5 * Minute - TimeSpan.FromSeconds(1));
        teams.World.Time.Advance(TimeSpan.FromSeconds(1)); // The climb is due and not worked off.
        Assert.Equal(200, (await teams.ClickAsync(card, World.Alex, "approve")).Status);
        await teams.World.PassAsync(Minute);
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_approver_removed_from_the_group_a_second_before_decides_nothing()
    {
        await using var teams = await TeamsWorld.CreateAsync(InEntra);
        await teams.AskedAsync();
        var card = teams.CardsOf(World.Alex)[0];
        using var tenant = OnCallTests.Tenant(teams);
        (await tenant.DeleteAsync($"graph/v1.0/groups/{TenantSeed.PrimaryApprovers}/members/{World.Alex}/$ref")).EnsureSuccessStatusCode();
        teams.World.Time.Advance(TimeSpan.FromSeconds(1));
        var answer = await teams.ClickAsync(card, World.Alex, "approve");
        Assert.Equal("not-in-group", answer.Code);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Contains(
            await teams.RefusedAsync(),
            e => e.Actor == World.Alex && e.Text.Contains("not-in-group", StringComparison.Ordinal)
        );
    }

    /// <summary>The first rung's people come from the Entra group.</summary>
    internal static string InEntra(string ladder) =>
        ladder.Replace(
            $"    members:\n      - {{ id: {World.Alex}, name: Alex Analyst }}",
            $"    entra_group: {TenantSeed.PrimaryApprovers}",
            StringComparison.Ordinal
        );
}

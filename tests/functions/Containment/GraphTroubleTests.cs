using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Containment;

/// <summary>Microsoft Graph misbehaving at every step of a containment.</summary>
public sealed class GraphTroubleTests
{
    private const string Users = "/graph/v1.0/users/*";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(FaultKind.Throttle)]
    [InlineData(FaultKind.Unavailable)]
    [InlineData(FaultKind.Error)]
    [InlineData(FaultKind.LoseAnswer)] // Done, but nobody was told: tried again, it finds its work done.
    public async Task Trouble_that_passes_is_tried_again_and_the_account_is_disabled_once(FaultKind trouble)
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(trouble, Users, "PATCH", Count: 2, Seconds: 0));
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.PassAsync(2 * Minute);

        Assert.Single(world.Effects("user.update", World.Adele));
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(Outcome.Acted, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Fact]
    public async Task Forbidden_the_page_names_the_permission_the_hold_is_given_back_and_the_account_is_unchanged()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, Users, "PATCH"));
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.PassAsync(5 * Minute);

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update"));
        Assert.Contains(world.Pages(), p => p.Contains("User.EnableDisableAccount.All", StringComparison.Ordinal));
        var state = await world.ContainmentOfAsync(World.Adele);
        Assert.Empty(state.Holds);
        Assert.Equal(ContainmentStatus.Released, state.Status);
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(incident.Decisions, d => d.Ending == Ending.Failed);
        Assert.DoesNotContain(
            await world.RecordAsync(incident.Incident),
            e => e.Kind == AuditKinds.NotUndone && e.Text.Contains("someone else", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_account_that_Graph_does_not_know_is_left_to_people_S12()
    {
        await using var world = await World.CreateAsync();
        const string gone = "00000000-0000-4000-8000-00000000dead";
        await world.SendAsync(Given.StolenAccount(gone));
        await world.RunAsync();
        // 404 is an answer: nobody is asked about what could not be done.
        Assert.Empty(await world.PendingAsync());
        await world.PassAsync(5 * Minute);

        Assert.Empty(world.Containing());
        var page = Assert.Single(
            world.Pages(),
            p => p.StartsWith("Recommended, never run by itself: disable_user_account_temporarily", StringComparison.Ordinal)
        );
        Assert.Contains("Nothing can be done to it: ", page, StringComparison.Ordinal);
        Assert.Contains("directory", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Assert.Single(await world.IncidentsAsync()).Decisions, d => d.Ending is Ending.Notified);
        await world.AssertAllAccountedAsync(1);
    }

    [Fact]
    public async Task A_slow_Graph_delays_the_containment_and_changes_nothing_else()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Slow, Users, Count: 3, Seconds: 20));
        var before = world.Time.GetUtcNow();
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.RunWhileTimeGoesOnAsync();

        Assert.True(world.Time.GetUtcNow() - before >= TimeSpan.FromSeconds(60));
        Assert.Single(world.Effects("user.update", World.Adele));
        Assert.Equal(Outcome.Acted, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Fact]
    public async Task Capture_that_fails_for_good_changes_nothing_and_pages()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, Users));
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.PassAsync(10 * Minute);
        world.Machine.Tenant.Faults.Clear();

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update"));
        Assert.Empty(await world.ContainmentsAsync());
        Assert.Contains(world.Pages(), p => p.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_undo_that_fails_pages_keeps_trying_and_ends_rolled_back_when_Graph_is_back_S7()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, Users));
        await world.PassAsync(TimeSpan.FromHours(2) + 5 * Minute);
        Assert.Equal(ContainmentStatus.RollbackFailed, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Contains(world.Pages(), p => p.StartsWith("ROLLBACK FAILED", StringComparison.Ordinal));

        await world.PassAsync(TimeSpan.FromHours(3));
        var pages = world.Pages().Count(p => p.StartsWith("ROLLBACK FAILED", StringComparison.Ordinal));
        Assert.InRange(pages, 3, 10); // again and again, with growing pauses
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(1) + Minute);

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
        await world.AssertRecordsWholeAsync();
    }

    [Fact]
    public async Task An_undo_keeps_trying_even_while_nobody_can_be_paged_S7()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, Users));
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/pager/*"));
        await world.PassAsync(TimeSpan.FromHours(3));
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task A_release_while_the_undo_fails_does_not_undo_a_later_containment_S6()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, Users));
        await world.PassAsync(TimeSpan.FromHours(5)); // The undo keeps trying, now with pauses of an hour.
        world.Machine.Tenant.Faults.Clear();
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));

        // Another incident disables it again before the first undo wakes up.
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve");
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromMinutes(110));
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
        await world.PassAsync(TimeSpan.FromMinutes(20));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(4, world.Effects("user.update", World.Adele).Count);
    }

    [Fact]
    public async Task An_incident_that_wants_an_account_whose_rollback_fails_still_gets_it_contained()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, Users, "PATCH"));
        await world.PassAsync(TimeSpan.FromHours(2) + Minute);
        Assert.Equal(ContainmentStatus.RollbackFailed, (await world.ContainmentOfAsync(World.Adele)).Status);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve");
        await world.PassAsync(Minute);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromMinutes(90));

        // It was told that it holds the account, so it does, for its whole time.
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
    }

    [Fact]
    public async Task An_incident_whose_approved_containment_somebody_had_undone_by_hand_does_it_again()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        await world.PassAsync(10 * Minute);
        await world.SwitchAccountAsync(World.Adele, enabled: true);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve");
        await world.PassAsync(Minute);
        Assert.False(await world.CanSignInAsync(World.Adele)); // A person approved it, so it is so.
        await world.PassAsync(TimeSpan.FromHours(2) + Minute);
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_containment_confirmed_and_then_ended_by_hand_gets_timers_of_its_own_when_it_is_wanted_again_S7(bool endedByHand)
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        await world.ChangeAsync(World.DisableOf(World.Adele), "confirm");
        await world.RunAsync();
        if (endedByHand)
            await world.SwitchAccountAsync(World.Adele, enabled: true);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve");
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromHours(3));
        // What a person confirmed and nobody touched stays; what was contained anew ends by itself.
        Assert.Equal(endedByHand, await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_verification_that_fails_puts_back_what_was_done_and_pages()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        await world.AnswerAsync(request, World.Alex, "approve");
        // Read for the estimate, read for capture, its directory roles, read before the change, the change, sessions; then reading fails.
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Slow, Users, "GET", Count: 4, Seconds: 0));
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, Users, "GET", Count: 6));
        await world.PassAsync(10 * Minute);

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Released, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
        Assert.Contains(Assert.Single(await world.IncidentsAsync()).Decisions, d => d.Ending == Ending.Failed);
        Assert.Contains(world.Pages(), p => p.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pager_that_is_down_for_good_does_not_cost_the_alert_its_outcome_S10()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/pager/*"));
        var request = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, Users, "PATCH"));
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.PassAsync(TimeSpan.FromHours(2));

        await world.AssertAllAccountedAsync(1);
        Assert.NotEmpty(world.Effects("ticket.create"));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }
}

using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Record;

namespace IRFunctions.Tests.Incidents;

/// <summary>Whole incidents about an account: tier 2, so people decide; two hours, then it undoes itself.</summary>
public sealed class StolenAccountTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Nothing_happens_to_the_account_before_somebody_approves_S3()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();

        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal("disable_user_account_temporarily", view.Request.Decision.Action);
        Assert.Equal(World.Adele, view.Request.Decision.Target.Id);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(Outcome.Awaiting, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Fact]
    public async Task Approved_it_is_disabled_verified_and_undone_after_two_hours_S5_S7()
    {
        await using var world = await ApprovedAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Outcome.Acted, incident.Outcome);

        await world.PassAsync(2 * Hour - Minute);
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(2 * Minute);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);

        // The ticket and the page of the same alert write to the same chain; this story is the account's.
        var order = Fingerprint.Of(incident.Incident, "disable_user_account_temporarily", $"account:{World.Adele}");
        var story = (await world.RecordAsync(incident.Incident)).Where(e =>
            !e.FactId.StartsWith("contain-", StringComparison.Ordinal) || e.FactId.Contains(order, StringComparison.Ordinal)
        );
        string[] inOrder =
        [
            AuditKinds.Received,
            AuditKinds.Decided,
            AuditKinds.Asked,
            AuditKinds.Granted,
            AuditKinds.Captured,
            AuditKinds.Executing,
            AuditKinds.Executed,
            AuditKinds.Verified,
            AuditKinds.Reminded,
            AuditKinds.Undoing,
            AuditKinds.Undone,
        ];
        Assert.Equal(inOrder, story.Select(e => e.Kind).Where(inOrder.Contains).Distinct());
    }

    [Fact]
    public async Task People_are_reminded_at_half_time_of_a_two_hour_hold()
    {
        await using var world = await ApprovedAsync();
        var incident = Assert.Single(await world.IncidentsAsync()).Incident;
        await world.PassAsync(Hour - Minute);
        Assert.DoesNotContain(AuditKinds.Reminded, await world.KindsAsync(incident));
        await world.PassAsync(2 * Minute);
        Assert.Single(await world.KindsAsync(incident), AuditKinds.Reminded);
    }

    [Fact]
    public async Task Denied_nothing_runs_and_one_denial_wins()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "deny", "known travel"));
        await world.RunAsync();

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(await world.ContainmentsAsync());
        Assert.Equal(Outcome.Asked, Assert.Single(await world.IncidentsAsync()).Outcome);
        Assert.Equal(409, await world.AnswerAsync(request, World.Sam, "approve"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Unanswered_it_climbs_the_ladder_expires_and_ends_as_ticket_and_page_S12()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        await world.PassAsync(4 * Minute);
        Assert.Equal(0, (await world.PendingAsync())[0].View.Stage);
        await world.PassAsync(2 * Minute);
        Assert.Equal(1, (await world.PendingAsync())[0].View.Stage);
        var (tickets, pages) = (world.Effects("ticket.create").Count, world.Pages().Count);
        await world.PassAsync(10 * Minute);
        Assert.Equal(2, (await world.PendingAsync())[0].View.Stage);
        // At the approval timeout, and not only at the end of the manager's window.
        Assert.Equal(tickets + 1, world.Effects("ticket.create").Count);
        Assert.True(world.Pages().Count > pages);
        await world.PassAsync(15 * Minute);

        Assert.Empty(await world.PendingAsync());
        Assert.True(await world.CanSignInAsync(World.Adele));
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(incident.Decisions, d => d.Ending == Ending.Expired);
        Assert.Equal(tickets + 1, world.Effects("ticket.create").Count);
        Assert.Equal(409, await world.AnswerAsync(request, World.Morgan, "approve"));
    }

    [Fact]
    public async Task An_approval_by_a_later_rung_counts_and_one_sent_to_an_earlier_rung_too()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        var early = (await world.PendingAsync())[0].View.AnswerEvent;
        await world.PassAsync(6 * Minute);
        await world.Client.RaiseEventAsync(
            request,
            early,
            new ApprovalAnswer(World.Alex, true, "was typing", world.Time.GetUtcNow(), "api")
        );
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_approval_at_exactly_the_deadline_is_late()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        var view = (await world.PendingAsync())[0].View;
        await world.Client.RaiseEventAsync(request, view.AnswerEvent, new ApprovalAnswer(World.Alex, true, "late", view.Deadline, "api"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Single(await world.PendingAsync());
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData(World.Outsider, 403)]
    public async Task Strangers_are_refused_and_it_is_on_the_record(string? who, int status)
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        Assert.Equal(status, await world.AnswerAsync(request, who, "approve"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(await world.RecordAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.Refused);
    }

    [Fact]
    public async Task Nobody_approves_what_hits_their_own_account_S9()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(World.Alex));
        await world.RunAsync();
        foreach (var (id, _) in await world.PendingAsync())
            Assert.Equal(403, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Alex));
    }

    [Fact]
    public async Task An_approval_for_another_hash_is_refused()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        Assert.Equal(409, await world.AnswerAsync(request, World.Alex, "approve", actionHash: new string('0', 64)));
    }

    [Fact]
    public async Task Released_by_a_person_it_is_undone_at_once()
    {
        await using var world = await ApprovedAsync();
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release", reason: "false alarm"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Released, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(409, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.PassAsync(3 * Hour);
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
    }

    [Fact]
    public async Task Confirmed_it_stays_and_can_still_be_released()
    {
        await using var world = await ApprovedAsync();
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "confirm", reason: "really stolen"));
        await world.PassAsync(24 * Hour);
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Confirmed, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Extended_it_is_undone_later_and_reminded_again()
    {
        await using var world = await ApprovedAsync();
        await world.PassAsync(90 * Minute);
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "extend", hours: 2));
        await world.PassAsync(Hour);
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(Hour + Minute);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(
            2,
            (await world.KindsAsync(Assert.Single(await world.IncidentsAsync()).Incident)).Count(k => k == AuditKinds.Reminded)
        );
    }

    [Fact]
    public async Task Two_incidents_hold_one_account_and_it_is_enabled_when_the_last_hold_ends_S6()
    {
        await using var world = await ApprovedAsync();
        await world.PassAsync(90 * Minute);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve"));
        await world.PassAsync(45 * Minute);
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(80 * Minute);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
    }

    [Fact]
    public async Task An_account_that_was_disabled_before_stays_as_it_was_S6()
    {
        await using var world = await World.CreateAsync();
        var request = await AskedAsync(world);
        await world.SwitchAccountAsync(World.Adele, enabled: false); // Somebody was quicker.
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.PassAsync(24 * Hour);
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Contains(Assert.Single(await world.IncidentsAsync()).Decisions, d => d.Ending == Ending.AlreadySo);
        Assert.Single(world.Effects("user.update", World.Adele));
    }

    [Fact]
    public async Task Somebody_elses_later_change_wins_over_the_rollback_S6()
    {
        await using var world = await ApprovedAsync();
        await world.SwitchAccountAsync(World.Adele, enabled: true);
        await world.PassAsync(3 * Hour);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(AuditKinds.NotUndone, await world.KindsAsync(Assert.Single(await world.IncidentsAsync()).Incident));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count);
    }

    [Fact]
    public async Task A_synchronised_account_is_left_to_people()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount(World.Synced));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        Assert.True(await world.CanSignInAsync(World.Synced));
    }

    internal static async Task<string> AskedAsync(World world)
    {
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        return Assert.Single(await world.PendingAsync()).Id;
    }

    internal static async Task<World> ApprovedAsync()
    {
        var world = await World.CreateAsync();
        Assert.Equal(202, await world.AnswerAsync(await AskedAsync(world), World.Alex, "approve"));
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync());
        return world;
    }
}

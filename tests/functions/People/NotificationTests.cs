using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Containment;

namespace IRFunctions.Tests.People;

/// <summary>
/// The two actions that touch nobody, create_alert_ticket and send_analyst_notification: one ticket and one page, whatever happens on the
/// way.
/// </summary>
public sealed class NotificationTests
{
    private const string Ticket = "create_alert_ticket";
    private const string Page = "send_analyst_notification";
    internal static readonly string[] Both = [Ticket, Page];

    public static TheoryData<FaultKind, string> Troubles()
    {
        var data = new TheoryData<FaultKind, string>();
        foreach (
            var kind in (FaultKind[])[FaultKind.Throttle, FaultKind.Unavailable, FaultKind.Error, FaultKind.Slow, FaultKind.LoseAnswer]
        )
        {
            data.Add(kind, "/itsm/*");
            data.Add(kind, "/pager/*");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task In_trouble_that_passes_both_are_sent_and_stand_there_once(FaultKind kind, string path)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(kind, path, "POST", Count: kind == FaultKind.Slow ? 1 : 2, Seconds: 5));
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromMinutes(4));
        Assert.Empty(world.Machine.Tenant.Faults.Planned);
        await AssertBothOnceAsync(world);
    }

    [Theory]
    [InlineData(Ticket, "/itsm/*", false, 150, 150)]
    [InlineData(Ticket, "/itsm/*", true, 150, 150)]
    [InlineData(Page, "/pager/*", false, 150, 150)]
    [InlineData(Page, "/pager/*", true, 150, 150)]
    [InlineData(Page, "/pager/*", true, 4_000, 180)] // Undoing waits for a page to be sent, so no pager may ask for an hour.
    public async Task Throttled_it_is_sent_when_it_was_asked_to_come_back_within_bounds(
        string action,
        string path,
        bool asDate,
        int asked,
        int waits
    )
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Throttle, path, "POST", Count: 1, Seconds: asked, AsDate: asDate));
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        var sent = Sent(world, action);
        await world.PassAsync(TimeSpan.FromSeconds(waits - 1)); // Six tries of the usual kind.
        Assert.Equal(sent, Sent(world, action));
        await world.PassAsync(TimeSpan.FromSeconds(2));
        await AssertBothOnceAsync(world);

        static int Sent(World world, string action) =>
            world
                .Effects(action == Ticket ? "ticket.create" : "page.trigger")
                .Count(e => !e.Detail.Contains("may ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Ticket, "/itsm/*")]
    [InlineData(Page, "/pager/*")]
    public async Task Forbidden_the_other_is_sent_the_record_says_why_and_the_alert_has_its_outcome_S10_S12(string action, string path)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, path));
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromHours(2));
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.DoesNotContain(incident.Outcome, new[] { Outcome.InProgress, Outcome.Awaiting });
        Assert.Contains(
            incident.Decisions,
            d => d.Action == action && d.Ending == Ending.Failed && d.Text.Contains("not permitted", StringComparison.Ordinal)
        );
        Assert.Contains(incident.Decisions, d => d.Action == Both.Single(a => a != action) && d.Ending == Ending.Done);
    }

    [Theory]
    [InlineData(CrashMoment.BeforeCommit)]
    [InlineData(CrashMoment.AfterActivity)]
    [InlineData(CrashMoment.AfterCommit)]
    public async Task A_crash_at_any_step_makes_no_second_ticket_and_no_second_page(CrashMoment moment)
    {
        var at = 1;
        while (await RunWithCrashAsync(moment, at))
            at++;
        Assert.InRange(at, 4, 100); // Each run but the last crashed once, each at another step.
    }

    /// <summary>They are how people hear of the stop, so it halts neither, wherever it comes.</summary>
    [Fact]
    public async Task The_stop_engaged_after_any_step_halts_neither_S12_S13()
    {
        var at = 1;
        while (await RunWithStopAsync(at))
            at++;
        Assert.InRange(at, 4, 100);
    }

    private static async Task<bool> RunWithStopAsync(int at)
    {
        Stage? stage = null;
        var stop = new Crash(CrashMoment.AfterCommit, at, id => stage is not null && Stage.IsContainment(id), () => stage!.EngageStop());
        await using (
            stage = await Stage.OpenAsync(ActionCase.Of("disable_user_account_temporarily"), o => o with { Model = null }, stop.Engine)
        )
        {
            await stage.AskAsync();
            await AssertBothOnceAsync(stage.World);
            return stop.Happened;
        }
    }

    private static async Task<bool> RunWithCrashAsync(CrashMoment moment, int at)
    {
        var crash = new Crash(moment, at, id => id.StartsWith("contain-", StringComparison.Ordinal));
        await using var stage = await Stage.OpenAsync(
            ActionCase.Of("disable_user_account_temporarily"),
            o => o with { Model = null },
            crash.Engine
        ); // The rules ask for both.
        await stage.SurviveAsync(() => stage.AskAsync());
        await AssertBothOnceAsync(stage.World);
        return crash.Happened;
    }

    private static async Task AssertBothOnceAsync(World world)
    {
        var incident = (await world.IncidentsAsync()).First(i => i.Decisions.Count > 0);
        Assert.All(incident.Decisions.Where(d => Both.Contains(d.Action)), d => Assert.Equal(Ending.Done, d.Ending));
        Assert.Equal(2, incident.Decisions.Count(d => Both.Contains(d.Action)));
        string KeyOf(string action) =>
            Fingerprint.Of(
                incident.Incident,
                action,
                $"alert:{incident.Decisions.Single(d => d.Action == action).Target.Split(':', 2)[^1]}"
            );
        Assert.Single(world.Effects("ticket.create"), e => e.Detail == KeyOf(Ticket));
        Assert.Single(world.Effects("page.trigger"), e => e.Target == KeyOf(Page));
        var kinds = await world.KindsAsync(incident.Incident);
        Assert.True(kinds.Count(k => k == AuditKinds.Executed) >= 2);
    }
}

using IRFunctions.Containment;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// An effect runs only under its live hold, and nothing outlives its hold (S7): the first kind of the attack on the running pipeline, whose
/// release while Graph throttled left an account disabled for good.
/// </summary>
public sealed class HeldEffectTests
{
    private const string User = "/graph/v1.0/users/*";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Theory]
    [InlineData(FaultKind.Throttle)]
    [InlineData(FaultKind.Unavailable)]
    public async Task Released_while_Graph_fails_the_effect_never_runs(FaultKind fault)
    {
        await using var world = await ApprovedAsync(new Fault(fault, User, "PATCH", Seconds: 60));
        await world.PassAsync(TimeSpan.FromSeconds(5));
        await ReleaseAsync(world);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(Day);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update", World.Adele));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    [Fact]
    public async Task Throttled_for_longer_than_the_hold_lasts_the_effect_never_runs()
    {
        await using var world = await ApprovedAsync(new Fault(FaultKind.Throttle, User, "PATCH", Seconds: 600));
        await world.PassAsync(TimeSpan.FromHours(2) + Minute);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(Day);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update", World.Adele));
    }

    [Fact]
    public async Task Released_after_an_answer_that_was_lost_it_is_undone()
    {
        await using var world = await ApprovedAsync(
            new Fault(FaultKind.LoseAnswer, User, "PATCH", Count: 1),
            new Fault(FaultKind.Unavailable, User, "PATCH")
        );
        await world.PassAsync(TimeSpan.FromSeconds(3));
        Assert.False(await world.CanSignInAsync(World.Adele));
        await ReleaseAsync(world);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(Day);
        Assert.True(await world.CanSignInAsync(World.Adele));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    /// <summary>Released at 5 s, while the service had accepted a request whose effect comes at that many seconds.</summary>
    [Theory]
    [InlineData(6)]
    [InlineData(30)]
    [InlineData(200)]
    [InlineData(1_200)]
    public async Task What_lands_after_the_release_is_seen_and_undone(double late)
    {
        await using var world = await ApprovedAsync(new Fault(FaultKind.ActLate, User, "PATCH", Count: 1, Seconds: late));
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, User, "PATCH", Count: 1));
        await world.PassAsync(TimeSpan.FromSeconds(1));
        await ReleaseAsync(world);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromSeconds(late) + TimeSpan.FromMinutes(15));
        Assert.NotEmpty(world.Effects("user.update", World.Adele)); // It did land.
        Assert.True(await world.CanSignInAsync(World.Adele));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    /// <summary>Accepted with 200, not there when read back, there later: the hold's own end undoes it.</summary>
    [Fact]
    public async Task What_lands_late_while_it_is_held_is_ours_and_is_undone_at_the_end()
    {
        await using var world = await ApprovedAsync(new Fault(FaultKind.ActLate, User, "PATCH", Seconds: 1_200));
        await world.PassAsync(TimeSpan.FromHours(1));
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(Day);
        Assert.NotEmpty(world.Effects("user.update", World.Adele));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task Two_incidents_on_one_account_released_within_ten_seconds_leave_nothing()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Throttle, User, "PATCH", Count: 1, Seconds: 8));
        foreach (var (id, _) in await world.PendingAsync())
            Assert.Equal(202, await world.AnswerAsync(id, World.Alex, "approve"));
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromSeconds(5));
        await ReleaseAsync(world);
        await world.PassAsync(Day);
        Assert.True(await world.CanSignInAsync(World.Adele));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    [Fact]
    public async Task An_address_released_while_the_watchlist_is_throttled_is_not_on_it()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Throttle, "/arm/*", "PUT", Seconds: 60));
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        await world.PassAsync(TimeSpan.FromSeconds(5));
        await ReleaseAsync(world);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(Day);
        Assert.Empty(world.Effects("watchlistItem.put"));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    [Fact]
    public async Task What_is_not_in_effect_cannot_be_confirmed()
    {
        await using var world = await ApprovedAsync(new Fault(FaultKind.Throttle, User, "PATCH", Seconds: 60));
        await world.PassAsync(TimeSpan.FromSeconds(5));
        var (id, state) = Assert.Single(await world.ContainmentsAsync());
        Assert.Equal((ContainmentStatus.Live, EffectStatus.UnderWay), (state.Status, state.Effect));
        Assert.Equal(409, await world.ChangeAsync(id, "confirm"));
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(2 * Minute);
        Assert.Equal(202, await world.ChangeAsync(id, "confirm"));
        await world.RunAsync();
        Assert.Equal(ContainmentStatus.Confirmed, Assert.Single(await world.ContainmentsAsync()).State.Status);
    }

    [Fact]
    public async Task An_effect_that_failed_for_good_leaves_no_containment()
    {
        await using var world = await ApprovedAsync(new Fault(FaultKind.Unavailable, User, "PATCH"));
        await world.PassAsync(10 * Minute);
        world.Machine.Tenant.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(1));
        Assert.True(await world.CanSignInAsync(World.Adele));
        await AssertEndedAsync(world, ContainmentStatus.Released);
    }

    /// <summary>Somebody disables the account by hand after the release: that is theirs, and stays (S6).</summary>
    [Fact]
    public async Task What_a_person_does_after_a_settled_release_stays()
    {
        await using var world = await ApprovedAsync();
        await ReleaseAsync(world);
        Assert.True(await world.CanSignInAsync(World.Adele));
        await world.SwitchAccountAsync(World.Adele, enabled: false);
        await world.PassAsync(Day);
        Assert.False(await world.CanSignInAsync(World.Adele));
    }

    private static async Task<World> ApprovedAsync(params Fault[] faults)
    {
        var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        foreach (var fault in faults)
            world.Machine.Tenant.Faults.Add(fault);
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve"));
        await world.RunAsync();
        return world;
    }

    private static async Task ReleaseAsync(World world)
    {
        Assert.Equal(202, await world.ChangeAsync(Assert.Single(await world.ContainmentsAsync()).Id, "release"));
        await world.RunAsync();
    }

    /// <summary>The state, the record and the people who look at it say the same: nothing is in effect, nothing is promised.</summary>
    private static async Task AssertEndedAsync(World world, ContainmentStatus status)
    {
        var (id, state) = Assert.Single(await world.ContainmentsAsync());
        Assert.Equal(status, state.Status);
        Assert.Equal(409, await world.ChangeAsync(id, "release"));
        foreach (var incident in state.Incidents)
        {
            var kinds = await world.KindsAsync(incident);
            Assert.True(
                kinds.ToList().FindLastIndex(k => k is AuditKinds.Undone or AuditKinds.NotUndone)
                    > kinds.ToList().FindLastIndex(k => k is AuditKinds.Executing)
            );
        }
    }
}

using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Limits;

/// <summary>The global stop halts every new effect at once, and never a rollback or a release (S13).</summary>
public sealed class GlobalStopTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Engaged_before_an_alert_nothing_runs_and_the_alert_has_an_outcome_and_a_record_S13()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await world.StopAsync(engage: true));
        await world.SendAsync(Given.MaliciousAddress());
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();

        Assert.Empty(world.Containing());
        Assert.Empty(await world.PendingAsync());
        var tally = await world.AssertAllAccountedAsync(2);
        Assert.Equal(2, tally[Outcome.Ticketed]);
        Assert.Equal(2, world.Effects("ticket.create").Count); // People hear of it all the same.
        foreach (var alert in await world.IncidentsAsync())
            Assert.Contains(
                await world.RecordAsync(alert.Incident),
                e => e.Kind == AuditKinds.Decided && e.Text.Contains("global stop", StringComparison.Ordinal)
            );
        Assert.Contains(await world.KindsAsync(RecordChains.Pipeline), k => k == AuditKinds.StopEngaged);
    }

    [Fact]
    public async Task Engaged_while_an_approval_waits_the_approved_action_is_halted_S13()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        await world.StopAsync(engage: true);
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        await world.RunAsync();

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update"));
        var alert = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(alert.Decisions, d => d.Ending == Ending.Halted && d.Text.Contains("global stop", StringComparison.Ordinal));
        Assert.Contains(
            await world.RecordAsync(alert.Incident),
            e => e.Kind == AuditKinds.Failed && e.Text.Contains("halted by the global stop", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(await world.ContainmentsAsync(), c => c.State.Status is ContainmentStatus.Live or ContainmentStatus.Undoing);
        // Halted is not forgotten: people are told that what they approved did not happen.
        Assert.Contains(world.Pages(), p => p.Contains("halted by the global stop", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Engaged_between_the_hold_and_the_effect_nothing_happens_S13()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        // Reading the account for the capture takes its time; meanwhile somebody presses the button.
        world.Machine.Tenant.Faults.Add(new Local.Tenant.Fault(Local.Tenant.FaultKind.Unavailable, "/graph/v1.0/users/*", "GET", Count: 2));
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.RunAsync();
        await world.StopAsync(engage: true);
        await world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.Empty(world.Effects("user.update"));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_rollback_at_its_time_works_during_the_stop_S13()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        await world.StopAsync(engage: true);
        await world.PassAsync(2 * Hour + TimeSpan.FromMinutes(1));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task A_release_works_during_the_stop_S13()
    {
        await using var world = await StolenAccountTests.ApprovedAsync();
        await world.StopAsync(engage: true);
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.Released, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task Lifted_new_effects_run_again_S13()
    {
        await using var world = await World.CreateAsync();
        await world.StopAsync(engage: true);
        await world.SendAsync(Given.MaliciousAddress("a-1", "203.0.113.1"));
        await world.RunAsync();
        Assert.Empty(world.Containing());
        Assert.Equal(202, await world.StopAsync(engage: false, World.Sam));
        await world.SendAsync(Given.MaliciousAddress("a-2", "203.0.113.2"));
        await world.RunAsync();
        Assert.Single(world.Containing());
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData(World.Outsider, 403)]
    public async Task Only_people_on_a_ladder_press_or_lift_it_and_others_are_recorded(string? who, int status)
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(status, await world.StopAsync(engage: true, who));
        await world.StopAsync(engage: true);
        await world.RunAsync();
        Assert.Equal(status, await world.StopAsync(engage: false, who));
        await world.RunAsync();
        Assert.True((await world.EntityAsync<GlobalStopState>(GlobalStop.Id))!.Engaged);
        Assert.Equal(2, (await world.KindsAsync(RecordChains.Pipeline)).Count(k => k == AuditKinds.Refused));
    }

    [Fact]
    public async Task A_stop_that_cannot_be_read_when_deciding_lets_nothing_happen_but_reaches_people_S12_S13()
    {
        var store = new Unreadable();
        await using var world = await World.CreateAsync(replace: services => services.AddSingleton<IDurableStore>(store));
        store.StopIsUnreadable = true;
        await world.SendAsync(Given.MaliciousAddress());
        await world.PassAsync(Hour);
        Assert.Empty(world.Containing());
        await world.AssertAllAccountedAsync(1);
        Assert.Single(world.Effects("ticket.create"));
        Assert.NotEmpty(world.Pages());
    }

    [Fact]
    public async Task A_stop_that_cannot_be_read_before_the_effect_lets_nothing_happen_S12_S13()
    {
        var store = new Unreadable();
        await using var world = await World.CreateAsync(replace: services => services.AddSingleton<IDurableStore>(store));
        var request = await StolenAccountTests.AskedAsync(world);
        store.StopIsUnreadable = true;
        await world.AnswerAsync(request, World.Alex, "approve");
        await world.PassAsync(Hour);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update"));
        Assert.Contains(Assert.Single(await world.IncidentsAsync()).Decisions, d => d.Ending == Ending.Failed);
        Assert.Contains(world.Pages(), p => p.Contains("failed", StringComparison.Ordinal));
    }

    /// <summary>A store that cannot find the stop while it is told so; everything else works.</summary>
    private sealed class Unreadable : IDurableStore
    {
        private readonly MemoryStore inner = new();

        public bool StopIsUnreadable { get; set; }

        public InstanceRecord? Read(string instanceId) =>
            StopIsUnreadable && instanceId.StartsWith("@globalstop@", StringComparison.Ordinal)
                ? throw new InvalidOperationException("the store is not there")
                : inner.Read(instanceId);

        public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork() => inner.LoadWork();

        public IReadOnlyList<byte[]> ReadHistory(long execution) => inner.ReadHistory(execution);

        public ValueTask<bool> CommitAsync(StepCommit commit) => inner.CommitAsync(commit);

        public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter) => inner.Query(filter);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

using IRFunctions.Containment;

namespace IRFunctions.Tests.Containment;

/// <summary>What should move by itself and does not is found, paged and set going again.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task A_live_containment_whose_timer_was_lost_is_undone_all_the_same_S7(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        await stage.LoseTimersAsync("@scheduledrollback@");
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.True(stage.InEffect());
        await stage.World.PassAsync(10 * Minute);
        Assert.False(stage.InEffect());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        Assert.Contains(ContainmentKinds.Repaired, await stage.KindsAsync());
        Assert.Contains(stage.Pages, p => p.Contains("WATCHDOG", StringComparison.Ordinal) && p.Contains("late", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_undo_whose_timer_was_lost_is_started_again()
    {
        await using var stage = await Stage.OpenAsync("disable_user_account_temporarily");
        await stage.ActAsync();
        stage.Faults.Add(new Local.Tenant.Fault(Local.Tenant.FaultKind.Unavailable, "/graph/*"));
        await stage.World.PassAsync(TimeSpan.FromMinutes(125));
        var key = stage.Case.Containment;
        await stage.World.Client.TerminateInstanceAsync(ScheduledRollback.UndoInstance(key, await stage.ContainmentAsync()), "lost");
        await stage.World.RunAsync();
        stage.Faults.Clear();
        Assert.True(stage.InEffect());
        await stage.World.PassAsync(15 * Minute);
        await stage.World.PassAsync(Minute);
        Assert.False(stage.InEffect());
        Assert.Contains(stage.Pages, p => p.Contains("its undo is not running", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_does_not_move_is_paged_and_ends_with_people_S10()
    {
        await using var stage = await Stage.OpenAsync("disable_user_account_temporarily");
        await stage.AskAsync();
        await stage.LoseTimersAsync("approval-");
        await stage.World.PassAsync(10 * Minute);
        await stage.World.PassAsync(10 * Minute);
        Assert.Contains(stage.Pages, p => p.Contains("should have moved", StringComparison.Ordinal));
        await stage.World.PassAsync(10 * Minute);
        await stage.World.RunAsync();
        Assert.Empty(await stage.World.PendingAsync());
        Assert.Contains((await stage.World.IncidentsAsync())[0].Decisions, d => d.Ending == Ending.Failed);
        Assert.False(stage.InEffect());
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Drift_is_told_once_and_not_fought_over(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        await stage.World.PassAsync(6 * Minute);
        Assert.DoesNotContain(ContainmentKinds.Drifted, await stage.KindsAsync());
        stage.SomeoneElseUndoes();
        var effects = stage.Effects(stage.Case.Done);
        for (var round = 0; round < 3; round++)
            await stage.World.PassAsync(6 * Minute);
        Assert.Single(await stage.KindsAsync(), ContainmentKinds.Drifted);
        Assert.Single(stage.Pages, p => p.StartsWith("DRIFT", StringComparison.Ordinal));
        Assert.Equal(effects, stage.Effects(stage.Case.Done));
    }

    [Fact]
    public async Task What_goes_well_is_left_alone()
    {
        await using var stage = await Stage.OpenAsync("disable_user_account_temporarily");
        await stage.AskAsync();
        for (var round = 0; round < 2; round++)
            await stage.World.PassAsync(5 * Minute);
        await stage.ApproveAsync();
        for (var round = 0; round < 26; round++)
            await stage.World.PassAsync(5 * Minute);
        Assert.False(stage.InEffect());
        Assert.DoesNotContain(
            stage.Pages,
            p => p.Contains("WATCHDOG", StringComparison.Ordinal) || p.Contains("DRIFT", StringComparison.Ordinal)
        );
    }
}

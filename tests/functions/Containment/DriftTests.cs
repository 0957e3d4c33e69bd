using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>Somebody takes our containment off and somebody puts it on again: the same state, not ours any more (S6).</summary>
public sealed class DriftTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task What_somebody_else_contained_after_ours_was_gone_stays_when_our_time_is_up_S6(string name)
    {
        await using var stage = await GoneAndBackAsync(name);
        var effects = stage.Effects(stage.Case.Undone);
        await stage.World.PassAsync(stage.Case.Lasts!.Value);
        Assert.True(stage.InEffect());
        Assert.Equal(effects, stage.Effects(stage.Case.Undone));
        Assert.Contains(AuditKinds.NotUndone, await stage.KindsAsync());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        Assert.Contains(stage.Pages, p => p.Contains("was to be undone", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task A_release_does_not_overwrite_it_either_and_says_so_S6(string name)
    {
        await using var stage = await GoneAndBackAsync(name);
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "release", reason: "false alarm"));
        await stage.World.RunAsync();
        Assert.True(stage.InEffect());
        Assert.Contains(stage.Pages, p => p.Contains("was to be undone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_confirmed_is_marked_as_well_and_whoever_asks_hears_that_it_is_not_securitys_any_more_S6()
    {
        await using var stage = await Stage.OpenAsync("disable_user_account_temporarily");
        await stage.ActAsync();
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "confirm", reason: "it is real"));
        await stage.World.PassAsync(6 * Minute);
        stage.SomeoneElseUndoes();
        await stage.World.PassAsync(5 * Minute);
        stage.SomeoneElseDoes();
        var state = await stage.ContainmentAsync();
        Assert.Equal((ContainmentStatus.Confirmed, true), (state.Status, state.DriftedAt is not null));
        Assert.Contains("not security's", ContainmentAnswer.Of(state, [], id => id).DidSecurityDoThis, StringComparison.Ordinal);
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "release", reason: "false alarm"));
        await stage.World.RunAsync();
        Assert.True(stage.InEffect());
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task A_second_incident_that_finds_it_so_does_not_take_it_for_ours_S6(string name)
    {
        await using var stage = await GoneAndBackAsync(name);
        await stage.ActAsync("alert-2");
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.True(stage.InEffect());
        Assert.Contains(
            (await stage.World.IncidentsAsync()).SelectMany(i => i.Decisions),
            d => d.Action == stage.Case.Action && d.Ending == Ending.AlreadySo
        );
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Done_again_for_a_second_incident_after_the_drift_was_seen_it_is_ours_again_and_undone_S6_S7(string name)
    {
        await using var stage = await GoneAsync(name);
        await stage.ActAsync("alert-2");
        await stage.World.PassAsync(Minute);
        Assert.True(stage.InEffect());
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.False(stage.InEffect());
        Assert.Contains(AuditKinds.Undone, await stage.KindsAsync());
    }

    /// <summary>
    /// An older answer from another copy of the directory must not leave an account disabled for good: so soon it is told, not believed.
    /// </summary>
    [Fact]
    public async Task What_is_read_within_five_minutes_is_told_but_does_not_keep_the_undo_from_its_work_S7()
    {
        await using var stage = await Stage.OpenAsync("disable_user_account_temporarily");
        await stage.World.PassAsync(3 * Minute);
        await stage.ActAsync();
        stage.SomeoneElseUndoes();
        await stage.World.PassAsync(3 * Minute); // The watchdog looks at 03:05.
        Assert.Contains(ContainmentKinds.Drifted, await stage.KindsAsync());
        Assert.Null((await stage.ContainmentAsync()).DriftedAt);
        stage.SomeoneElseDoes();
        await stage.World.PassAsync(stage.Case.Lasts!.Value);
        Assert.False(stage.InEffect());
    }

    [Fact]
    public async Task People_are_told_that_it_is_back_and_not_ours_once()
    {
        await using var stage = await GoneAndBackAsync("disable_user_account_temporarily");
        for (var round = 0; round < 3; round++)
            await stage.World.PassAsync(6 * Minute);
        Assert.Single(
            stage.Pages,
            p => p.StartsWith("DRIFT", StringComparison.Ordinal) && p.Contains("is in effect again", StringComparison.Ordinal)
        );
        Assert.Equal(2, (await stage.KindsAsync()).Count(k => k == ContainmentKinds.Drifted));
    }

    /// <summary>Contained, settled, then put back by somebody, and seen by the watchdog.</summary>
    private static async Task<Stage> GoneAsync(string name)
    {
        var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        await stage.World.PassAsync(6 * Minute);
        stage.SomeoneElseUndoes();
        await stage.World.PassAsync(5 * Minute);
        Assert.NotNull((await stage.ContainmentAsync()).DriftedAt);
        return stage;
    }

    private static async Task<Stage> GoneAndBackAsync(string name)
    {
        var stage = await GoneAsync(name);
        stage.SomeoneElseDoes();
        Assert.True(stage.InEffect());
        return stage;
    }
}

using IRFunctions.Agents;
using IRFunctions.Containment;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>Whole incidents under virtual time, the same for every action of the catalogue that touches anything.</summary>
public sealed class EveryActionTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Done_and_undone_at_its_time_each_step_on_the_record_before_the_next_S5_S7_S11(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        Assert.False(stage.InEffect());
        await stage.ActAsync();
        Assert.True(stage.InEffect());
        Assert.Equal(ContainmentStatus.Live, (await stage.ContainmentAsync()).Status);
        Assert.Contains(
            stage.Pages,
            p => p.Contains("Security did this", StringComparison.Ordinal) && p.Contains("/release", StringComparison.Ordinal)
        );

        await stage.World.PassAsync(stage.Case.Lasts!.Value - Minute);
        Assert.True(stage.InEffect());
        await stage.World.PassAsync(2 * Minute);
        Assert.False(stage.InEffect());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        string[] inOrder =
        [
            ContainmentKinds.Estimated,
            AuditKinds.Captured,
            ContainmentKinds.Probed,
            ContainmentKinds.Registered,
            AuditKinds.Executing,
            AuditKinds.Executed,
            AuditKinds.Verified,
            ContainmentKinds.Notified,
            AuditKinds.Reminded,
            AuditKinds.Undoing,
            AuditKinds.Undone,
        ];
        Assert.Equal(inOrder, (await stage.KindsAsync()).Where(inOrder.Contains));
    }

    [Theory]
    [MemberData(nameof(ActionCase.WithoutInverse), MemberType = typeof(ActionCase))]
    public async Task Without_an_inverse_it_is_done_once_and_says_so(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        Assert.True(stage.InEffect());
        Assert.Empty(await stage.World.ContainmentsAsync());
        Assert.Contains(stage.Pages, p => p.Contains("cannot be taken back by itself", StringComparison.Ordinal));
        string[] inOrder = [AuditKinds.Captured, AuditKinds.Executing, AuditKinds.Executed, AuditKinds.Verified, ContainmentKinds.Notified];
        Assert.Equal(inOrder, (await stage.KindsAsync()).Where(inOrder.Contains));
        await stage.World.PassAsync(TimeSpan.FromDays(4));
        Assert.Equal(1, stage.Effects(stage.Case.Done));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Released_by_a_person_it_is_undone_at_once_and_read_back(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "release", reason: "false alarm"));
        await stage.World.RunAsync();
        Assert.False(stage.InEffect());
        var state = await stage.ContainmentAsync();
        Assert.Equal(ContainmentStatus.Released, state.Status);
        Assert.NotNull(state.UndoneIn);
        Assert.Contains(
            await stage.StoryAsync(),
            e => e.Kind == AuditKinds.Undone && e.Text.Contains("s after it was asked for", StringComparison.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Somebody_elses_later_change_wins_and_is_reported_S6(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        stage.SomeoneElseUndoes();
        var effects = stage.Effects(stage.Case.Undone);
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.Equal(effects, stage.Effects(stage.Case.Undone));
        var own = stage.Case.Rehearsed.TakesItForItsOwn;
        Assert.Contains(own ? AuditKinds.Undone : AuditKinds.NotUndone, await stage.KindsAsync());
        Assert.Equal(!own, stage.Pages.Any(p => p.Contains("was to be undone", StringComparison.Ordinal)));
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
    }

    [Fact]
    public async Task A_message_that_somebody_moved_elsewhere_stays_there_and_it_is_reported_S6()
    {
        await using var stage = await Stage.OpenAsync("quarantine_email");
        await stage.ActAsync();
        await stage.MoveMailAsync("archive");
        var moves = stage.Effects("message.move");
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.Equal(moves, stage.Effects("message.move"));
        Assert.Contains(AuditKinds.NotUndone, await stage.KindsAsync());
        Assert.Contains(stage.Pages, p => p.Contains("was to be undone", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ActionCase.WithPriorState), MemberType = typeof(ActionCase))]
    public async Task What_was_so_before_us_stays_so_after_us_S6(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        stage.SomeoneElseDoes();
        var done = stage.Effects(stage.Case.Done);
        await stage.ActAsync();
        await stage.World.PassAsync(TimeSpan.FromDays(4));
        Assert.True(stage.InEffect());
        Assert.Equal(done, stage.Effects(stage.Case.Done));
        var incident = (await stage.World.IncidentsAsync())[0];
        var record = await stage.World.RecordAsync(incident.Incident);
        // Where people would have been asked it is said before they are; what runs alone finds it when its turn comes.
        var before = record.Any(e =>
            e.Kind == AuditKinds.Decided && e.Text.Contains("It is so already, and not by us", StringComparison.Ordinal)
        );
        Assert.Equal(!before, record.Any(e => e.Kind == AuditKinds.AlreadySo));
        Assert.Contains(incident.Decisions, d => d.Ending == (before ? Ending.Held : Ending.AlreadySo));
        Assert.Empty(await stage.World.PendingAsync());
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Two_incidents_hold_it_and_it_ends_with_the_last_hold_S6(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        var half = stage.Case.Lasts!.Value / 2;
        await stage.World.PassAsync(half);
        await stage.ActAsync("alert-2");
        await stage.World.PassAsync(half + Minute);
        Assert.True(stage.InEffect());
        Assert.Equal(1, stage.Effects(stage.Case.Done));
        await stage.World.PassAsync(half);
        Assert.False(stage.InEffect());
        Assert.Equal(stage.Case.Times, stage.Effects(stage.Case.Undone));
        Assert.Contains(AuditKinds.Joined, await stage.KindsAsync());
    }

    /// <summary>
    /// What the second incident did again is as much ours as what the first did: its undo must not take it for somebody else's.
    /// </summary>
    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Put_back_by_hand_and_done_again_for_a_second_incident_it_is_undone_with_the_last_hold_S6(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        stage.SomeoneElseUndoes();
        await stage.ActAsync("alert-2");
        await stage.World.PassAsync(Minute);
        Assert.True(stage.InEffect());
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.False(stage.InEffect());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        Assert.Contains(AuditKinds.Undone, await stage.KindsAsync());
    }

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public async Task The_stop_halts_what_had_not_begun_S13(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        var alone = stage.World.Machine.Policy.Actions[stage.Case.Action].Tier == 1; // Nobody is asked, so the stop has to be there first.
        if (!alone)
            await stage.AskAsync();
        await stage.World.StopAsync(engage: true);
        await stage.World.RunAsync();
        if (alone)
            await stage.AskAsync();
        else
            await stage.ApproveAsync();
        await stage.World.PassAsync(Minute);
        Assert.False(stage.InEffect());
        Assert.Equal(0, stage.Effects(stage.Case.Done));
        if (alone && stage.Case.Breaker is { } identity)
        {
            // The opening itself is an effect, and waits before there is an incident.
            Assert.Empty(await stage.World.IncidentsAsync());
            Assert.Contains(BreakerKinds.Halted, await stage.World.KindsAsync(BreakerKinds.ChainOf(identity)));
            return;
        }
        var decision = (await stage.World.IncidentsAsync())[0].Decisions.Single(d => d.Action == stage.Case.Action);
        Assert.Equal(alone ? Ending.Held : Ending.Halted, decision.Ending);
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task The_stop_halts_no_undo_S13(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        await stage.World.StopAsync(engage: true);
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.False(stage.InEffect());
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Extended_and_confirmed_only_with_a_reason(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        Assert.Equal(400, await stage.World.ChangeAsync(stage.Case.Containment, "extend", reason: " ", hours: 1));
        Assert.Equal(400, await stage.World.ChangeAsync(stage.Case.Containment, "confirm", reason: null));
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "confirm", reason: "it is real"));
        await stage.World.PassAsync(stage.Case.Lasts!.Value + Minute);
        Assert.True(stage.InEffect());
    }
}

using IRFunctions.Containment;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>Every action while the system it changes is throttled, failing, slow, forbidden or away.</summary>
public sealed class TroubledTenantTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<string, bool> NamesTwice
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var action in ActionCase.All)
            {
                data.Add(action.Name, false);
                data.Add(action.Name, true);
            }
            return data;
        }
    }

    private static Fault Of(FaultKind kind, ActionCase action, int? count, double seconds = 1) =>
        new(kind, action.Rehearsed.Path, action.Rehearsed.Method, count, seconds);

    /// <summary>
    /// Seconds and a date are the two forms of Retry-After (RFC 9110); the rows go through Graph, Azure Resource Manager and the connector.
    /// </summary>
    [Theory]
    [MemberData(nameof(NamesTwice))]
    public async Task Throttled_it_waits_as_long_as_it_was_asked_to_by_a_durable_timer(string name, bool asDate)
    {
        await using var stage = await Stage.OpenAsync(name);
        stage.Faults.Add(Of(FaultKind.Throttle, stage.Case, 2, seconds: 100) with { AsDate = asDate });
        await stage.ActAsync();
        Assert.False(stage.InEffect()); // Nothing waits in an activity: the machine is idle, and a timer is set.
        await stage.World.PassAsync(TimeSpan.FromSeconds(99));
        Assert.False(stage.InEffect());
        await stage.World.PassAsync(TimeSpan.FromSeconds(110));
        Assert.True(stage.InEffect());
        Assert.Equal(1, stage.Effects(stage.Case.Done));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public async Task Failing_it_is_tried_again_and_done_once(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        stage.Faults.Add(Of(FaultKind.Error, stage.Case, 1));
        stage.Faults.Add(Of(FaultKind.Unavailable, stage.Case, 1));
        stage.Faults.Add(Of(FaultKind.LoseAnswer, stage.Case, 1));
        await stage.ActAsync();
        await stage.World.PassAsync(3 * Minute);
        Assert.True(stage.InEffect());
        if (!stage.Case.Rehearsed.RepeatsHarmlessly) // Ending sessions twice ends them once.
            Assert.Equal(1, stage.Effects(stage.Case.Done));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public async Task Slow_it_still_gets_there(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        stage.Faults.Add(new Fault(FaultKind.Slow, Seconds: 5));
        await stage.ActAsync();
        await stage.World.PassAsync(Minute);
        stage.Faults.Clear();
        Assert.True(stage.InEffect());
        Assert.Equal(1, stage.Effects(stage.Case.Done));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public async Task Forbidden_nothing_is_done_and_the_page_names_the_missing_permission(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        stage.Faults.Add(Of(FaultKind.Forbid, stage.Case, null));
        await stage.ActAsync();
        await stage.World.PassAsync(3 * Minute);
        stage.Faults.Clear();
        Assert.False(stage.InEffect());
        Assert.Contains(
            stage.Pages,
            p =>
                p.Contains("failed", StringComparison.Ordinal)
                && stage.Case.Rehearsed.Permissions.Any(name => p.Contains(name, StringComparison.Ordinal))
        );
        Assert.Contains((await stage.World.IncidentsAsync())[0].Decisions, d => d.Action == stage.Case.Action && d.Ending == Ending.Failed);
        await stage.World.PassAsync(TimeSpan.FromDays(1));
        Assert.DoesNotContain(
            await stage.World.ContainmentsAsync(),
            c => c.State.Status is ContainmentStatus.Live or ContainmentStatus.RollbackFailed
        );
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public Task An_outage_at_the_end_of_its_time_pages_and_is_undone_when_it_is_over_S7(string name) =>
        PagesAtTheEndAsync(name, FaultKind.Unavailable, 30 * Minute, "Tried again at");

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public Task Forbidden_at_the_end_of_its_time_the_page_names_the_permission_and_it_is_undone_once_it_is_granted_S7(string name) =>
        PagesAtTheEndAsync(name, FaultKind.Forbid, 10 * Minute, "The app needs");

    private static async Task PagesAtTheEndAsync(string name, FaultKind fault, TimeSpan until, string says)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        await stage.World.PassAsync(stage.Case.Lasts!.Value - Minute);
        foreach (var path in stage.Case.Rehearsed.Systems)
            stage.Faults.Add(new Fault(fault, path));
        await stage.World.PassAsync(until);
        Assert.Equal(ContainmentStatus.RollbackFailed, (await stage.ContainmentAsync()).Status);
        Assert.Contains(
            stage.Pages,
            p => p.Contains("ROLLBACK FAILED", StringComparison.Ordinal) && p.Contains(says, StringComparison.Ordinal)
        );
        stage.Faults.Clear();
        await stage.World.PassAsync(TimeSpan.FromHours(1));
        Assert.False(stage.InEffect());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task Throttled_failing_and_its_answer_lost_at_the_end_of_its_time_it_is_undone_once_and_nobody_is_paged_S7(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        var undone = stage.Effects(stage.Case.Undone);
        await stage.World.PassAsync(stage.Case.Lasts!.Value - Minute);
        foreach (var path in stage.Case.Rehearsed.Systems)
            stage.Faults.Add(new Fault(FaultKind.Throttle, path, Count: 1, Seconds: 100));
        foreach (var path in stage.Case.Rehearsed.Systems)
            stage.Faults.Add(new Fault(FaultKind.Error, path, Count: 1));
        foreach (var path in stage.Case.Rehearsed.Systems)
            stage.Faults.Add(new Fault(FaultKind.LoseAnswer, path, Method: stage.Case.Rehearsed.UndoMethod, Count: 1));
        await stage.World.PassAsync(Minute + TimeSpan.FromSeconds(99));
        Assert.Equal(undone, stage.Effects(stage.Case.Undone));
        await stage.World.PassAsync(5 * Minute);
        stage.Faults.Clear();
        Assert.False(stage.InEffect());
        Assert.Equal(undone + 1, stage.Effects(stage.Case.Undone));
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        Assert.DoesNotContain(stage.Pages, p => p.Contains("ROLLBACK FAILED", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ActionCase.Reversible), MemberType = typeof(ActionCase))]
    public async Task A_release_takes_over_from_an_undo_that_keeps_failing(string name)
    {
        await using var stage = await Stage.OpenAsync(name);
        await stage.ActAsync();
        foreach (var path in stage.Case.Rehearsed.Systems)
            stage.Faults.Add(new Fault(FaultKind.Unavailable, path));
        await stage.World.PassAsync(stage.Case.Lasts!.Value + (10 * Minute));
        stage.Faults.Clear();
        Assert.Equal(202, await stage.World.ChangeAsync(stage.Case.Containment, "release", reason: "now"));
        await stage.World.RunAsync();
        Assert.False(stage.InEffect());
        await stage.World.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(ContainmentStatus.Released, (await stage.ContainmentAsync()).Status);
        Assert.Contains(ContainmentKinds.TakenOver, await stage.KindsAsync());
        Assert.DoesNotContain(AuditKinds.NotUndone, await stage.KindsAsync());
    }

    [Theory]
    [InlineData("disable_user_account_temporarily", "User.RevokeSessions.All,User.Read.All", "User.EnableDisableAccount.All")]
    [InlineData("block_ip_at_firewall by named location", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess")]
    public async Task Where_the_reverse_would_not_be_permitted_nothing_is_done(string name, string granted, string missing)
    {
        await using var stage = await Stage.OpenAsync(
            name,
            o => o with { Settings = new Dictionary<string, string?>(o.Settings) { ["Local:GraphPermissions"] = granted } }
        );
        await stage.ActAsync();
        Assert.False(stage.InEffect());
        Assert.Equal(0, stage.Effects(stage.Case.Done));
        Assert.Contains(stage.Pages, p => p.Contains(missing, StringComparison.Ordinal));
        Assert.DoesNotContain(AuditKinds.Executing, await stage.KindsAsync());
    }

    [Fact]
    public async Task A_watchlist_that_may_not_be_cleaned_up_is_not_written_to()
    {
        await using var stage = await Stage.OpenAsync("add_ip_to_watchlist");
        stage.Faults.Add(new Fault(FaultKind.Forbid, "/arm/*", "DELETE"));
        await stage.ActAsync();
        Assert.Equal(0, stage.Effects(stage.Case.Done));
    }
}

using IRFunctions.Containment;
using IRFunctions.Local.Engine;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// The machine dies before or after any step of a containment; on restart it reconciles by reading, and nothing happens twice.
/// </summary>
public sealed class CrashTests
{
    public static TheoryData<string, CrashMoment> EveryActionAndMoment()
    {
        var data = new TheoryData<string, CrashMoment>();
        foreach (var action in ActionCase.All)
        {
            foreach (var moment in Enum.GetValues<CrashMoment>())
                data.Add(action.Name, moment);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(EveryActionAndMoment))]
    public async Task A_crash_at_any_step_repeats_no_effect_and_loses_no_undo(string name, CrashMoment moment)
    {
        var at = 1;
        while (await RunWithCrashAsync(ActionCase.Of(name), moment, at))
            at++;
        Assert.InRange(at, 5, 200); // Each run but the last crashed once, each at another step.
    }

    private static async Task<bool> RunWithCrashAsync(ActionCase action, CrashMoment moment, int at)
    {
        var crash = new Crash(moment, at, Stage.IsContainment);
        await using var stage = await Stage.OpenAsync(action, engine: crash.Engine);
        await stage.SurviveAsync(() => stage.ActAsync()); // After a crash the alert comes again, as from a queue.
        if (action.Lasts is { } length)
            await stage.SurviveAsync(() => stage.World.PassAsync(length + TimeSpan.FromMinutes(10)));

        Assert.Equal(action.Lasts is null, stage.InEffect());
        // Ending sessions twice ends them once.
        Assert.Equal(
            action.Times,
            action.Rehearsed.RepeatsHarmlessly ? Math.Min(1, stage.Effects(action.Done)) : stage.Effects(action.Done)
        );
        if (action.Lasts is not null)
            Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
        var kinds = await stage.KindsAsync();
        Assert.Single(kinds, AuditKinds.Executing);
        Assert.Single(kinds, AuditKinds.Executed);
        if (action.Lasts is not null)
            Assert.Single(kinds, k => k is AuditKinds.Undone or AuditKinds.NotUndone);
        return crash.Happened;
    }
}

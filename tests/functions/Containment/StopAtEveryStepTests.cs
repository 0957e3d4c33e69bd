using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// The global stop is engaged after the first durable step of a containment, after the second, and so on to the last of its undo. From the
/// moment it stands no effect begins; what had begun before is verified, told and undone at its time or by a release as if there were no
/// stop (S7, S13).
/// </summary>
public sealed class StopAtEveryStepTests
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public Task Engaged_after_any_step_nothing_begins_and_what_had_begun_ends_well_S7_S13(string name) =>
        AtEveryStepAsync(name, CrashMoment.AfterCommit, dies: false, Stage.IsContainment);

    /// <summary>
    /// An activity that ran and whose result was lost runs again under the stop: what its first run did is there, and must not be called
    /// undone.
    /// </summary>
    [Theory]
    [MemberData(nameof(ActionCase.Names), MemberType = typeof(ActionCase))]
    public Task Engaged_after_any_activity_while_the_machine_is_down_what_had_begun_is_found_by_reading_S7_S13(string name) =>
        AtEveryStepAsync(name, CrashMoment.AfterActivity, dies: true, Stage.IsContainment);

    /// <summary>From the alert's arrival on, with approval and register: one action that asks, one that runs alone.</summary>
    [Theory]
    [InlineData("disable_user_account_temporarily")]
    [InlineData("add_ip_to_watchlist")]
    public Task Engaged_after_any_step_of_the_whole_incident_S10_S13(string name) =>
        AtEveryStepAsync(name, CrashMoment.AfterCommit, dies: false, _ => true);

    private static async Task AtEveryStepAsync(string name, CrashMoment moment, bool dies, Func<string, bool> counts)
    {
        var ends = new List<Ending>();
        for (var at = 1; await new Run(ActionCase.Of(name), at, dies).EndAsync(moment, counts) is { } ending; at++)
            ends.Add(ending);
        Assert.InRange(ends.Count, 5, 200);
        // The stop came early enough to halt it and late enough to let it through; else the test would have shown half of it.
        if (!dies)
            Assert.Contains(Ending.Halted, ends);
        Assert.Contains(Ending.Done, ends);
    }

    /// <summary>One incident with the stop after one step.</summary>
    private sealed class Run(ActionCase action, int at, bool dies)
    {
        private Stage? stage;
        private int seen;
        private bool engaged;
        private int? standsFrom;

        /// <summary>How the decision ended; null where there is no such step.</summary>
        public async Task<Ending?> EndAsync(CrashMoment moment, Func<string, bool> counts)
        {
            var engine = new EngineOptions { AtCrashPoint = p => Look(p, moment, counts) };
            await using (stage = await Stage.OpenAsync(action, engine: engine))
            {
                await stage.SurviveAsync(() => stage.ActAsync(), engine);
                // A person may take it back under the stop; otherwise its time does. Every other step the one or the other.
                if (
                    engaged
                    && at % 2 == 1
                    && action.Lasts is not null
                    && (await stage.World.ContainmentsAsync()).Any(c => c.State.Status == ContainmentStatus.Live)
                )
                {
                    Assert.Equal(202, await stage.World.ChangeAsync(action.Containment, "release", reason: "it hurts"));
                    await stage.SurviveAsync(() => stage.World.RunAsync(), engine);
                }
                if (action.Lasts is { } length)
                    await stage.SurviveAsync(() => stage.World.PassAsync(length + Margin), engine);
                if (!engaged)
                    return null;
                await stage.World.PassAsync(Margin);
                return await AssertAsync();
            }
        }

        private void Look(CrashPoint point, CrashMoment moment, Func<string, bool> counts)
        {
            if (point.Moment == CrashMoment.AfterCommit && point.InstanceId.StartsWith("@globalstop@", StringComparison.Ordinal))
                standsFrom ??= Journal.Count;
            if (engaged || stage is null || point.Moment != moment || !counts(point.InstanceId) || ++seen != at)
                return;
            engaged = true;
            stage.EngageStop();
            if (dies)
                throw new SimulatedCrash();
        }

        private IReadOnlyList<TenantEffect> Journal => stage!.World.Machine.Tenant.Journal.Entries;

        private async Task<Ending> AssertAsync()
        {
            Assert.NotNull(standsFrom);
            var began = Journal.Take(standsFrom.Value).Any(e => e.Changed && e.Effect == action.Done);
            // Under the stop nothing but the way back.
            var after = Journal.Skip(standsFrom.Value).Where(e => e.Changed && !Telling(e.Effect)).ToList();
            Assert.All(after, e => Assert.Contains(e.Effect, action.Rehearsed.Allowed));
            Assert.Equal(began && action.Lasts is null, stage!.InEffect());
            Assert.Equal(
                began ? action.Times : 0,
                action.Rehearsed.RepeatsHarmlessly ? Math.Min(1, stage.Effects(action.Done)) : stage.Effects(action.Done)
            );

            var incident = (await stage.World.IncidentsAsync())[0];
            Assert.DoesNotContain(await stage.World.IncidentsAsync(), i => i.Outcome is Outcome.InProgress or Outcome.Awaiting);
            var decision = incident.Decisions.Single(d => d.Action == action.Action);
            await AssertToldAsync(began, decision.Ending);
            Assert.DoesNotContain(
                await stage.World.ContainmentsAsync(),
                c => c.State.Status is ContainmentStatus.Live or ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed
            );
            return decision.Ending;
        }

        private static bool Telling(string effect) =>
            effect.StartsWith("page.", StringComparison.Ordinal) || effect.StartsWith("ticket.", StringComparison.Ordinal);

        /// <summary>The record says what became of it, and so do pages.</summary>
        private async Task AssertToldAsync(bool began, Ending ending)
        {
            var story = await stage!.StoryAsync();
            var kinds = story.Select(e => e.Kind).ToList();
            if (began)
            {
                Assert.Equal(Ending.Done, ending);
                Assert.Single(kinds, AuditKinds.Executed);
                Assert.Single(kinds, AuditKinds.Verified);
                Assert.Contains(stage.Pages, p => p.Contains("Security did this", StringComparison.Ordinal));
                if (action.Lasts is not null)
                    Assert.Single(kinds, k => k is AuditKinds.Undone or AuditKinds.NotUndone);
                return;
            }
            Assert.DoesNotContain(AuditKinds.Executed, kinds);
            Assert.Contains(ending, new[] { Ending.Halted, Ending.Held }); // Held where the stop stood before the decision.
            if (ending == Ending.Held)
                return;
            Assert.Contains(
                story,
                e => e.Kind == AuditKinds.Failed && e.Text.Contains("halted by the global stop", StringComparison.Ordinal)
            );
            Assert.Contains(stage.Pages, p => p.Contains("was NOT run", StringComparison.Ordinal));
        }
    }
}

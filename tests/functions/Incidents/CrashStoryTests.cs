using DurableTask.Core.History;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// The story of a stolen account (alert, approval, containment, reminder, rollback) with a machine that dies at one step of it, and another
/// that starts on what was on disk. Once for every step there is.
/// </summary>
public sealed class CrashStoryTests
{
    [Theory]
    [InlineData(CrashMoment.BeforeCommit)]
    [InlineData(CrashMoment.AfterCommit)]
    [InlineData(CrashMoment.AfterActivity)]
    public async Task Killed_at_any_step_of_the_story_nothing_is_lost_and_nothing_happens_twice(CrashMoment moment)
    {
        var steps = 1;
        for (; await TellAsync(moment, steps) > 0; steps++) { }
        Assert.InRange(steps, 20, 200); // As many machines died as the story has steps of this kind.
    }

    [Fact]
    public async Task Killed_at_two_steps_one_after_the_other_it_still_ends_well()
    {
        for (var k = 3; k < 34; k += 10)
            Assert.Equal(2, await TellAsync(CrashMoment.AfterCommit, k, most: 2));
    }

    /// <returns>How many machines died.</returns>
    private static async Task<int> TellAsync(CrashMoment moment, int step, int most = 1)
    {
        await using var mortal = await CrashingWorld.StartAsync(moment, step, most);
        await mortal.World.SendAsync(Given.StolenAccount(), "m-1");
        await mortal.SurviveAsync(w => w.RunAsync());
        Assert.Equal(202, await mortal.World.AnswerAsync(Assert.Single(await mortal.World.PendingAsync()).Id, World.Alex, "approve"));
        await mortal.SurviveAsync(w => w.RunAsync());
        Assert.False(await mortal.World.CanSignInAsync(World.Adele));
        var end = mortal.Time.GetUtcNow() + TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1);
        await mortal.SurviveAsync(w => w.PassAsync(end - mortal.Time.GetUtcNow()));
        await AssertOnceAsync(mortal.World);
        return mortal.Deaths;
    }

    private static async Task AssertOnceAsync(World world)
    {
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count); // off once, on once
        Assert.Equal(world.Effects("ticket.create").Count, world.Effects("ticket.create").Select(e => e.Detail).Distinct().Count());
        Assert.Equal(world.Pages().Count, world.Effects("page.trigger").Select(e => e.Target).Distinct().Count());
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
        var alert = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Outcome.Acted, alert.Outcome);
        var record = await world.RecordAsync(alert.Incident);
        Assert.Equal(record.Count, record.Select(e => e.FactId).Distinct().Count());
        foreach (var kind in (string[])["received", "outcome", "granted", "captured", "reminded"])
            Assert.Single(record, e => e.Kind == kind);
        // Killed between putting it back and hearing so, the next one reads that it is back and can say no more than that.
        Assert.Single(record, e => e.Kind is "undone" or "not-undone");
        var tally = await world.AssertAllAccountedAsync(1);
        Assert.Equal(0, tally.Duplicates);
        var (left, _) = world.Machine.Services.GetRequiredService<Local.Engine.Stores.IDurableStore>().LoadWork();
        Assert.DoesNotContain(left, m => m.Event is TaskScheduledEvent);
    }
}

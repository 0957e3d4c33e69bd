using System.Diagnostics.CodeAnalysis;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Durable;
using IRFunctions.Local.Durable.Stores;
using IRFunctions.Local.Time;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// The story of a stolen account (alert, approval, containment, reminder, rollback) with a machine that dies at one step of it, and another that starts on
/// what was on disk. Once for every step there is, on the durable store, tables, queue and tenant in SQLite.
/// </summary>
public sealed class CrashStoryTests
{
    private static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    [Theory]
    [InlineData(CrashMoment.BeforeCommit)]
    [InlineData(CrashMoment.AfterCommit)]
    [InlineData(CrashMoment.AfterActivity)]
    public async Task Killed_at_any_step_of_the_story_nothing_is_lost_and_nothing_happens_twice(CrashMoment moment)
    {
        var steps = 1;
        for (; await new Story(moment, steps).TellAsync(); steps++)
        {
        }
        Assert.InRange(steps, 20, 200); // As many machines died as the story has steps of this kind.
    }

    [Fact]
    public async Task Killed_at_two_steps_one_after_the_other_it_still_ends_well()
    {
        for (var k = 3; k < 34; k += 10) Assert.True(await new Story(CrashMoment.AfterCommit, k, again: 2).TellAsync());
    }

    /// <summary>One telling with one crash (or a second one soon after the restart).</summary>
    [SuppressMessage("Reliability", "CA1001", Justification = "TellAsync disposes the world.")]
    private sealed class Story(CrashMoment moment, int step, int again = 0)
    {
        private readonly string folder = Path.Combine(Root, $"irf-story-{Guid.NewGuid():N}");
        private readonly VirtualTimeProvider time = World.NewClock();
        private World world = null!;
        private int crashes;

        /// <summary>False where the story has no such step: it ended without a crash.</summary>
        public async Task<bool> TellAsync()
        {
            try
            {
                world = await StartAsync(step);
                await world.SendAsync(Given.StolenAccount(), "m-1");
                await SurviveAsync(w => w.RunAsync());
                Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve"));
                await SurviveAsync(w => w.RunAsync());
                Assert.False(await world.CanSignInAsync(World.Adele));
                var end = time.GetUtcNow() + TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1);
                await SurviveAsync(w => w.PassAsync(end - time.GetUtcNow()));
                await AssertOnceAsync();
                return crashes > 0;
            }
            finally
            {
                if (world is not null) await world.DisposeAsync();
                Directory.Delete(folder, recursive: true);
            }
        }

        /// <summary>Does what can be done again; where the machine dies, starts another on the same folder and goes on.</summary>
        private async Task SurviveAsync(Func<World, Task> work)
        {
            while (true)
            {
                try
                {
                    await work(world);
                    return;
                }
                catch (Exception e) when (e is Died || e.InnerException is Died)
                {
                    await world.DisposeAsync();
                    world = await StartAsync(++crashes > again - 1 ? 0 : 4);
                }
            }
        }

        private Task<World> StartAsync(int crashAt) => World.CreateAsync(o => o with
        {
            StateFolder = folder,
            Engine = new DurableEngineOptions
            {
                AtCrashPoint = p =>
                {
                    if (p.Moment == moment && p.Number == crashAt) throw new Died();
                },
            },
        }, time);

        private async Task AssertOnceAsync()
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
            foreach (var kind in (string[])["received", "outcome", "granted", "captured", "reminded"]) Assert.Single(record, e => e.Kind == kind);
            // Killed between putting it back and hearing so, the next one reads that it is back and can say no more than that.
            Assert.Single(record, e => e.Kind is "undone" or "not-undone");
            var tally = await world.AssertAllAccountedAsync(1);
            Assert.Equal(0, tally.Duplicates);
            var left = world.Machine.Services.GetRequiredService<IDurableStore>().LoadWork();
            Assert.Empty(left.Tasks);
        }
    }

    private sealed class Died : Exception;
}

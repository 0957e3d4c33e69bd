using System.Diagnostics.CodeAnalysis;
using IRFunctions.Audit;
using IRFunctions.Incidents;
using IRFunctions.Local.Durable;
using IRFunctions.Local.Time;
using IRFunctions.Safeguards;
using IRFunctions.Safeguards.Activity;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Agents;

/// <summary>A stolen key's batch, its redelivery and the quarantine, with a machine that dies on the way and another that starts on what was on disk.</summary>
public sealed class CrashTests
{
    private const int Stride = 4; // Every fourth step of the story dies once; tests/Incidents kills the pipeline itself at every one.
    private static readonly string Root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    [Theory]
    [InlineData(CrashMoment.BeforeCommit, 1)]
    [InlineData(CrashMoment.AfterCommit, 2)]
    [InlineData(CrashMoment.AfterActivity, 1)]
    public async Task Killed_on_the_way_it_opens_once_denies_and_quarantines_once(CrashMoment moment, int first)
    {
        var stories = 0;
        for (var step = first; await new Story(moment, step).TellAsync(); step += Stride) stories++;
        Assert.InRange(stories, 3, 100);
    }

    [SuppressMessage("Reliability", "CA1001", Justification = "TellAsync disposes the world.")]
    private sealed class Story(CrashMoment moment, int step)
    {
        private readonly string folder = Path.Combine(Root, $"irf-agent-{Guid.NewGuid():N}");
        private readonly VirtualTimeProvider time = World.NewClock();
        private World world = null!;
        private bool crashed;

        /// <summary>False where the story has no such step.</summary>
        public async Task<bool> TellAsync()
        {
            try
            {
                world = await StartAsync(step);
                var agent = new Agent(world);
                var batch = agent.Batch([.. Enumerable.Range(0, 120).Select(i => agent.At(-i / 20.0, $"GET /export/{i % 6}", 400_000, i < 8 ? Authentication.Failed : Authentication.Ok) with { LatencyMs = i % 2 * 2_000 })]);
                await agent.SendAsync(batch, "first");
                await agent.SendAsync(batch, "again");
                await SurviveAsync(() => world.RunAsync());
                await AssertOnceAsync();
                return crashed;
            }
            finally
            {
                if (world is not null) await world.DisposeAsync();
                Directory.Delete(folder, recursive: true);
            }
        }

        private async Task SurviveAsync(Func<Task> work)
        {
            while (true)
            {
                try
                {
                    await work();
                    return;
                }
                catch (Exception e) when (e is Died || e.InnerException is Died)
                {
                    crashed = true;
                    await world.DisposeAsync();
                    world = await StartAsync(0);
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
            var agent = new Agent(world);
            var state = await agent.StateAsync();
            Assert.Equal((BreakerStatus.Open, 1, 1), (state.Status, state.Number, state.Duplicates));
            Assert.Equal([BreakerKinds.Opened], await agent.KindsAsync());
            Assert.Equal(GateVerdict.Deny, (await agent.AskAsync()).Verdict);
            Assert.Equal("paused", await agent.AspectAsync("session"));
            var incident = Assert.Single(await world.IncidentsAsync());
            var record = await world.RecordAsync(incident.Incident);
            Assert.Equal(record.Count, record.Select(e => e.FactId).Distinct().Count());
            Assert.Equal(4, record.Count(e => e.Kind == AuditKinds.Executed && e.Text.StartsWith(agent.Id, StringComparison.Ordinal)));
            Assert.Single(world.Effects("connector.set", "x-irfunctions:workload trading-agent-1 session"));
        }
    }

    private sealed class Died : Exception;
}

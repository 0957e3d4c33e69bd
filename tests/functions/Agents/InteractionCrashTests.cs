using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.Agents;

/// <summary>The process dies at every write between a batch's arrival and its last day, and another one starts on what is stored.</summary>
public sealed class InteractionCrashTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_at_any_write_of_a_batch_its_repetition_leaves_it_once_and_whole(bool after)
    {
        var expected = Told(await KeepAsync(new Death()));
        var deaths = 0;
        for (var at = 1; ; at++)
        {
            var death = new Death { At = at, After = after };
            var told = Told(await KeepAsync(death));
            if (death.Writes < at)
                break;
            deaths++;
            Assert.Equal(expected, told);
        }
        Assert.Equal(8, deaths); // Three counterparts and the caller, each with its hour.
    }

    private static async Task<InteractionReading> KeepAsync(Death death)
    {
        var rig = new InteractionRig();
        var batch = rig.Batch(rig.Calls(30));
        rig.Restart(death);
        await SurviveAsync(rig, () => rig.Store.KeepAsync(batch, default));
        rig.Restart();
        await rig.Store.KeepAsync(batch, default); // Delivered once more: the acknowledgement was lost.
        return await rig.ReadAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_at_any_write_of_its_moves_it_is_read_the_same_before_and_after_and_nothing_is_left_behind(bool after)
    {
        var (expected, names) = await MovedAsync(new Death());
        var deaths = 0;
        for (var at = 1; ; at++)
        {
            var death = new Death { At = at, After = after };
            var (told, left) = await MovedAsync(death);
            if (death.Writes < at)
                break;
            deaths++;
            Assert.Equal(expected, told);
            Assert.Equal(names, left);
        }
        Assert.InRange(deaths, 40, 400);
    }

    /// <summary>
    /// Three hours of two callers, moved to warm, to cold, and the oldest out; what was told at each stage, and what blobs there are at the
    /// end.
    /// </summary>
    private static async Task<(string Told, string Blobs)> MovedAsync(Death death)
    {
        var blobs = new MemoryBlobs();
        var rig = new InteractionRig(blobs: blobs);
        rig.Risky.Add("risky-agent");
        for (var i = 0; i < 3; i++, rig.Age(TimeSpan.FromHours(1)))
            foreach (var caller in (string[])["risky-agent", "quiet-agent"])
                await rig.Store.KeepAsync(rig.Batch(rig.Calls(40, i * 40), caller), default);
        rig.Restart(death);
        var told = new List<string>();
        foreach (var age in (double[])[1.1, 28.95, 334.97])
        {
            rig.Age(TimeSpan.FromDays(age));
            await SurviveAsync(rig, rig.MoveAsync, async () => Assert.Equal(240, (await SeenAsync(rig)).Seen), whole: age < 300);
            Assert.Empty(await rig.Mover.CheckAsync(default));
            told.Add((await SeenAsync(rig)).Told);
        }
        return (string.Join('\n', told), string.Join('\n', blobs.Names));
    }

    private static async Task<(int Seen, string Told)> SeenAsync(InteractionRig rig)
    {
        var readings = new List<InteractionReading>();
        foreach (var identity in (string[])["risky-agent", "quiet-agent", "risk-agent"])
            readings.Add(await rig.ReadAsync(identity));
        Assert.All(readings, r => Assert.Empty(r.Problems));
        return (readings[0].Windows.Sum(w => w.Seen) + readings[1].Windows.Sum(w => w.Seen), string.Join('\n', readings.Select(Told)));
    }

    private static string Told(InteractionReading reading) =>
        JsonSerializer.Serialize(
            new
            {
                reading.Windows,
                reading.Edges,
                reading.Problems,
                reading.Conflicts,
                Events = reading.Events.Select(e => e.Event),
            }
        );

    /// <summary>Works, and after each death begins again as a new process would; between the two, everything is still read.</summary>
    private static async Task SurviveAsync(InteractionRig rig, Func<Task> work, Func<Task>? meanwhile = null, bool whole = true)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Death.DiedException)
            {
                rig.Restart();
                if (meanwhile is not null && whole)
                    await meanwhile();
            }
        }
    }
}

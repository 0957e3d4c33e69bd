using System.Globalization;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Worlds;

/// <summary>
/// A world whose machine dies at one step; another starts on what was on disk (durable store, tables, queue and tenant in SQLite) and goes
/// on.
/// </summary>
internal sealed class MortalWorld : IAsyncDisposable
{
    private const int SecondDeath = 4;
    private readonly string folder = Path.Combine(
        System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        string.Create(CultureInfo.InvariantCulture, $"irf-mortal-{Guid.NewGuid():N}")
    );

    private readonly CrashMoment moment;
    private readonly int most;

    private MortalWorld(CrashMoment moment, int most) => (this.moment, this.most) = (moment, most);

    public VirtualTimeProvider Time { get; } = World.NewClock();

    public World World { get; private set; } = null!;

    /// <summary>Machines that died so far; none where the story has no such step.</summary>
    public int Deaths { get; private set; }

    /// <param name="moment">What kind of step the machine dies at.</param>
    /// <param name="step">Which of that kind, from 1.</param>
    /// <param name="most">How many machines die; those after the first at their fourth step.</param>
    public static async Task<MortalWorld> StartAsync(CrashMoment moment, int step, int most = 1)
    {
        var mortal = new MortalWorld(moment, most);
        mortal.World = await mortal.StartAsync(step);
        return mortal;
    }

    /// <summary>Does what can be done again, until a machine lives to the end of it.</summary>
    public async Task SurviveAsync(Func<World, Task> work)
    {
        while (true)
        {
            try
            {
                await work(World);
                return;
            }
            catch (Exception e) when (e is Died || e.InnerException is Died)
            {
                await World.DisposeAsync();
                World = await StartAsync(++Deaths < most ? SecondDeath : 0);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (World is not null)
            await World.DisposeAsync();
        System.IO.Directory.Delete(folder, recursive: true);
    }

    private Task<World> StartAsync(int crashAt) =>
        World.CreateAsync(
            o =>
                o with
                {
                    StateFolder = folder,
                    Engine = new EngineOptions
                    {
                        AtCrashPoint = p =>
                        {
                            if (p.Moment == moment && p.Number == crashAt)
                                throw new Died();
                        },
                    },
                },
            Time
        );

    private sealed class Died : Exception;
}

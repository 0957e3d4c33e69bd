using System.Globalization;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Worlds;

/// <summary>
/// A world whose machine dies at one step; another starts on what was on disk (durable store, tables, queue and tenant in SQLite) and goes
/// on.
/// </summary>
internal sealed class CrashingWorld : IAsyncDisposable
{
    private const int SecondDeath = 4;
    private readonly string folder = Path.Combine(
        System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        string.Create(CultureInfo.InvariantCulture, $"irf-mortal-{Guid.NewGuid():N}")
    );

    private readonly CrashMoment moment;
    private readonly int most;

    private CrashingWorld(CrashMoment moment, int most) => (this.moment, this.most) = (moment, most);

    public VirtualTimeProvider Time { get; } = World.NewClock();

    public World World { get; private set; } = null!;

    /// <summary>Machines that died so far; none where the story has no such step.</summary>
    public int Deaths { get; private set; }

    /// <param name="moment">What kind of step the machine dies at.</param>
    /// <param name="step">Which of that kind, from 1.</param>
    /// <param name="most">How many machines die; those after the first at their fourth step.</param>
    public static async Task<CrashingWorld> StartAsync(CrashMoment moment, int step, int most = 1)
    {
        var mortal = new CrashingWorld(moment, most);
        mortal.World = await mortal.StartAsync(step);
        return mortal;
    }

    /// <summary>Does what can be done again, until a machine lives to the end of it.</summary>
    public Task SurviveAsync(Func<World, Task> work) =>
        Crash.SurviveAsync(
            () => work(World),
            async () =>
            {
                await World.DisposeAsync();
                World = await StartAsync(++Deaths < most ? SecondDeath : 0);
            }
        );

    public async ValueTask DisposeAsync()
    {
        if (World is not null)
            await World.DisposeAsync();
        System.IO.Directory.Delete(folder, recursive: true);
    }

    private Task<World> StartAsync(int crashAt) =>
        World.CreateAsync(o => o with { StateFolder = folder, Engine = new Crash(moment, crashAt).Engine }, Time);
}

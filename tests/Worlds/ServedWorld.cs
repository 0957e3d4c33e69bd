using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.Worlds;

/// <summary>A <see cref="World"/> whose HTTP functions stand on a real loopback server, as people and programs meet them.</summary>
internal sealed class ServedWorld : IAsyncDisposable
{
    private readonly LoopbackServer server;

    private ServedWorld(LoopbackServer server, World world)
    {
        (this.server, World) = (server, world);
        Http = new HttpClient { BaseAddress = server.Address };
    }

    public World World { get; }

    public LocalMachine Machine => World.Machine;

    /// <summary>Signed in as nobody.</summary>
    public HttpClient Http { get; }

    public static async Task<ServedWorld> StartAsync()
    {
        var time = World.NewClock();
        var options = World.Options(time);
        var server = await LoopbackServer.StartAsync(0, builder => LocalMachine.Register(builder.Services, options), RunCommand.Map);
        return new ServedWorld(server, World.Of(await LocalMachine.CreateAsync(server.App.Services), time));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await World.DisposeAsync();
        await server.DisposeAsync();
    }
}

using System.CommandLine;
using IRFunctions.Local.Demonstration;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Model;
using IRFunctions.Local.Queue;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace IRFunctions.Local.CommandLine;

/// <summary>`dotnet run --project local`: the whole pipeline on this machine, fed with real alerts, told as a timeline.</summary>
internal static class RunCommand
{
    private static readonly Option<int> Port = new("--port") { Description = "Port on 127.0.0.1.", DefaultValueFactory = _ => 7071 };
    private static readonly Option<DirectoryInfo> State = new("--state") { Description = "Folder for all state.", DefaultValueFactory = _ => new DirectoryInfo(".local") };
    private static readonly Option<double> Clock = new("--clock") { Description = "N times real time; for watching a 24-hour hold end.", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> NoFeed = new("--no-feed") { Description = "Start without sending the sample alerts." };
    private static readonly Option<bool> NoStaff = new("--no-staff") { Description = "Leave every approval and release to you; otherwise a simulated on-call person answers the first." };
    private static readonly Option<DirectoryInfo> Policies = new("--policies") { Description = "Folder of policy files.", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(AppContext.BaseDirectory, "policies")) };
    private static readonly Option<bool> Fresh = new("--fresh") { Description = "Forget the state of earlier runs first." };

    private static readonly Option<string[]> TeamsClients = new("--teams-client") { Description = "host:port on loopback of a test client that acts as Teams (tests/teams).", DefaultValueFactory = _ => [] };

    /// <summary>Columns where no terminal says how many there are.</summary>
    private const int RedirectedWidth = 160;

    public static RootCommand Create()
    {
        var root = new RootCommand("IRFunctions on one machine: safe AI-driven incident response. Nothing leaves 127.0.0.1.")
        {
            Port, State, Clock, NoFeed, NoStaff, Policies, Fresh, TeamsClients,
        };
        root.Add(AuditCommands.Create());
        root.SetAction(async (parsed, stop) =>
        {
            try
            {
                return await RunAsync(parsed, stop);
            }
            catch (Exception e) when (e is InvalidOperationException or PortInUseException or IOException or FunctionCatalogException or InvalidPolicyException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        return root;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var state = parsed.GetValue(State)!;
        if (parsed.GetValue(Clock) is not (> 0 and <= 100_000)) throw new InvalidOperationException("--clock: give a number above 0 and at most 100000.");
        if (parsed.GetValue(Port) is not (> 0 and <= ushort.MaxValue)) throw new InvalidOperationException("--port: give a number from 1 to 65535.");
        if (parsed.GetValue(Fresh) && StateFolder.Forget(state.FullName) is { } refusal) throw new InvalidOperationException(refusal);
        using var only = StateFolder.Lock(state.FullName);
        var time = await StateFolder.ClockAsync(state.FullName, parsed.GetValue(Clock));
        var address = new Uri($"http://127.0.0.1:{parsed.GetValue(Port)}/");
        var options = new MachineOptions { Time = time, StateFolder = state.FullName, PolicyFolder = parsed.GetValue(Policies)!.FullName, Address = address, Settings = LocalSettings.Teams(address, parsed.GetValue(TeamsClients)!) };

        await using var memory = StateFolder.Remember(state.FullName, time);
        await using var server = await LoopbackServer.StartAsync(parsed.GetValue(Port), builder => LocalMachine.Register(builder.Services, options), Map, stop);
        await using var machine = await LocalMachine.CreateAsync(server.App.Services);
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = RedirectedWidth;
        var timeline = new Timeline(AnsiConsole.Console, address, time);
        machine.Audit.Appended += timeline.Show;
        timeline.Welcome(machine, options, parsed.GetValue(Clock));
        await machine.Start(stop);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var staff = parsed.GetValue(NoStaff) || parsed.GetValue(NoFeed) ? Task.CompletedTask : Staff.WorkAsync(address, machine, timeline, ending.Token);
        if (!parsed.GetValue(NoFeed)) await Feed.SendAsync(address, timeline, ending.Token);
        await WaitAsync(stop);
        timeline.Goodbye(state.FullName);
        await ending.CancelAsync();
        await staff;
        return 0;
    }

    /// <summary>Everything that answers on this machine's address.</summary>
    internal static void Map(WebApplication app)
    {
        var services = app.Services;
        DevelopmentSignIn.Use(app, id => People.Find(services, id));
        app.UseRouting();
        HttpFunctions.Map(app, services.GetRequiredService<FunctionCatalog>());
        app.MapQueues(services.GetRequiredService<QueueNamespace>());
        TeamsEndpoint.Map(app, services.GetRequiredService<LoopbackTeams>());
        TenantEndpoint.Map(app, services.GetRequiredService<SimulatedTenant>());
        ModelEndpoint.Map(app, services.GetRequiredService<LocalModel>());
        ManagedIdentity.Map(app, services);
    }

    private static async Task WaitAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how this ends.
        }
    }
}

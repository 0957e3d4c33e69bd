using System.CommandLine;
using System.Net.Sockets;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Azurite;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Demonstration;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Model;
using IRFunctions.Local.Storage;
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
    private static readonly Option<DirectoryInfo?> State = new("--state")
    {
        Description = "Folder for all state; .local, or .local-azurite with --azurite.",
    };
    private static readonly Option<double> Clock = new("--clock")
    {
        Description = "N times real time; for watching a 24-hour hold end.",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<bool> NoFeed = new("--no-feed") { Description = "Start without sending the sample alerts." };
    private static readonly Option<bool> NoStaff = new("--no-staff")
    {
        Description = "Leave every approval and release to you; otherwise a simulated on-call person answers the first.",
    };
    private static readonly Option<DirectoryInfo> Policies = new("--policies")
    {
        Description = "Folder of policy files.",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(AppContext.BaseDirectory, "policies")),
    };
    private static readonly Option<bool> Fresh = new("--fresh") { Description = "Forget the state of earlier runs first." };

    private static readonly Option<string[]> TeamsClients = new("--teams-client")
    {
        Description = "host:port on loopback of a test client that acts as Teams (tests/teams).",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<int> AmqpPort = new("--amqp-port")
    {
        Description =
            "Port on 127.0.0.1 where the queues take Service Bus clients; 0 finds a free one, and the connection string is printed.",
    };

    private static readonly Option<string?> ServiceBus = new("--service-bus")
    {
        Description =
            "Connection string of a Service Bus namespace or Microsoft's emulator with the queues, instead of this machine's own.",
    };

    private static readonly Option<bool> Azurite = new("--azurite")
    {
        Description =
            "On Durable Task's own engine, official table client and blobs, with Azurite, which is installed from npm (Node.js 20) "
            + "and started.",
    };

    private static readonly Option<bool> Detail = new("--detail") { Description = "Show every entry of the record as it is written." };

    private static readonly Option<string?> Model = new("--model")
    {
        Description = "Base address of an OpenAI-compatible endpoint, ending in /v1/; without it the plain rules answer on this machine.",
    };

    private static readonly Option<string?> Deployment = new("--deployment") { Description = "Name of the model there." };

    private static readonly Option<string> KeyVariable = new("--key-variable")
    {
        Description = "Environment variable that holds the model's key; no key is ever an argument.",
        DefaultValueFactory = _ => "MODEL_API_KEY",
    };

    /// <summary>Columns where no terminal says how many there are.</summary>
    private const int RedirectedWidth = 160;

    public static RootCommand Create()
    {
        var root = new RootCommand("IRFunctions on one machine: safe AI-driven incident response. Nothing leaves 127.0.0.1.")
        {
            Port,
            State,
            Clock,
            NoFeed,
            NoStaff,
            Policies,
            Fresh,
            TeamsClients,
            AmqpPort,
            ServiceBus,
            Azurite,
            Detail,
            Model,
            Deployment,
            KeyVariable,
        };
        root.Add(AuditCommands.Create());
        root.SetAction(
            async (parsed, stop) =>
            {
                try
                {
                    return await RunAsync(parsed, stop);
                }
                catch (Exception e)
                    when (e
                            is InvalidOperationException
                                or PortInUseException
                                or IOException
                                or FunctionCatalogException
                                or InvalidPolicyException
                                or FormatException
                    )
                {
                    await Console.Error.WriteLineAsync(e.Message);
                    return 1;
                }
                catch (Exception e) when (e is UnauthorizedAccessException || DiskTrouble.Is(e))
                {
                    var why = DiskTrouble.Of(e) ?? "it cannot be written; give this user the right to, or another folder with --state";
                    await Console.Error.WriteLineAsync($"The state in {StateOf(parsed).FullName} cannot be used: {why} ({e.Message}).");
                    return 1;
                }
            }
        );
        return root;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        Check(parsed);
        var onAzurite = parsed.GetValue(Azurite);
        var state = StateOf(parsed);
        if (parsed.GetValue(Fresh) && StateFolder.Forget(state.FullName) is { } refusal)
            throw new InvalidOperationException(refusal);
        using var only = StateFolder.Lock(state.FullName);
        StateFolder.Require(state.FullName, onAzurite);
        var time = onAzurite ? TimeProvider.System : await StateFolder.ClockAsync(state.FullName, parsed.GetValue(Clock));
        var address = new Uri($"http://127.0.0.1:{parsed.GetValue(Port)}/");
        var timeline = new Timeline(Terminal(), address, time, parsed.GetValue(Detail));
        await using var azurite = onAzurite
            ? await AzuriteProcess.StartAsync(StateFolder.AzuriteOf(state.FullName), timeline.Progress, stop)
            : null;
        var options = new MachineOptions
        {
            Time = time,
            ClockFactor = parsed.GetValue(Clock),
            StateFolder = state.FullName,
            PolicyFolder = parsed.GetValue(Policies)!.FullName,
            Address = address,
            Settings = LocalSettings
                .Teams(address, parsed.GetValue(TeamsClients)!)
                .Concat(ModelOf(parsed))
                .ToDictionary(s => s.Key, s => s.Value),
            AmqpPort = parsed.GetValue(AmqpPort),
            ServiceBus = parsed.GetValue(ServiceBus),
            Azurite = azurite?.ConnectionString,
        };

        await using var memory = StateFolder.Remember(state.FullName, time);
        await using var server = await LoopbackServer.StartAsync(
            parsed.GetValue(Port),
            builder => LocalMachine.Register(builder.Services, options),
            Map,
            stop
        );
        await using var machine = await LocalMachine.CreateAsync(server.App.Services);
        OpenQueues(machine, options);
        using var narrator = new Narrator(machine, timeline, stop);
        timeline.Welcome(machine, options, parsed.GetValue(Clock));
        await narrator.ResumeAsync();
        if (onAzurite)
            timeline.Progress("starting the engine on Azurite");
        await StartAsync(machine, options, stop);
        if (onAzurite)
            timeline.AwaitFirst();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var staff =
            parsed.GetValue(NoStaff) || parsed.GetValue(NoFeed)
                ? Task.CompletedTask
                : Staff.WorkAsync(address, machine, timeline, parsed.GetValue(Clock), ending.Token);
        if (!parsed.GetValue(NoFeed))
        {
            await (
                options.ServiceBus is null
                    ? Feed.SendAsync(address, timeline, ending.Token)
                    : Feed.SendAsync(machine.ServiceBus, timeline, ending.Token)
            );
        }
        await WaitAsync(stop);
        timeline.Goodbye(state.FullName);
        if (onAzurite)
            timeline.Progress("ending: work in progress is waited for, some seconds at most");
        await ending.CancelAsync();
        await staff;
        return 0;
    }

    /// <summary>Colours for people: never into a file or a pipe, nor where NO_COLOR is set (no-color.org).</summary>
    private static IAnsiConsole Terminal()
    {
        var plain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        var terminal = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
                ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
                Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
            }
        );
        if (Console.IsOutputRedirected)
            terminal.Profile.Width = RedirectedWidth;
        return terminal;
    }

    /// <summary>Settings of one's own model; none where the plain rules answer.</summary>
    private static Dictionary<string, string?> ModelOf(ParseResult parsed) =>
        parsed.GetValue(Model) is { } model
            ? new()
            {
                ["Model:Endpoint"] = model,
                ["Model:Deployment"] = parsed.GetValue(Deployment),
                ["Model:ApiKey"] = Environment.GetEnvironmentVariable(parsed.GetValue(KeyVariable)!),
            }
            : [];

    private static DirectoryInfo StateOf(ParseResult parsed) =>
        parsed.GetValue(State) ?? new DirectoryInfo(parsed.GetValue(Azurite) ? ".local-azurite" : ".local");

    /// <exception cref="InvalidOperationException">An option, or two of them together, cannot be; names them.</exception>
    private static void Check(ParseResult parsed)
    {
        Require(parsed.GetValue(Clock) is > 0 and <= 100_000, "--clock: give a number above 0 and at most 100000.");
        Require(
            !parsed.GetValue(Azurite) || parsed.GetValue(Clock) == 1,
            "--azurite: its engine keeps real time, so it cannot go with --clock. Leave one of them out."
        );
        Require(parsed.GetValue(Port) is > 0 and <= ushort.MaxValue, "--port: give a number from 1 to 65535.");
        Require(
            parsed.GetValue(AmqpPort) is >= 0 and <= ushort.MaxValue,
            "--amqp-port: give a number from 1 to 65535, or 0 for a free port."
        );
        Require(
            parsed.GetValue(Model) is null == (parsed.GetValue(Deployment) is null),
            "--model and --deployment go together: where the model is, and what it is called there."
        );
        Require(
            parsed.GetValue(Model) is not { } model || Uri.TryCreate(model, UriKind.Absolute, out var at) && at.Scheme is "https" or "http",
            "--model: give an address like https://HOST/v1/."
        );
        if (parsed.GetValue(ServiceBus) is not { } connection)
            return;
        Require(
            parsed.GetValue(Clock) == 1,
            "--service-bus: a queue elsewhere keeps real time, so it cannot go with --clock. Leave one of them out."
        );
        Require(
            parsed.GetResult(AmqpPort) is null or { Implicit: true },
            "--service-bus: the queues are elsewhere, so there is nothing for --amqp-port to open. Leave one of them out."
        );
        Require(
            IsConnectionString(connection),
            "--service-bus: give a connection string: Endpoint=sb://HOST;SharedAccessKeyName=NAME;"
                + "SharedAccessKey=KEY, and ;UseDevelopmentEmulator=true for Microsoft's emulator."
        );

        static void Require(bool holds, string otherwise)
        {
            if (!holds)
                throw new InvalidOperationException(otherwise);
        }
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            return ServiceBusConnectionStringProperties.Parse(text) is { FullyQualifiedNamespace.Length: > 0 } parts
                && (parts.SharedAccessKey is not null || parts.SharedAccessSignature is not null);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The queues listen before anybody is told where.</summary>
    private static void OpenQueues(LocalMachine machine, MachineOptions options)
    {
        try
        {
            _ = machine.Amqp;
        }
        catch (SocketException e)
        {
            throw new PortInUseException(options.AmqpPort, e, AmqpPort.Name);
        }
    }

    private static async Task StartAsync(LocalMachine machine, MachineOptions options, CancellationToken stop)
    {
        try
        {
            await machine.Start(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Ended before it had begun: the way out is the same.
        }
        catch (Exception e) when (options.ServiceBus is not null && e is (ServiceBusException or UnauthorizedAccessException))
        {
            var host = machine.ServiceBus.FullyQualifiedNamespace;
            var why = e.Message.Split('\n')[0].TrimEnd(); // The client adds stack traces to some of its messages.
            throw new InvalidOperationException($"--service-bus: {host} does not give the queues. {why}", e);
        }
    }

    /// <summary>Everything that answers on this machine's address.</summary>
    internal static void Map(WebApplication app)
    {
        var services = app.Services;
        DiskRefusal.Use(app);
        DevelopmentSignIn.Use(app, id => DevUsers.Find(services, id));
        app.UseRouting();
        LocalSignIn.Map(app, () => DevUsers.Everybody(services));
        HttpFunctions.Map(app, services.GetRequiredService<FunctionCatalog>(), services.GetRequiredService<HostSettings>());
        if (services.GetRequiredService<MachineOptions>().ServiceBus is null)
            app.MapQueues(services.GetRequiredService<QueueNamespace>());
        else
            app.MapQueuesElsewhere(services.GetRequiredService<ServiceBusClient>().FullyQualifiedNamespace);
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

using System.Reflection;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using IRFunctions.Audit;
using IRFunctions.Classification;
using IRFunctions.Containment;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Host;
using IRFunctions.Local.Model;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Safeguards;
using IRFunctions.Triggers;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Machine;

/// <summary>
/// The whole pipeline on one machine: the sources of functions/ with what Azure would provide around them. Runs in the background for people
/// (<see cref="Start"/>), or step by step under virtual time for tests (<see cref="RunUntilIdleAsync"/>, <see cref="AdvanceAsync"/>).
/// </summary>
public sealed class LocalMachine : IAsyncDisposable
{
    /// <summary>The queue of alerts, as AlertIntake names it.</summary>
    public const string AlertsQueue = "alerts";

    /// <summary>The queue of agents' activity, as ActivityIntake names it.</summary>
    public const string ActivityQueue = "activity";

    private readonly IServiceProvider services;
    private readonly MachineOptions options;
    private readonly List<QueuePump> pumps;
    private readonly ProcessorIntake processors;
    private readonly TimerRunner timers;

    private LocalMachine(IServiceProvider services)
    {
        this.services = services;
        options = services.GetRequiredService<MachineOptions>();
        var catalog = services.GetRequiredService<FunctionCatalog>();
        var time = services.GetRequiredService<TimeProvider>();
        var settings = HostSettings.Read(Path.Combine(AppContext.BaseDirectory, "host.json"));
        processors = new ProcessorIntake(services, settings, () => Engine.WhenCalm());
        pumps = [.. catalog.Queues.Select(f =>
            new QueuePump(f, services.GetRequiredService<QueueNamespace>().Open(f.Queue), services, time, settings, whenCalm: () => Engine.WhenCalm()))];
        timers = new TimerRunner(catalog, services, time);
    }

    public DurableEngine Engine => services.GetRequiredService<DurableEngine>();

    public DurableTaskClient Client => Engine.Client;

    /// <summary>For the namespace of the queues, this machine's own or the one elsewhere.</summary>
    public ServiceBusClient ServiceBus => services.GetRequiredService<ServiceBusClient>();

    /// <summary>The queues' own AMQP address, which listens from the first look on; null where the queues are elsewhere.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Another program listens on its port.</exception>
    public AmqpEndpoint? Amqp => options.ServiceBus is null ? services.GetRequiredService<AmqpEndpoint>() : null;

    public LocalQueue Alerts => services.GetRequiredService<QueueNamespace>().Find(AlertsQueue)!;

    public LocalQueue Activity => services.GetRequiredService<QueueNamespace>().Find(ActivityQueue)!;

    public SimulatedTenant Tenant => services.GetRequiredService<SimulatedTenant>();

    public LoopbackTeams Teams => services.GetRequiredService<LoopbackTeams>();

    public LocalModel Model => services.GetRequiredService<LocalModel>();

    public AuditChain Audit => services.GetRequiredService<AuditChain>();

    public Policy Policy => services.GetRequiredService<PolicyStore>().Current;

    public IServiceProvider Services => services;

    /// <summary>Registers everything; then make a provider of the services and call <see cref="CreateAsync(IServiceProvider)"/>.</summary>
    public static void Register(IServiceCollection services, MachineOptions options)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(LocalSettings.For(options.Address)).AddInMemoryCollection(options.Settings).Build();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton(options);
        services.AddSingleton(options.Time);
        services.AddSingleton(MachinePatience.ForClock(options.ClockFactor));
        services.AddSingleton<TokenCredential>(new LocalCredential(configuration["Local:GraphPermissions"]));
        services.AddLogging();
        AddState(services, options);
        AddPeers(services, options, configuration);
        services.AddSingleton(_ => FunctionCatalog.Discover(typeof(Pipeline).Assembly, key => configuration[key]));
        services.AddSingleton(s =>
        {
            var engine = new DurableEngine(s.GetRequiredService<IDurableStore>(), options.Time, s.GetService<ILoggerFactory>(), options.Engine);
            // Functions make their own scopes from the services; the engine needs none.
            return engine.Use(tasks => FunctionTasks.Register(s.GetRequiredService<FunctionCatalog>(), tasks, s, () => engine.Stopping),
                services: null, new DurableTaskWorkerOptions { DataConverter = PayloadJson.Converter });
        });
        services.AddSingleton(s => s.GetRequiredService<DurableEngine>().Client);
        services.AddSingleton(new PolicySource(() =>
        {
            var files = PolicyFolder.Read(options.PolicyFolder);
            return options.EditPolicy?.Invoke(files) ?? files;
        }));
        services.AddPipeline(configuration);
        options.Replace?.Invoke(services);
    }

    /// <summary>Opens the state and creates what is missing.</summary>
    /// <exception cref="InvalidPolicyException">The policy has errors; the message lists every one with its place.</exception>
    public static async Task<LocalMachine> CreateAsync(IServiceProvider services)
    {
        await Pipeline.CreateTablesAsync(services);
        _ = services.GetRequiredService<PolicyStore>();
        return new LocalMachine(services);
    }

    /// <summary>A machine of its own, without an HTTP server; for tests and benchmarks.</summary>
    public static Task<LocalMachine> CreateAsync(MachineOptions options)
    {
        var services = new ServiceCollection();
        Register(services, options);
        return CreateAsync(services.BuildServiceProvider());
    }

    /// <summary>Runs in the background until disposed.</summary>
    public async Task Start(CancellationToken stop = default)
    {
        await Engine.StartAsync(stop);
        // Official processors renew locks by the real clock; with any other the queue is read inside the process.
        if (options.ServiceBus is not null || options.Time == TimeProvider.System) await processors.StartAsync(stop);
        else foreach (var pump in pumps) pump.Start();
        timers.Start();
    }

    /// <summary>Works until nothing is left to do now.</summary>
    public async Task RunUntilIdleAsync()
    {
        bool worked;
        do
        {
            worked = false;
            foreach (var pump in pumps)
            {
                while (await pump.PumpOneAsync()) worked = true;
            }
            worked |= await timers.RunDueTimersAsync() > 0;
            await Engine.RunUntilIdleAsync();
        }
        while (worked);
    }

    /// <summary>Lets virtual time pass, stopping at everything that falls due.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await RunUntilIdleAsync();
        await Engine.AdvanceAsync(by);
        await RunUntilIdleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pump in pumps) await pump.DisposeAsync();
        await processors.DisposeAsync();
        await timers.DisposeAsync();
        if (services is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }

    private static void AddState(IServiceCollection services, MachineOptions options)
    {
        if (options.StateFolder is { } folder)
        {
            Directory.CreateDirectory(folder);
            services.AddSingleton(_ => new SqliteFile(Path.Combine(folder, "tables.db"), ""));
            services.AddSingleton<TableServiceClient>(s => new EmbeddedTableServiceClient(s.GetRequiredService<SqliteFile>(), options.Time));
            services.AddSingleton<IDurableStore>(_ => new SqliteStore(Path.Combine(folder, "durable.db")));
            services.AddSingleton<IQueueStorage>(_ => new SqliteQueueStorage(Path.Combine(folder, "queue.db")));
            services.AddSingleton<ICheckpointKey>(_ => LocalCheckpointKey.Open(Path.Combine(folder, "record", "checkpoints.key")));
            services.AddSingleton<ICheckpointStore>(_ => new FileCheckpoints(Path.Combine(folder, "record", "checkpoints")));
            services.AddSingleton<IRetainedBlobs>(_ => new BlobsOfFolder(Path.Combine(folder, "record", "agents")));
        }
        else
        {
            services.AddSingleton<TableServiceClient>(_ => new EmbeddedTableServiceClient(options.Time));
            services.AddSingleton<IDurableStore>(_ => new MemoryStore());
            services.AddSingleton<IQueueStorage>(_ => new InMemoryQueueStorage());
            services.AddSingleton<ICheckpointKey>(_ => new LocalCheckpointKey());
            services.AddSingleton<ICheckpointStore>(_ => new MemoryCheckpoints());
            services.AddSingleton<IRetainedBlobs>(_ => new MemoryBlobs());
        }
        services.AddSingleton(s =>
        {
            var queues = new QueueNamespace(s.GetRequiredService<IQueueStorage>(), options.Time);
            queues.Open(AlertsQueue, new LocalQueueOptions { MaxMessageBytes = options.MaxMessageBytes });
            queues.Open(ActivityQueue, new LocalQueueOptions { RequiresSession = true });
            return queues;
        });
        // Created in this order, so disposed in the reverse one: client, address, queues.
        services.AddSingleton(s => AmqpEndpoint.Start(s.GetRequiredService<QueueNamespace>(), options.AmqpPort,
            s.GetRequiredService<ILoggerFactory>().CreateLogger<AmqpEndpoint>()));
        services.AddSingleton(s => new ServiceBusClient(options.ServiceBus ?? s.GetRequiredService<AmqpEndpoint>().ConnectionString));
    }

    /// <summary>The tenant and the model: over HTTP where there is an address, in process otherwise.</summary>
    private static void AddPeers(IServiceCollection services, MachineOptions options, IConfiguration configuration)
    {
        services.AddSingleton(_ => options.StateFolder is { } folder
            ? SimulatedTenant.OpenAsync(Path.Combine(folder, "tenant.db"), options.Time).GetAwaiter().GetResult()
            : SimulatedTenant.InMemory(options.Time));
        services.AddSingleton(_ => new LocalModel(options.Time));
        services.AddSingleton(_ => new LoopbackTeams(options.Time));
        if (options.Address is null)
        {
            services.ConfigureHttpClientDefaults(client => client.RemoveAllLoggers().ConfigurePrimaryHttpMessageHandler(
                s => new TeamsHttpHandler(s.GetRequiredService<LoopbackTeams>(), new TenantHttpHandler(s.GetRequiredService<SimulatedTenant>()))));
            services.AddSingleton(s => options.Model ?? ModelConnection.Create(ClassificationOptions.From(configuration), handler: new ModelHttpHandler(s.GetRequiredService<LocalModel>()), time: options.Time));
        }
        else
        {
            services.AddHttpClient(Pipeline.TokenKeys).AddHttpMessageHandler(() => new PlainLoopback());
            if (options.Model is { } model) services.AddSingleton(model);
        }
    }

    /// <summary>A token that only the simulated tenant takes. Like Entra's it carries the granted permissions; unlike Entra's nobody signed it.</summary>
    private sealed class LocalCredential(string? permissions) : TokenCredential
    {
        private const string All = "User.EnableDisableAccount.All,User.RevokeSessions.All,User.Read.All,GroupMember.Read.All,Mail.ReadWrite," +
            "Policy.ReadWrite.ConditionalAccess,Policy.Read.All,Application.ReadWrite.All,Application.Read.All";

        private readonly AccessToken token = new($"local.{Roles(permissions ?? All)}.development", DateTimeOffset.MaxValue);

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => token;

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(token);

        private static string Roles(string permissions) => Convert.ToBase64String(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { roles = permissions.Split(',') }))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }
}

using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Azurite;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Host;
using IRFunctions.Local.Model;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Machine;

/// <summary>
/// The whole pipeline on one machine: the sources of functions/ with what Azure would provide around them. Runs in the background for
/// people (<see cref="Start"/>), or step by step under virtual time for tests (<see cref="RunUntilIdleAsync"/>, <see
/// cref="AdvanceAsync"/>).
/// </summary>
public sealed partial class LocalMachine : IAsyncDisposable
{
    /// <summary>The queue of alerts, as AlertIntake names it.</summary>
    public const string AlertsQueue = "alerts";

    /// <summary>As many deliveries as bicep/modules/messaging.bicep gives: here an outage is outlasted for half an hour.</summary>
    public static LocalQueueOptions AlertsOptions { get; } = new() { MaxDeliveryCount = 60 };

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
        var settings = services.GetRequiredService<HostSettings>();
        Func<Task> whenCalm = options.Azurite is null ? () => Engine.WhenCalm() : () => Task.CompletedTask;
        processors = new ProcessorIntake(services, settings, whenCalm);
        pumps =
        [
            .. catalog.Queues.Select(f => new QueuePump(
                f,
                services.GetRequiredService<QueueNamespace>().Open(f.Queue),
                services,
                time,
                settings,
                whenCalm: whenCalm
            )),
        ];
        timers = new TimerRunner(catalog, services, time);
    }

    /// <exception cref="InvalidOperationException">It runs on Azurite.</exception>
    public DurableEngine Engine => services.GetRequiredService<DurableEngine>();

    public DurableTaskClient Client => services.GetRequiredService<DurableTaskClient>();

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

    /// <summary>Opens the state and creates what is missing.</summary>
    /// <exception cref="InvalidPolicyException">The policy has errors; the message lists every one with its place.</exception>
    public static async Task<LocalMachine> CreateAsync(IServiceProvider services)
    {
        if (services.GetRequiredService<MachineOptions>().Azurite is { } azurite)
            await AzuriteState.CreateAsync(azurite);
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
        if (options.Azurite is null)
            await Engine.StartAsync(stop);
        else
            await services.GetRequiredService<StorageEngine>().StartAsync();
        // Official processors renew locks by the real clock; with any other the queue is read inside the process.
        if (options.ServiceBus is not null || options.Time == TimeProvider.System)
            await processors.StartAsync(stop);
        else
            foreach (var pump in pumps)
                pump.Start();
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
                while (await pump.PumpOneAsync())
                    worked = true;
            }
            worked |= await timers.RunDueTimersAsync() > 0;
            await Engine.RunUntilIdleAsync();
        } while (worked);
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
        foreach (var pump in pumps)
            await pump.DisposeAsync();
        await processors.DisposeAsync();
        await timers.DisposeAsync();
        if (services is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}

using Azure.Core;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using IRFunctions.Assessment;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Health;
using IRFunctions.Limits;
using IRFunctions.Local.Azurite;
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
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Storage;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Machine;

/// <summary>What stands on the machine for each part of Azure.</summary>
public sealed partial class LocalMachine
{
    /// <summary>Registers everything; then make a provider of the services and call <see cref="CreateAsync(IServiceProvider)"/>.</summary>
    public static void Register(IServiceCollection services, MachineOptions options)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(LocalSettings.For(options.Address))
            .AddInMemoryCollection(LocalSettings.SignIn)
            .AddInMemoryCollection(options.Settings)
            .Build();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton(options);
        services.AddSingleton(options.Time);
        services.AddSingleton(AnswerTimeout.ForClock(options.ClockFactor));
        services.AddSingleton(options.ClockFactor == 1 ? new IoTime(options.Time) : new IoTime(TimeProvider.System, options.ClockFactor));
        services.AddSingleton<TokenCredential>(s => new LocalCredential(() =>
            configuration["Local:GraphPermissions"]?.Split(',')
            ?? PermissionReport.WholeOf(s.GetRequiredService<ActionCatalog>()).Select(n => n.Permission)
        ));
        services.AddLogging();
        AddState(services, options);
        AddPeers(services, options, configuration);
        services.AddSingleton(_ => FunctionCatalog.Discover(typeof(Pipeline).Assembly, key => configuration[key]));
        services.AddSingleton(_ => HostSettings.Read(Path.Combine(AppContext.BaseDirectory, "host.json")));
        AddEngine(services, options);
        services.AddSingleton(
            new PolicySource(() =>
            {
                var files = PolicyFolder.Read(options.PolicyFolder);
                return options.EditPolicy?.Invoke(files) ?? files;
            })
        );
        services.AddPipeline(configuration);
        if (options.StateFolder is { } state)
            services.AddSingleton(s => new StorageProbe(
                new StateDisk(state, s.GetService<SqliteFile>(), s.GetRequiredService<IQueueStorage>()).TroubleAsync
            ));
        options.Replace?.Invoke(services);
    }

    private static void AddEngine(IServiceCollection services, MachineOptions options)
    {
        if (options.Azurite is { } azurite)
        {
            services.AddSingleton(s =>
            {
                var engine = new StorageEngine(
                    azurite,
                    s.GetRequiredService<HostSettings>().Durable,
                    PayloadJson.Converter,
                    s.GetRequiredService<ILoggerFactory>()
                );
                return engine.Use(tasks =>
                    FunctionTasks.Register(s.GetRequiredService<FunctionCatalog>(), tasks, s, () => engine.Stopping)
                );
            });
            services.AddSingleton(s => s.GetRequiredService<StorageEngine>().Client);
            return;
        }
        services.AddSingleton(s =>
        {
            var engine = new DurableEngine(
                s.GetRequiredService<IDurableStore>(),
                options.Time,
                s.GetService<ILoggerFactory>(),
                options.Engine
            );
            // Functions make their own scopes from the services; the engine needs none.
            return engine.Use(
                tasks =>
                    FunctionTasks.Register(
                        s.GetRequiredService<FunctionCatalog>(),
                        tasks,
                        s,
                        () => engine.Stopping,
                        options.AroundActivity
                    ),
                services: null,
                new DurableTaskWorkerOptions { DataConverter = PayloadJson.Converter }
            );
        });
        services.AddSingleton(s => s.GetRequiredService<DurableEngine>().Client);
    }

    private static void AddState(IServiceCollection services, MachineOptions options)
    {
        if (options.Azurite is { } azurite)
            AzuriteState.Add(services, azurite);
        else
            AddTables(services, options);
        if (options.StateFolder is { } folder)
        {
            services.AddSingleton<IQueueStorage>(_ => new SqliteQueueStorage(Path.Combine(folder, "queue.db")));
            services.AddSingleton<ICheckpointKey>(_ => LocalCheckpointKey.Open(Path.Combine(folder, "record", "checkpoints.key")));
        }
        else
        {
            services.AddSingleton<IQueueStorage>(_ => new InMemoryQueueStorage());
            services.AddSingleton<ICheckpointKey>(_ => new LocalCheckpointKey());
        }
        AddQueues(services, options);
    }

    /// <summary>What Azure Storage would hold, by our own means: in the folder, or in memory.</summary>
    private static void AddTables(IServiceCollection services, MachineOptions options)
    {
        if (options.StateFolder is { } folder)
        {
            System.IO.Directory.CreateDirectory(folder);
            services.AddSingleton(_ => new SqliteFile(Path.Combine(folder, "tables.db"), ""));
            services.AddSingleton<TableServiceClient>(s => new EmbeddedTableServiceClient(
                s.GetRequiredService<SqliteFile>(),
                options.Time
            ));
            services.AddSingleton<IDurableStore>(_ => new SqliteStore(Path.Combine(folder, "durable.db")));
            services.AddSingleton<ICheckpointStore>(_ => new FileCheckpoints(Path.Combine(folder, "record", "checkpoints")));
            services.AddSingleton<IRetainedBlobs>(_ => new BlobsOfFolder(Path.Combine(folder, "record", "agents")));
        }
        else
        {
            services.AddSingleton<TableServiceClient>(_ => new EmbeddedTableServiceClient(options.Time));
            services.AddSingleton<IDurableStore>(_ => new MemoryStore());
            services.AddSingleton<ICheckpointStore>(_ => new MemoryCheckpoints());
            services.AddSingleton<IRetainedBlobs>(_ => new MemoryBlobs());
        }
    }

    private static void AddQueues(IServiceCollection services, MachineOptions options)
    {
        services.AddSingleton(s =>
        {
            var queues = new QueueNamespace(s.GetRequiredService<IQueueStorage>(), options.Time);
            queues.Open(AlertsQueue, AlertsOptions with { MaxMessageBytes = options.MaxMessageBytes });
            queues.Open(ActivityQueue, new LocalQueueOptions { RequiresSession = true });
            return queues;
        });
        // Created in this order, so disposed in the reverse one: client, address, queues.
        services.AddSingleton(s =>
            AmqpEndpoint.Start(
                s.GetRequiredService<QueueNamespace>(),
                options.AmqpPort,
                s.GetRequiredService<ILoggerFactory>().CreateLogger<AmqpEndpoint>()
            )
        );
        services.AddSingleton(s => new ServiceBusClient(options.ServiceBus ?? s.GetRequiredService<AmqpEndpoint>().ConnectionString));
    }

    /// <summary>The tenant and the model: over HTTP where there is an address, in process otherwise.</summary>
    private static void AddPeers(IServiceCollection services, MachineOptions options, IConfiguration configuration)
    {
        services.AddSingleton(_ =>
            options.StateFolder is { } folder
                ? SimulatedTenant.OpenAsync(Path.Combine(folder, "tenant.db"), options.Time).GetAwaiter().GetResult()
                : SimulatedTenant.InMemory(options.Time)
        );
        services.AddSingleton(_ => new LocalModel(options.Time));
        services.AddSingleton(_ => new LoopbackTeams(options.Time));
        if (options.Address is null)
        {
            services.ConfigureHttpClientDefaults(client =>
                client
                    .RemoveAllLoggers()
                    .ConfigurePrimaryHttpMessageHandler(s => new TeamsHttpHandler(
                        s.GetRequiredService<LoopbackTeams>(),
                        new TenantHttpHandler(s.GetRequiredService<SimulatedTenant>())
                    ))
            );
            services.AddSingleton(s =>
                options.Model
                ?? ModelConnection.Create(
                    ClassificationOptions.From(configuration),
                    handler: new ModelHttpHandler(s.GetRequiredService<LocalModel>()),
                    time: options.Time
                )
            );
        }
        else
        {
            services.AddHttpClient(Pipeline.TokenKeys).AddHttpMessageHandler(() => new PlainLoopback());
            if (options.Model is { } model)
                services.AddSingleton(model);
        }
    }

    /// <summary>
    /// A token that only the simulated tenant takes. Like Entra's it carries the granted permissions; unlike Entra's nobody signed it.
    /// </summary>
    /// <param name="permissions">Asked once, when the first token is wanted: by default all that the actions need.</param>
    private sealed class LocalCredential(Func<IEnumerable<string>> permissions) : TokenCredential
    {
        private readonly Lazy<AccessToken> token = new(() =>
            new AccessToken($"local.{Roles(permissions())}.development", DateTimeOffset.MaxValue)
        );

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => token.Value;

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(token.Value);

        private static string Roles(IEnumerable<string> permissions) =>
            Convert
                .ToBase64String(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { roles = permissions }))
                .TrimEnd('=')
                .Replace('+', '-')
                .Replace('/', '_');
    }
}

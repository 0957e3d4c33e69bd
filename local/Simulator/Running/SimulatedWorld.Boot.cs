using Azure.Data.Tables;
using IRFunctions.Assessment;
using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Simulator.Seams;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Tenant;
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>Machines, one after another, on what outlives them.</summary>
internal sealed partial class SimulatedWorld
{
    private async Task BootAsync()
    {
        life = new Life(Trouble);
        var mine = life;
        // A package whose policy does not load does not start, so the one before is put back (docs/deploy-upgrade.md).
        if (Policy == PolicyVariant.Broken)
            Policy = PolicyVariant.Usual;
        var services = new ServiceCollection();
        LocalMachine.Register(
            services,
            new MachineOptions
            {
                Time = Clock,
                PolicyFolder = "",
                EditPolicy = null,
                Settings = new Dictionary<string, string?> { ["Model:Retries"] = "0" },
                Engine = new EngineOptions
                {
                    ShuffleSeed = unchecked(shuffle + Deaths),
                    // After a crash every history is replayed; now and then without one, too.
                    KeptSessions = shuffle % 2 == 0 ? 1_000 : 0,
                    AtCrashPoint = p => AtPoint(mine, p.Moment),
                },
                AroundActivity = (name, run) => Trouble.TakeTwice(name) is { } park ? TwinRun.RunTwiceAsync(park, run) : run(),
                Replace = s => Replace(s, mine),
            }
        );
        var provider = services.BuildServiceProvider();
        Trouble.Silent = true; // A start that fails is started again; that is the platform's business.
        Machine = await LocalMachine.CreateAsync(provider);
        Trouble.Silent = false;
    }

    private void AtPoint(Life mine, CrashMoment moment)
    {
        mine.Moment(
            moment switch
            {
                CrashMoment.BeforeCommit => CrashPlace.BeforeCommit,
                CrashMoment.AfterCommit => CrashPlace.AfterCommit,
                _ => CrashPlace.AfterActivity,
            }
        );
        Steps++;
        Stepped();
    }

    /// <summary>In the place of what a machine of its own would have: what outlives it, behind its seams.</summary>
    private void Replace(IServiceCollection services, Life mine)
    {
        services.AddSingleton<TableServiceClient>(new SeamTables(tables, mine, Changed));
        services.AddSingleton<IDurableStore>(new SeamStore(store, mine, Raised));
        services.AddSingleton<ICheckpointStore>(checkpoints);
        services.AddSingleton<IRetainedBlobs>(blobs);
        services.AddSingleton<ICheckpointKey>(key);
        services.AddSingleton(queues);
        services.AddSingleton(Tenant);
        services.AddSingleton(Shared.Catalog);
        services.AddSingleton(Shared.Host);
        services.AddSingleton(new PolicySource(() => PolicyVariants.Of(Policy)));
        transport = new SeamTransport(Tenant, new TenantHttpHandler(Tenant), mine, Clock, late, r => Seen(r));
        services.ConfigureHttpClientDefaults(client => client.ConfigurePrimaryHttpMessageHandler(() => transport));
        services.AddSingleton(s =>
            ModelConnection.Create(
                s.GetRequiredService<ClassificationOptions>(),
                handler: new SimulatedModel(mark => FindDraft(mark), mine),
                time: Clock
            )
        );
    }

    private void Changed(string table, string partition)
    {
        if (table == AuditChain.TableName)
            ChangedChains.Add(partition);
        else if (table == "approvals")
            RequestsChanged = true;
    }

    /// <summary>What is the same for every machine of the process and costs time to make.</summary>
    private static class Shared
    {
        public static FunctionCatalog Catalog { get; } = FunctionCatalog.Discover(typeof(Pipeline).Assembly);

        public static HostSettings Host { get; } = HostSettings.Read(Path.Combine(AppContext.BaseDirectory, "host.json"));
    }
}

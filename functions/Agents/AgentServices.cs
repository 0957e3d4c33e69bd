using Azure.Core;
using Azure.Storage.Blobs;
using IRFunctions.Directory.Signals;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.Agents;

/// <summary>What the gate of agents and workloads needs, from configuration.</summary>
internal static class AgentServices
{
    public static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<GateTable>();
        services.TryAddSingleton<AmountLimits>();
        services.TryAddSingleton<DeniedRequests>();
        services.TryAddSingleton<Gate>();
        services.TryAddSingleton(
            new ActivityGateways([
                .. (configuration["Activity:Gateways"] ?? "").Split(
                    ',',
                    StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                ),
            ])
        );
        services.TryAddSingleton<AgentGate>();
        services.AddSingleton<ISignalSource, AgentSignals>();
        services.TryAddSingleton<IRetainedBlobs>(s =>
            configuration["Agents:Snapshots"] is { Length: > 0 } container
                ? new BlobsOfContainer(new BlobContainerClient(new Uri(container), s.GetRequiredService<TokenCredential>()))
                : new BlobsOfFolder(
                    configuration["Record:Folder"] is { Length: > 0 } folder
                        ? Path.Combine(folder, "agents")
                        : throw new InvalidOperationException(
                            "The setting Agents__Snapshots is missing, and Record__Folder too. local.settings.sample.json explains "
                                + "every setting."
                        )
                )
        );
        services.TryAddSingleton<IWriteOnceBlobs>(s => s.GetRequiredService<IRetainedBlobs>());
        services.TryAddSingleton<AgentSnapshots>();
        services.TryAddSingleton<AgentRecovery>();
        services.AddHttpClient(SnapshotPuller.Http, http => http.Timeout = TimeSpan.FromSeconds(20));
        services.TryAddSingleton(s => new SnapshotPuller(
            s.GetRequiredService<IHttpClientFactory>().CreateClient(SnapshotPuller.Http),
            s.GetRequiredService<TokenCredential>(),
            s.GetRequiredService<PolicyStore>(),
            s.GetRequiredService<AgentSnapshots>(),
            s.GetRequiredService<Pager>(),
            s.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton<InteractionStore>();
        services.TryAddSingleton<InteractionParts>();
        services.TryAddSingleton<InteractionMover>();
        services.TryAddSingleton<InteractionEvidence>();
        return services;
    }
}

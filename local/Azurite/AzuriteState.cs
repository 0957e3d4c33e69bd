using Azure.Data.Tables;
using Azure.Storage.Blobs;
using IRFunctions.Recording;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Azurite;

/// <summary>The pipeline's tables and blobs in Azurite, by the clients that are deployed. The containers are called as in bicep/.</summary>
internal static class AzuriteState
{
    private const string Checkpoints = "record";
    private const string Snapshots = "agents";

    public static void Add(IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => new TableServiceClient(connectionString));
        services.AddSingleton<ICheckpointStore>(_ => new BlobCheckpoints(new BlobContainerClient(connectionString, Checkpoints)));
        services.AddSingleton<IRetainedBlobs>(_ => new BlobsOfContainer(new BlobContainerClient(connectionString, Snapshots)));
    }

    /// <summary>Containers must exist before the first blob; in Azure the template makes them.</summary>
    public static async Task CreateAsync(string connectionString)
    {
        foreach (var name in (string[])[Checkpoints, Snapshots])
            await new BlobContainerClient(connectionString, name).CreateIfNotExistsAsync();
    }
}

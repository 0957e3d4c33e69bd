using IRFunctions.Storage;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Agents;

/// <summary>The same contract against Azurite's blob service.</summary>
[Collection(nameof(Azurite))]
public sealed class Snapshots_in_Azurite(Azurite azurite) : SnapshotContract, IAsyncLifetime
{
    private AzuriteBlobs? service;
    private BlobsOfContainer? blobs;

    protected override IWriteOnceBlobs Blobs => blobs!;

    public async Task InitializeAsync()
    {
        Assert.NotNull(azurite.Endpoint); // It is installed.
        service = await AzuriteBlobs.StartAsync();
        blobs = new BlobsOfContainer(await service.ContainerAsync());
    }

    public async Task DisposeAsync() => await service!.DisposeAsync();
}

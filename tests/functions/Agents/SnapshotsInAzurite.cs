using IRFunctions.Storage;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Agents;

/// <summary>The same contract against Azurite's blob service.</summary>
[Collection(nameof(Azurite))]
public sealed class Snapshots_in_Azurite(Azurite azurite) : SnapshotContract, IAsyncLifetime
{
    private BlobsOfContainer? blobs;

    protected override IWriteOnceBlobs Blobs => blobs!;

    public async Task InitializeAsync() => blobs = new BlobsOfContainer(await azurite.NewContainerAsync());

    public Task DisposeAsync() => Task.CompletedTask;
}

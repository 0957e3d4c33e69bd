using Azure.Data.Tables;
using Azure.Storage.Blobs;
using IRFunctions.Local.Azurite;

namespace IRFunctions.Tests.Tables;

/// <summary>
/// Azure Storage's emulator for a whole collection of tests, in memory. A machine without Node fails these tests rather than skip them,
/// because then nothing tells whether the embedded tables are true.
/// </summary>
public sealed class Azurite : IAsyncLifetime
{
    private AzuriteProcess? process;

    /// <summary>Of tables; known once it runs.</summary>
    public Uri Endpoint => process!.Tables;

    /// <summary>As a setting names the account.</summary>
    public string ConnectionString => process!.ConnectionString;

    public TableServiceClient NewClient() => new(Endpoint, new TableSharedKeyCredential(AzuriteProcess.Account, AzuriteProcess.Key));

    /// <summary>A container of its own name.</summary>
    public async Task<BlobContainerClient> NewContainerAsync()
    {
        var container = new BlobContainerClient(ConnectionString, $"c{Guid.NewGuid():N}");
        await container.CreateIfNotExistsAsync();
        return container;
    }

    public async Task InitializeAsync() => process = await AzuriteProcess.StartAsync(folder: null);

    public async Task DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }
}

[CollectionDefinition(nameof(Azurite))]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>;

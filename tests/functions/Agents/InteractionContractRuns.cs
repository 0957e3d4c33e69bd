using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using IRFunctions.Local.Machine;
using IRFunctions.Storage;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Agents;

public sealed class Interactions_in_memory : InteractionContract
{
    private readonly MemoryBlobs blobs = new();

    protected override Task<(TableServiceClient?, IRetainedBlobs)> StorageAsync() =>
        Task.FromResult<(TableServiceClient?, IRetainedBlobs)>((null, blobs));

    protected override Task TamperAsync(string nameStartsWith, Func<byte[], byte[]?> change)
    {
        blobs.Tamper(nameStartsWith, change);
        return Task.CompletedTask;
    }
}

public sealed class Interactions_in_a_folder : InteractionContract
{
    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("irf-interactions").FullName;

    protected override Task<(TableServiceClient?, IRetainedBlobs)> StorageAsync() =>
        Task.FromResult<(TableServiceClient?, IRetainedBlobs)>((null, new BlobsOfFolder(folder)));

    protected override async Task TamperAsync(string nameStartsWith, Func<byte[], byte[]?> change)
    {
        foreach (
            var file in System.IO.Directory.EnumerateFiles(Path.Combine(folder, nameStartsWith), "*", SearchOption.AllDirectories).ToList()
        )
        {
            File.SetAttributes(file, FileAttributes.Normal);
            if (change(await File.ReadAllBytesAsync(file)) is { } changed)
                await File.WriteAllBytesAsync(file, changed);
            else
                File.Delete(file);
        }
    }

    public override Task DisposeAsync()
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            File.SetAttributes(file, FileAttributes.Normal);
        System.IO.Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}

/// <summary>Tables and blobs of the emulator, as in Azure.</summary>
[Collection(nameof(Azurite))]
public sealed class Interactions_in_Azurite(Azurite azurite) : InteractionContract
{
    private BlobContainerClient? container;

    protected override async Task<(TableServiceClient?, IRetainedBlobs)> StorageAsync()
    {
        container = await azurite.NewContainerAsync();
        return (azurite.NewClient(), new BlobsOfContainer(container));
    }

    protected override async Task TamperAsync(string nameStartsWith, Func<byte[], byte[]?> change)
    {
        var names = new List<string>();
        await foreach (var blob in container!.GetBlobsAsync(BlobTraits.None, BlobStates.None, nameStartsWith, CancellationToken.None))
            names.Add(blob.Name);
        foreach (var name in names)
        {
            var blob = container.GetBlockBlobClient(name);
            using var content = new MemoryStream();
            await (await blob.DownloadStreamingAsync()).Value.Content.CopyToAsync(content);
            if (change(content.ToArray()) is not { } changed)
            {
                await blob.DeleteIfExistsAsync();
                continue;
            }
            using var stream = new MemoryStream(changed);
            await blob.StageBlockAsync("AAAA", stream);
            await blob.CommitBlockListAsync(["AAAA"]);
        }
    }
}

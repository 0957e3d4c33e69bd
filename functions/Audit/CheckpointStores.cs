using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace IRFunctions.Audit;

/// <summary>Where checkpoints are kept: each is written once and never again.</summary>
public interface ICheckpointStore
{
    /// <summary>False where this number is taken already.</summary>
    Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation);

    /// <summary>Null where there is none of this number.</summary>
    Task<byte[]?> ReadAsync(long number, CancellationToken cancellation);
}

/// <summary>
/// One blob a checkpoint, created only where it is not there. The container's locked time-based retention policy (bicep/) refuses everyone, the owner of
/// the subscription included, to overwrite or delete it.
/// </summary>
public sealed class BlobCheckpoints(BlobContainerClient container) : ICheckpointStore
{
    public async Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation)
    {
        var blob = container.GetBlockBlobClient(NameOf(number));
        // Of the content: two writers of one number stage into the same blob, and neither may commit what the other staged.
        var block = Convert.ToBase64String(SHA256.HashData(checkpoint));
        try
        {
            using var content = new MemoryStream(checkpoint);
            await blob.StageBlockAsync(block, content, cancellationToken: cancellation);
            var options = new CommitBlockListOptions
            {
                Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All }, HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            };
            await blob.CommitBlockListAsync([block], options, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412 || e.ErrorCode == "InvalidBlockList")
        {
            return false; // 412 the condition, 409 the retention policy; somebody else's commit took the number, and our block with it.
        }
    }

    public async Task<byte[]?> ReadAsync(long number, CancellationToken cancellation)
    {
        try
        {
            var found = await container.GetBlockBlobClient(NameOf(number)).DownloadStreamingAsync(cancellationToken: cancellation);
            await using var content = found.Value.Content;
            using var buffer = new MemoryStream();
            await content.CopyToAsync(buffer, cancellation);
            return buffer.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static string NameOf(long number) => $"checkpoint-{number:D10}.json";
}

/// <summary>One read-only file a checkpoint in a folder of this machine. Keeps honest programs honest; whoever owns the disk can do anything (docs/record.md).</summary>
public sealed class FileCheckpoints(string folder) : ICheckpointStore
{
    public async Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var draft = $"{PathOf(number)}.{Guid.CreateVersion7():N}.draft"; // One a writer: two of one number must not write into one draft.
        await File.WriteAllBytesAsync(draft, checkpoint, cancellation);
        try
        {
            File.Move(draft, PathOf(number), overwrite: false);
        }
        catch (IOException) when (File.Exists(PathOf(number)))
        {
            File.Delete(draft);
            return false;
        }
        File.SetAttributes(PathOf(number), FileAttributes.ReadOnly);
        return true;
    }

    public async Task<byte[]?> ReadAsync(long number, CancellationToken cancellation) =>
        File.Exists(PathOf(number)) ? await File.ReadAllBytesAsync(PathOf(number), cancellation) : null;

    private string PathOf(long number) => Path.Combine(folder, $"checkpoint-{number:D10}.json");
}

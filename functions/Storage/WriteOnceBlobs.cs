using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace IRFunctions.Storage;

/// <summary>Named bytes that are written once: snapshots of agents, checkpoints of the record.</summary>
public interface IWriteOnceBlobs
{
    /// <summary>False where the name is taken.</summary>
    Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Null where there is none of this name, or it is larger than <paramref name="most"/> bytes.</summary>
    Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation);
}

/// <summary>The same for what is kept for a time only: evidence of interactions.</summary>
public interface IRetainedBlobs : IWriteOnceBlobs
{
    /// <summary>Removes what is no longer to be kept; nothing where there is none of this name.</summary>
    Task RemoveAsync(string name, CancellationToken cancellation);
}

/// <summary>
/// Blobs of a container, created only where they are not there (If-None-Match: *). Names in archive/ go to the cool tier: cheaper to keep,
/// dearer to read.
/// </summary>
/// <param name="contentType">For people who open one; null for bytes of no known type.</param>
public sealed class BlobsOfContainer(BlobContainerClient container, string? contentType = null) : IRetainedBlobs
{
    private const string Archive = "archive/";

    public async Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var blob = container.GetBlockBlobClient(name);
        // Of the content: two writers of one name stage into the same blob, and each must commit its own block.
        var block = Convert.ToBase64String(SHA256.HashData(content.Span));
        try
        {
            using var stream = new MemoryStream(content.ToArray(), writable: false);
            await blob.StageBlockAsync(block, stream, cancellationToken: cancellation);
            var options = new CommitBlockListOptions
            {
                Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                HttpHeaders = contentType is null ? null : new BlobHttpHeaders { ContentType = contentType },
                AccessTier = name.StartsWith(Archive, StringComparison.Ordinal) ? AccessTier.Cool : (AccessTier?)null,
            };
            await blob.CommitBlockListAsync([block], options, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412 || e.ErrorCode == "InvalidBlockList")
        {
            return false; // 412 the condition, 409 a retention policy; somebody else's commit took the name, and our block with it.
        }
    }

    public async Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation)
    {
        try
        {
            var found = await container.GetBlockBlobClient(name).DownloadStreamingAsync(cancellationToken: cancellation);
            await using var content = found.Value.Content;
            if (found.Value.Details.ContentLength > most)
                return null;
            using var buffer = new MemoryStream();
            await content.CopyToAsync(buffer, cancellation);
            return buffer.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public Task RemoveAsync(string name, CancellationToken cancellation) =>
        container.GetBlockBlobClient(name).DeleteIfExistsAsync(cancellationToken: cancellation);
}

/// <summary>Read-only files in a folder of this machine, where no container is configured.</summary>
public sealed class BlobsOfFolder(string folder) : IRetainedBlobs
{
    // Moving a file looks whether the name is taken and renames it afterwards: two at once would both have it. A state folder belongs to
    // one process.
    private static readonly Lock Naming = new();

    public async Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var path = PathOf(name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = $"{path}.{Guid.CreateVersion7():N}.draft";
        await File.WriteAllBytesAsync(draft, content, cancellation);
        lock (Naming)
        {
            if (File.Exists(path))
            {
                File.Delete(draft);
                return false;
            }
            File.Move(draft, path, overwrite: false);
        }
        File.SetAttributes(path, FileAttributes.ReadOnly);
        return true;
    }

    public async Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation)
    {
        var file = new FileInfo(PathOf(name));
        return file.Exists && file.Length <= most ? await File.ReadAllBytesAsync(file.FullName, cancellation) : null;
    }

    public Task RemoveAsync(string name, CancellationToken cancellation)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
            return Task.CompletedTask;
        File.SetAttributes(path, FileAttributes.Normal);
        File.Delete(path);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Names are derived from hashes and numbers, never an agent's own text; a stranger's would not leave the folder either.
    /// </summary>
    private string PathOf(string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ArgumentException($"'{name}' leaves the folder", nameof(name));
    }
}

using Azure.Storage.Blobs;
using IRFunctions.Storage;

namespace IRFunctions.Recording;

/// <summary>Where checkpoints are kept: each is written once and never again.</summary>
public interface ICheckpointStore
{
    /// <summary>False where this number is taken already.</summary>
    Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation);

    /// <summary>Null where there is none of this number.</summary>
    Task<byte[]?> ReadAsync(long number, CancellationToken cancellation);
}

/// <summary>Checkpoints by number among bytes that are written once.</summary>
public abstract class WriteOnceCheckpoints(IWriteOnceBlobs blobs) : ICheckpointStore
{
    public Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation) =>
        blobs.TryAddAsync(NameOf(number), checkpoint, cancellation);

    public Task<byte[]?> ReadAsync(long number, CancellationToken cancellation) =>
        blobs.ReadAsync(NameOf(number), int.MaxValue, cancellation);

    private static string NameOf(long number) => $"checkpoint-{number:D10}.json";
}

/// <summary>
/// One blob a checkpoint, created only where it is not there. The container's locked time-based retention policy (bicep/) refuses everyone,
/// the owner of the subscription included, to overwrite or delete it.
/// </summary>
public sealed class BlobCheckpoints(BlobContainerClient container)
    : WriteOnceCheckpoints(new BlobsOfContainer(container, "application/json"));

/// <summary>
/// One read-only file a checkpoint in a folder of this machine. Keeps honest programs honest; whoever owns the disk can do anything
/// (docs/record.md).
/// </summary>
public sealed class FileCheckpoints(string folder) : WriteOnceCheckpoints(new BlobsOfFolder(folder));

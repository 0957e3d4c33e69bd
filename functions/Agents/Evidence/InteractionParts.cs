using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Storage;

namespace IRFunctions.Agents;

/// <summary>Where a part of an hour stands on its way.</summary>
public enum PartState
{
    /// <summary>Named, not known to be written: nothing reads it, and what it is made of is still in the table.</summary>
    Writing,
    Warm,
    Cold,

    /// <summary>Its time is over: nothing reads it.</summary>
    Expiring,
}

/// <summary>A part of an hour: batches of a range of identities in one blob.</summary>
/// <param name="Blob">Its name, derived from its content.</param>
/// <param name="Left">Blob it was copied from and that is to be removed; empty where there is none.</param>
/// <param name="First">Lowest partition in it.</param>
/// <param name="Last">Highest partition in it.</param>
/// <param name="Salt">Of the sampling; the same for a whole hour.</param>
public sealed record EvidencePart(
    long Hour,
    PartState State,
    string Blob,
    string Left,
    string Sha256,
    string First,
    string Last,
    string Salt,
    int Seen,
    int Kept
)
{
    internal const string WarmFolder = "interactions/";
    internal const string ColdFolder = "archive/interactions/";

    internal static string NameOf(string folder, long hour, string sha256) => $"{folder}{EvidencePacking.HourOf(hour)}/{sha256[..24]}";
}

/// <summary>
/// The warm and the cold tier: parts of hours as blobs that are written once, and the list of them in the table "interactionparts" with the
/// hash of each, which other rights guard than the blobs.
/// </summary>
public sealed class InteractionParts(TableServiceClient tables, IRetainedBlobs blobs)
{
    public const string TableName = "interactionparts";

    /// <summary>Largest blob read, in bytes.</summary>
    private const int MaxPart = 64 * 1024 * 1024;
    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Parts of these hours, both included, in order of time, whatever their state.</summary>
    internal async IAsyncEnumerable<EvidencePart> ListAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey ge {EvidencePacking.HourOf(from)} and PartitionKey le {EvidencePacking.HourOf(to)}"
        );
        // A row that cannot be read names no part; the record misses the part then, and says so.
        await foreach (
            var part in table
                .QueryAsync<TableEntity>(filter, cancellationToken: cancellation)
                .ReadableAsync(TableName, FromRow, cancellation: cancellation)
        )
            yield return part;
    }

    /// <summary>The batches of a part, or what is wrong with it: it names the blob.</summary>
    internal async Task<(IReadOnlyList<EvidenceBatch> Batches, string? Problem)> OpenAsync(
        EvidencePart part,
        CancellationToken cancellation
    )
    {
        var (content, problem) = await ReadAsync(part.Blob, part.Sha256, cancellation);
        if (content is null)
            return ([], problem);
        try
        {
            return (EvidencePacking.Unpack(content), null);
        }
        catch (InvalidDataException e)
        {
            return ([], $"{part.Blob}: {e.Message}");
        }
    }

    /// <summary>The bytes of a blob where they are what was written, or what is wrong with them.</summary>
    internal async Task<(byte[]? Content, string? Problem)> ReadAsync(string blob, string sha256, CancellationToken cancellation)
    {
        if (await blobs.ReadAsync(blob, MaxPart, cancellation) is not { } content)
            return (null, $"{blob}: the stored bytes are gone");
        return EvidencePacking.HashOf(content) == sha256 ? (content, null) : (null, $"{blob}: the stored bytes were changed");
    }

    internal Task<bool> WriteAsync(string blob, byte[] content, CancellationToken cancellation) =>
        blobs.TryAddAsync(blob, content, cancellation);

    internal Task RemoveBlobAsync(string blob, CancellationToken cancellation) => blobs.RemoveAsync(blob, cancellation);

    internal Task ListAsync(EvidencePart part, CancellationToken cancellation) =>
        table.UpsertEntityAsync(ToRow(part), TableUpdateMode.Replace, cancellation);

    internal Task UnlistAsync(EvidencePart part, CancellationToken cancellation) =>
        table.DeleteEntityAsync(EvidencePacking.HourOf(part.Hour), part.Sha256, ETag.All, cancellation);

    private static TableEntity ToRow(EvidencePart part) =>
        new(EvidencePacking.HourOf(part.Hour), part.Sha256)
        {
            ["State"] = part.State.ToString(),
            ["Blob"] = part.Blob,
            ["Left"] = part.Left,
            ["First"] = part.First,
            ["Last"] = part.Last,
            ["Salt"] = part.Salt,
            ["Seen"] = part.Seen,
            ["Kept"] = part.Kept,
        };

    private static EvidencePart FromRow(TableEntity row) =>
        new(
            EvidencePacking.HourFrom(row.PartitionKey),
            Enum.TryParse<PartState>(row.GetString("State"), out var state) ? state : PartState.Writing,
            row.GetString("Blob") ?? "",
            row.GetString("Left") ?? "",
            row.RowKey,
            row.GetString("First") ?? "",
            row.GetString("Last") ?? "",
            row.GetString("Salt") ?? "",
            row.GetInt32("Seen") ?? 0,
            row.GetInt32("Kept") ?? 0
        );
}

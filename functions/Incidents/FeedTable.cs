using Azure;
using Azure.Data.Tables;
using IRFunctions.Storage;

namespace IRFunctions.Incidents;

/// <summary>How far a feed has been read.</summary>
public sealed record FeedCursor
{
    /// <summary>Everything that changed before this has been handed in.</summary>
    public required DateTimeOffset Through { get; init; }

    /// <summary>What was handed in of the time that is read again, as fingerprints of id and time of change.</summary>
    public IReadOnlyList<string> Handed { get; init; } = [];

    /// <summary>The source asked to be left alone until then; null where it did not.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Since when it cannot be read; null while it can.</summary>
    public DateTimeOffset? FailingSince { get; init; }
}

/// <summary>
/// The table "feeds": one row a feed, so that what was read is known after any crash. A row that changed meanwhile is not overwritten.
/// </summary>
public sealed class FeedTable(TableServiceClient tables)
{
    public const string TableName = "feeds";

    private const string Partition = "defender";
    private const string Cursor = "Cursor";

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>The cursor and its version; null where the feed was never read.</summary>
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public async Task<(FeedCursor Cursor, ETag Version)?> FindAsync(string feed, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(Partition, feed, cancellationToken: cancellation);
        return found.HasValue && TableText.Read<FeedCursor>(found.Value!, Cursor, TableName) is { } cursor
            ? (cursor, found.Value!.ETag)
            : null;
    }

    /// <param name="version">Of the cursor that this one follows; null for the first.</param>
    /// <returns>The version of what was kept.</returns>
    /// <exception cref="RequestFailedException">
    /// Somebody else moved the cursor meanwhile (409, 412), or the table cannot be written.
    /// </exception>
    public async Task<ETag> KeepAsync(string feed, FeedCursor cursor, ETag? version, CancellationToken cancellation)
    {
        var row = new TableEntity(Partition, feed);
        TableText.Write(row, Cursor, cursor);
        var answer = version is { } known
            ? await table.UpdateEntityAsync(row, known, TableUpdateMode.Replace, cancellation)
            : await table.AddEntityAsync(row, cancellation);
        return answer.Headers.ETag ?? ETag.All;
    }
}

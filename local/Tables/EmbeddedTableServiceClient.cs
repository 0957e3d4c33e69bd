using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Tables;

/// <summary>
/// The Table service inside this process: same answers, same errors, same limits, no network.
/// As with the service, a table must be created before use.
/// </summary>
public sealed class EmbeddedTableServiceClient : TableServiceClient
{
    private readonly ITableStorage storage;
    private readonly TimeProvider time;

    /// <summary>Tables in memory; they are gone with this object.</summary>
    /// <param name="time">Where timestamps come from.</param>
    public EmbeddedTableServiceClient(TimeProvider time)
        : this(new MemoryTableStorage(), time) { }

    /// <summary>Tables in a SQLite file. The file stays the caller's; it must be open while the tables are used.</summary>
    /// <param name="file">May hold other things as well; the tables named <c>table_*</c> are ours.</param>
    /// <param name="time">Where timestamps come from.</param>
    public EmbeddedTableServiceClient(SqliteFile file, TimeProvider time)
        : this(new SqliteTableStorage(file), time) { }

    private EmbeddedTableServiceClient(ITableStorage storage, TimeProvider time)
    {
        this.storage = storage;
        this.time = time;
    }

    public override string AccountName => EmbeddedTableClient.Account;

    public override Uri Uri => EmbeddedTableClient.Service;

    public override TableClient GetTableClient(string tableName) => new EmbeddedTableClient(tableName, storage, time);

    public override Task<Response<TableItem>> CreateTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).CreateAsync(cancellationToken);

    public override Task<Response<TableItem>> CreateTableIfNotExistsAsync(
        string tableName,
        CancellationToken cancellationToken = default
    ) => GetTableClient(tableName).CreateIfNotExistsAsync(cancellationToken);

    public override Task<Response> DeleteTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).DeleteAsync(cancellationToken);
}

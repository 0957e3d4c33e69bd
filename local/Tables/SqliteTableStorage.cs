using Azure.Data.Tables;
using Dapper;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Storage;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Tables;

/// <summary>
/// Tables in a SQLite file, which may hold other things as well. Only one process, and in it one storage, may write to a file.
/// </summary>
internal sealed class SqliteTableStorage : ITableStorage
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS table_names (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS table_rows (
          tbl TEXT NOT NULL, pk TEXT NOT NULL, rk TEXT NOT NULL, etag INTEGER NOT NULL, timestamp INTEGER NOT NULL, json TEXT NOT NULL,
          PRIMARY KEY (tbl, pk, rk)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS table_version (n INTEGER NOT NULL);
        INSERT INTO table_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM table_version);
        """;

    private const string Columns = "SELECT pk, rk, etag, timestamp, json FROM table_rows WHERE tbl = ?1";
    private const string Insert = "INSERT INTO table_rows VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tbl, pk, rk) DO NOTHING";
    private const string Put =
        "INSERT INTO table_rows VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        + "ON CONFLICT (tbl, pk, rk) DO UPDATE SET etag = excluded.etag, timestamp = excluded.timestamp, json = excluded.json";

    private readonly SqliteFile file;
    private readonly Task ready;

    public SqliteTableStorage(SqliteFile file)
    {
        this.file = file;
        ready = WriteAsync(on => on.Connection.Execute(Schema));
    }

    public async Task<bool> CreateAsync(string table)
    {
        await ready;
        return await WriteAsync(on => on.Run("INSERT INTO table_names VALUES (?1) ON CONFLICT DO NOTHING", table)) > 0;
    }

    public async Task<bool> DeleteAsync(string table)
    {
        await ready;
        return await WriteAsync(on =>
        {
            on.Run("DELETE FROM table_rows WHERE tbl = ?1", table);
            return on.Run("DELETE FROM table_names WHERE name = ?1", table) > 0;
        });
    }

    public async Task<TableRow?> GetAsync(string table, string partitionKey, string rowKey)
    {
        await ready;
        return file.Read(on =>
        {
            if (Find(on, table, partitionKey, rowKey) is { } row)
                return row;
            Require(on, table);
            return null;
        });
    }

    public async Task<IReadOnlyList<TableRow>> ReadAsync(string table, KeyRange range, int max)
    {
        await ready;
        var where =
            range.ToPartition == range.FromPartition
                ? " AND pk = ?2 AND rk >= ?3" + (range.ToRow is null ? "" : " AND rk <= ?5")
                : " AND (pk, rk) >= (?2, ?3)" + (range.ToPartition is null ? "" : " AND pk <= ?4");
        return file.Read(on =>
        {
            Require(on, table);
            return on.Read(
                $"{Columns}{where} ORDER BY pk, rk LIMIT ?6",
                Row,
                table,
                range.FromPartition,
                range.FromRow,
                range.ToPartition,
                range.ToRow,
                max
            );
        });
    }

    public async Task<IReadOnlyList<TableRow?>> WriteAsync(string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        await ready;
        return await WriteAsync(on => Write(on, table, changes, now));
    }

    /// <exception cref="Azure.RequestFailedException">503: the disk takes nothing.</exception>
    private async Task<T> WriteAsync<T>(Func<PreparedConnection, T> write)
    {
        try
        {
            return await file.WriteAsync(write);
        }
        catch (SqliteException e) when (DiskTrouble.Of(e) is { } why)
        {
            throw TableErrors.Unavailable(why, e);
        }
    }

    // A refused change throws, and SqliteFile takes back what the changes before it did.
    private static TableRow?[] Write(PreparedConnection on, string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        Require(on, table);
        var (results, version) = (new TableRow?[changes.Count], NextVersions(on, changes.Count));
        for (var i = 0; i < changes.Count; i++)
        {
            try
            {
                results[i] = Write(on, table, changes[i], version++, now);
            }
            catch (Azure.RequestFailedException reason)
            {
                throw new ChangeRefusedException(i, reason);
            }
        }
        return results;
    }

    private static TableRow? Write(PreparedConnection on, string table, RowChange change, long version, DateTimeOffset now)
    {
        // What is added or put in the place of whatever is there need not be looked up first.
        var isAdd = change.Type == TableTransactionActionType.Add;
        var current =
            isAdd || change.Type == TableTransactionActionType.UpsertReplace ? null : Find(on, table, change.PartitionKey, change.RowKey);
        var row = change.Apply(current, version, now);
        if (row is null)
            on.Run("DELETE FROM table_rows WHERE tbl = ?1 AND pk = ?2 AND rk = ?3", table, change.PartitionKey, change.RowKey);
        else if (Store(on, table, row, isAdd ? Insert : Put) == 0)
            throw TableErrors.EntityExists();
        return row;
    }

    // Kept in the file: a version given to a row that was deleted must not come back after a restart.
    private static long NextVersions(PreparedConnection on, int count) =>
        on.Read("UPDATE table_version SET n = n + ?1 RETURNING n", row => row.Number(0), count)[0] - count + 1;

    private static int Store(PreparedConnection on, string table, TableRow row, string sql) =>
        on.Run(sql, table, row.PartitionKey, row.RowKey, row.Version, row.Timestamp.UtcTicks, RowJson.Write(row.Properties));

    private static void Require(PreparedConnection on, string table)
    {
        if (on.Read("SELECT 1 FROM table_names WHERE name = ?1", row => row.Number(0), table).Count == 0)
            throw TableErrors.TableNotFound();
    }

    private static TableRow? Find(PreparedConnection on, string table, string partitionKey, string rowKey) =>
        on.Read(Columns + " AND pk = ?2 AND rk = ?3", Row, table, partitionKey, rowKey).FirstOrDefault();

    private static TableRow Row(SqliteStatement row) =>
        new(row.Text(0), row.Text(1), row.Number(2), new DateTimeOffset(row.Number(3), TimeSpan.Zero), RowJson.Read(row.Text(4)));
}

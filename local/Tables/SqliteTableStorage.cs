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

    private const string Columns = "SELECT pk, rk, etag, timestamp, json FROM table_rows WHERE tbl = $tbl";
    private readonly SqliteFile file;
    private readonly Task ready;

    public SqliteTableStorage(SqliteFile file)
    {
        this.file = file;
        ready = file.WriteAsync(connection => Execute(connection, Schema));
    }

    public async Task<bool> CreateAsync(string table)
    {
        await ready;
        return await file.WriteAsync(c => Execute(c, "INSERT INTO table_names VALUES ($tbl) ON CONFLICT DO NOTHING", ("$tbl", table))) > 0;
    }

    public async Task<bool> DeleteAsync(string table)
    {
        await ready;
        return await file.WriteAsync(connection =>
        {
            Execute(connection, "DELETE FROM table_rows WHERE tbl = $tbl", ("$tbl", table));
            return Execute(connection, "DELETE FROM table_names WHERE name = $tbl", ("$tbl", table)) > 0;
        });
    }

    public async Task<TableRow?> GetAsync(string table, string partitionKey, string rowKey)
    {
        await ready;
        using var connection = file.OpenConnection();
        if (Find(connection, table, partitionKey, rowKey) is { } row)
            return row;
        Require(connection, table);
        return null;
    }

    public async Task<IReadOnlyList<TableRow>> ReadAsync(string table, KeyRange range, int max)
    {
        await ready;
        using var connection = file.OpenConnection();
        Require(connection, table);
        var where =
            range.ToPartition == range.FromPartition
                ? " AND pk = $pk AND rk >= $rk" + (range.ToRow is null ? "" : " AND rk <= $torow")
                : " AND (pk, rk) >= ($pk, $rk)" + (range.ToPartition is null ? "" : " AND pk <= $topk");
        return Query(
            connection,
            $"{Columns}{where} ORDER BY pk, rk LIMIT $max",
            ("$tbl", table),
            ("$pk", range.FromPartition),
            ("$rk", range.FromRow),
            ("$topk", range.ToPartition),
            ("$torow", range.ToRow),
            ("$max", max)
        );
    }

    public async Task<IReadOnlyList<TableRow?>> WriteAsync(string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        await ready;
        return await file.WriteAsync(connection => Write(connection, table, changes, now));
    }

    // A refused change throws, and SqliteFile takes back what the changes before it did.
    private static TableRow?[] Write(SqliteConnection connection, string table, IReadOnlyList<RowChange> changes, DateTimeOffset now)
    {
        Require(connection, table);
        var results = new TableRow?[changes.Count];
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            try
            {
                results[i] = change.Apply(Find(connection, table, change.PartitionKey, change.RowKey), NextVersion(connection), now);
            }
            catch (Azure.RequestFailedException reason)
            {
                throw new ChangeRefusedException(i, reason);
            }
            if (results[i] is { } row)
                Store(connection, table, row);
            else
                Execute(
                    connection,
                    "DELETE FROM table_rows WHERE tbl = $tbl AND pk = $pk AND rk = $rk",
                    ("$tbl", table),
                    ("$pk", change.PartitionKey),
                    ("$rk", change.RowKey)
                );
        }
        return results;
    }

    // Kept in the file: a version given to a row that was deleted must not come back after a restart.
    private static long NextVersion(SqliteConnection connection)
    {
        Execute(connection, "UPDATE table_version SET n = n + 1");
        using var command = Command(connection, "SELECT n FROM table_version");
        return (long)command.ExecuteScalar()!;
    }

    private static void Store(SqliteConnection connection, string table, TableRow row) =>
        Execute(
            connection,
            "INSERT INTO table_rows VALUES ($tbl, $pk, $rk, $etag, $time, $json) "
                + "ON CONFLICT (tbl, pk, rk) DO UPDATE SET etag = excluded.etag, timestamp = excluded.timestamp, json = excluded.json",
            ("$tbl", table),
            ("$pk", row.PartitionKey),
            ("$rk", row.RowKey),
            ("$etag", row.Version),
            ("$time", row.Timestamp.UtcTicks),
            ("$json", RowJson.Write(row.Properties))
        );

    private static void Require(SqliteConnection connection, string table)
    {
        using var command = Command(connection, "SELECT 1 FROM table_names WHERE name = $tbl", ("$tbl", table));
        if (command.ExecuteScalar() is null)
            throw TableErrors.TableNotFound();
    }

    private static TableRow? Find(SqliteConnection connection, string table, string partitionKey, string rowKey) =>
        Query(connection, $"{Columns} AND pk = $pk AND rk = $rk", ("$tbl", table), ("$pk", partitionKey), ("$rk", rowKey)).FirstOrDefault();

    private static List<TableRow> Query(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<TableRow>();
        while (reader.Read())
        {
            var timestamp = new DateTimeOffset(reader.GetInt64(3), TimeSpan.Zero);
            rows.Add(
                new TableRow(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), timestamp, RowJson.Read(reader.GetString(4)))
            );
        }
        return rows;
    }

    private static int Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Put together from constants of this file only; values are parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}

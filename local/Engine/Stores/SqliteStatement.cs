using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// One prepared statement, bound by position. Microsoft.Data.Sqlite looks up every parameter by its name at every execution, which costs a
/// step more than SQLite's own work on it does; the rest of the store uses it all the same.
/// </summary>
internal sealed class SqliteStatement(SqliteConnection connection, string sql) : IDisposable
{
    private readonly sqlite3_stmt statement = Prepare(connection, sql);

    /// <summary>Runs it; how many rows changed.</summary>
    /// <param name="values">Numbers, texts and blobs.</param>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public int Run(params ReadOnlySpan<object> values)
    {
        Read(_ => 0, values);
        return raw.sqlite3_changes(connection.Handle!);
    }

    /// <summary>Runs it and reads each row, its columns by position.</summary>
    public List<T> Read<T>(Func<SqliteStatement, T> read, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Check(
                connection,
                values[i] switch
                {
                    byte[] blob => raw.sqlite3_bind_blob(statement, i + 1, blob),
                    string text => raw.sqlite3_bind_text(statement, i + 1, text),
                    var number => raw.sqlite3_bind_int64(statement, i + 1, (long)number),
                }
            );
        }
        var rows = new List<T>();
        int code;
        while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            rows.Add(read(this));
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE)
            Check(connection, code);
        return rows;
    }

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();

    private static sqlite3_stmt Prepare(SqliteConnection connection, string sql)
    {
        Check(connection, raw.sqlite3_prepare_v3(connection.Handle!, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return statement;
    }

    private static void Check(SqliteConnection connection, int code)
    {
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(connection.Handle!).utf8_to_string(), code);
    }
}

using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// One prepared statement, bound by position. Microsoft.Data.Sqlite looks up every parameter by its name at every execution, which costs a
/// step more than SQLite's own work on it does; the rest of a store uses it all the same. Not for two threads at once.
/// </summary>
public sealed class SqliteStatement(SqliteConnection connection, string sql) : IDisposable
{
    private readonly sqlite3_stmt statement = Prepare(connection, sql);

    /// <summary>Runs it; how many rows changed.</summary>
    /// <param name="values">Numbers, texts, blobs and nulls.</param>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public int Run(params ReadOnlySpan<object?> values)
    {
        Read(_ => 0, values);
        return raw.sqlite3_changes(connection.Handle!);
    }

    /// <summary>Runs it and reads each row, its columns by position.</summary>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public List<T> Read<T>(Func<SqliteStatement, T> read, params ReadOnlySpan<object?> values)
    {
        ArgumentNullException.ThrowIfNull(read);
        for (var i = 0; i < values.Length; i++)
            Check(connection, Bind(i + 1, values[i]));
        var rows = new List<T>();
        int code;
        try
        {
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
                rows.Add(read(this));
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
        if (code != raw.SQLITE_DONE)
            Check(connection, code);
        return rows;
    }

    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();

    private int Bind(int position, object? value) =>
        value switch
        {
            null => raw.sqlite3_bind_null(statement, position),
            byte[] blob => raw.sqlite3_bind_blob(statement, position, blob),
            string text => raw.sqlite3_bind_text(statement, position, text),
            int number => raw.sqlite3_bind_int64(statement, position, number),
            _ => raw.sqlite3_bind_int64(statement, position, (long)value),
        };

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

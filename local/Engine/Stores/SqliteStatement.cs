using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// One prepared statement, bound by position. Microsoft.Data.Sqlite looks up every parameter by its name at every execution, which costs a step more
/// than SQLite's own work on it does; the rest of the store uses it all the same.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private int bound;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        database = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
    }

    public SqliteStatement Bind(long value)
    {
        Check(raw.sqlite3_bind_int64(statement, ++bound, value));
        return this;
    }

    public SqliteStatement Bind(string value)
    {
        Check(raw.sqlite3_bind_text(statement, ++bound, value));
        return this;
    }

    public SqliteStatement Bind(ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(statement, ++bound, value));
        return this;
    }

    /// <summary>Runs it; how many rows changed.</summary>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public int Run()
    {
        Read(_ => 0);
        return raw.sqlite3_changes(database);
    }

    /// <summary>Runs it and reads each row, its columns by position.</summary>
    public List<T> Read<T>(Func<SqliteStatement, T> read)
    {
        bound = 0;
        var rows = new List<T>();
        int code;
        while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW) rows.Add(read(this));
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE) Check(code);
        return rows;
    }

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw new SqliteException(raw.sqlite3_errmsg(database).utf8_to_string(), code);
    }
}

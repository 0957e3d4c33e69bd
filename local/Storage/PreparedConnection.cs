using IRFunctions.Local.Engine.Stores;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Storage;

/// <summary>
/// A connection that prepares each statement once: parsing a statement costs more than running it. Not for two threads at once.
/// </summary>
public sealed class PreparedConnection : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> statements = new(StringComparer.Ordinal);

    internal PreparedConnection(string connectionString, string settings)
    {
        Connection = new SqliteConnection(connectionString);
        Connection.Open();
        using var command = Connection.CreateCommand();
#pragma warning disable CA2100 // Constants of the stores.
        command.CommandText = settings;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>For what is done seldom, by any means.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>Runs a statement, one of few; how many rows changed.</summary>
    /// <param name="sql">With ?1, ?2 and so on where the values go.</param>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public int Run(string sql, params ReadOnlySpan<object?> values) => Of(sql).Run(values);

    /// <summary>Runs a query, one of few, and reads each row.</summary>
    /// <inheritdoc cref="Run"/>
    public List<T> Read<T>(string sql, Func<SqliteStatement, T> read, params ReadOnlySpan<object?> values) => Of(sql).Read(read, values);

    public void Dispose()
    {
        foreach (var statement in statements.Values)
            statement.Dispose();
        Connection.Dispose();
    }

    private SqliteStatement Of(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
            statements.Add(sql, statement = new SqliteStatement(Connection, sql));
        return statement;
    }
}

using System.Globalization;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>Reads rows of the durable store.</summary>
internal static class SqliteRows
{
    public const string SelectInstance = "SELECT id, entity, name, status, created, updated, execution, rest FROM instances";

    /// <param name="parameters">Named @p0, @p1 and so on.</param>
    public static SqliteCommand Prepare(SqliteConnection connection, string sql, int parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Only constants of the store come here.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < parameters; i++) command.Parameters.AddWithValue($"@p{i}", DBNull.Value);
        command.Prepare();
        return command;
    }

    public static InstanceRecord Instance(SqliteDataReader row) => new InstanceRecord
    {
        Id = row.GetString(0),
        IsEntity = row.GetInt64(1) != 0,
        Name = row.GetString(2),
        Status = (InstanceStatus)row.GetInt64(3),
        CreatedAt = row.GetInt64(4),
        UpdatedAt = row.GetInt64(5),
        Execution = row.GetInt64(6),
    }.WithRest((byte[])row.GetValue(7));

    public static List<DurableMessage> Messages(SqliteConnection connection) => All(
        connection,
        "SELECT number, target, event, execution, due, source, source_execution FROM messages ORDER BY number",
        r => new DurableMessage
        {
            Number = r.GetInt64(0),
            Target = r.GetString(1),
            Event = (byte[])r.GetValue(2),
            Execution = r.GetInt64(3),
            Due = r.GetInt64(4),
            Source = r.IsDBNull(5) ? null : r.GetString(5),
            SourceExecution = r.GetInt64(6),
        });

    public static List<ActivityTask> Tasks(SqliteConnection connection) => All(
        connection,
        "SELECT number, id, execution, task, name, input FROM tasks ORDER BY number",
        r => new ActivityTask(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.GetInt32(3), r.GetString(4), r.IsDBNull(5) ? null : (byte[])r.GetValue(5)));

    public static long HighestExecution(SqliteConnection connection) =>
        All(connection, "SELECT COALESCE(MAX(execution), 0) FROM instances", r => r.GetInt64(0))[0];

    public static List<InstanceRecord> Query(SqliteConnection connection, InstanceFilter f)
    {
        using var command = connection.CreateCommand();
        var sql = SelectInstance + " WHERE entity = @entity AND created BETWEEN @createdFrom AND @createdTo AND updated BETWEEN @updatedFrom AND @updatedTo";
        if (f.After is not null) sql += " AND id > @after";
        if (f.Prefix is not null) sql += " AND id >= @prefix AND substr(id, 1, length(@prefix)) = @prefix";
        if (f.Statuses is { } statuses) sql += $" AND status IN ({string.Join(',', statuses.Select(s => ((int)s).ToString(CultureInfo.InvariantCulture)))})";
#pragma warning disable CA2100 // Values are parameters; the statuses are numbers of an enum.
        command.CommandText = sql + " ORDER BY id LIMIT @limit";
#pragma warning restore CA2100
        command.Parameters.AddWithValue("@entity", f.Entities ? 1L : 0L);
        command.Parameters.AddWithValue("@createdFrom", f.CreatedFrom);
        command.Parameters.AddWithValue("@createdTo", f.CreatedTo);
        command.Parameters.AddWithValue("@updatedFrom", f.UpdatedFrom);
        command.Parameters.AddWithValue("@updatedTo", f.UpdatedTo);
        command.Parameters.AddWithValue("@limit", (long)f.Limit);
        if (f.After is not null) command.Parameters.AddWithValue("@after", f.After);
        if (f.Prefix is not null) command.Parameters.AddWithValue("@prefix", f.Prefix);
        using var rows = command.ExecuteReader();
        var found = new List<InstanceRecord>();
        while (rows.Read()) found.Add(Instance(rows));
        return found;
    }

    private static List<T> All<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read)
    {
        using var command = Prepare(connection, sql, 0);
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read()) all.Add(read(rows));
        return all;
    }
}

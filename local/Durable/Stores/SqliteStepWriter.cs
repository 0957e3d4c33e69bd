using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>The prepared statements of a commit, on the one connection that writes.</summary>
internal sealed class SqliteStepWriter : IDisposable
{
    private readonly SqliteCommand execution;
    private readonly SqliteCommand putInstance;
    private readonly SqliteCommand dropInstance;
    private readonly SqliteCommand addHistory;
    private readonly SqliteCommand dropHistory;
    private readonly SqliteCommand addMessage;
    private readonly SqliteCommand dropMessage;
    private readonly SqliteCommand addTask;
    private readonly SqliteCommand dropTask;

    public SqliteStepWriter(SqliteConnection connection)
    {
        execution = SqliteRows.Prepare(connection, "SELECT execution FROM instances WHERE id = @p0", 1);
        putInstance = SqliteRows.Prepare(
            connection,
            """
            INSERT INTO instances(id, entity, name, status, created, updated, execution, rest) VALUES(@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7)
            ON CONFLICT(id) DO UPDATE SET entity = @p1, name = @p2, status = @p3, created = @p4, updated = @p5, execution = @p6, rest = @p7
            """,
            8);
        dropInstance = SqliteRows.Prepare(connection, "DELETE FROM instances WHERE id = @p0", 1);
        // Not by the record's count: the step after the last stored one, whatever that is.
        addHistory = SqliteRows.Prepare(
            connection, "INSERT INTO history(id, step, events) VALUES(@p0, 1 + COALESCE((SELECT MAX(step) FROM history WHERE id = @p0), 0), @p1)", 2);
        dropHistory = SqliteRows.Prepare(connection, "DELETE FROM history WHERE id = @p0", 1);
        addMessage = SqliteRows.Prepare(
            connection, "INSERT INTO messages(number, target, event, execution, due, source, source_execution) VALUES(@p0, @p1, @p2, @p3, @p4, @p5, @p6)", 7);
        dropMessage = SqliteRows.Prepare(connection, "DELETE FROM messages WHERE number = @p0", 1);
        addTask = SqliteRows.Prepare(connection, "INSERT INTO tasks(number, id, execution, task, name, input) VALUES(@p0, @p1, @p2, @p3, @p4, @p5)", 6);
        dropTask = SqliteRows.Prepare(connection, "DELETE FROM tasks WHERE number = @p0", 1);
    }

    /// <summary>False, and nothing done, where the condition of the commit does not hold.</summary>
    public bool Apply(StepCommit c)
    {
        if (c.ExpectedExecution is { } expected)
        {
            execution.Parameters[0].Value = c.InstanceId;
            if (expected != ((long?)execution.ExecuteScalar() ?? 0)) return false;
        }

        if (c.Delete) Run(dropInstance, c.InstanceId);
        if (c.Delete || c.ClearHistory) Run(dropHistory, c.InstanceId);
        if (c.Record is { } r)
            Run(putInstance, r.Id, r.IsEntity ? 1L : 0L, r.Name, (long)r.Status, r.CreatedAt, r.UpdatedAt, r.Execution, r.EncodeRest());
        if (c.AppendedHistory is { Length: > 0 } events) Run(addHistory, c.InstanceId, events);
        foreach (var number in c.ConsumedMessages) Run(dropMessage, number);
        foreach (var number in c.ConsumedTasks) Run(dropTask, number);
        foreach (var m in c.NewMessages) Run(addMessage, m.Number, m.Target, m.Event, m.Execution, m.Due, m.Source, m.SourceExecution);
        foreach (var t in c.NewTasks) Run(addTask, t.Number, t.InstanceId, t.Execution, (long)t.TaskId, t.Name, t.Input);
        return true;
    }

    public void Dispose()
    {
        foreach (var command in new[] { execution, putInstance, dropInstance, addHistory, dropHistory, addMessage, dropMessage, addTask, dropTask })
            command.Dispose();
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }
}

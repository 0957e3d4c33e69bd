using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>The prepared statements of a commit, on the one connection that writes.</summary>
internal sealed class SqliteStepWriter : IDisposable
{
    private readonly SqliteStatement begin, commit, rollback, insert, update, updateAny, delete, deleteHistory, addHistory, addMessage, dropMessage;

    public SqliteStepWriter(SqliteConnection connection)
    {
        SqliteStatement Prepare(string sql) => new(connection, sql);
        const string Set = "UPDATE instances SET name = ?1, version = ?2, status = ?3, created = ?4, updated = ?5, execution = ?6, steps = ?7, flags = ?8, " +
            "output = ?9, custom = ?10, failure = ?11, tags = ?12, parent = ?13, locked = ?14 WHERE id = ?15";
        (begin, commit, rollback) = (Prepare("BEGIN IMMEDIATE"), Prepare("COMMIT"), Prepare("ROLLBACK"));
        insert = Prepare($"INSERT INTO instances({SqliteRows.InstanceColumns}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING");
        update = Prepare(Set + " AND execution = ?16");
        updateAny = Prepare(Set);
        delete = Prepare("DELETE FROM instances WHERE id = ?1 AND execution = ?2");
        deleteHistory = Prepare("DELETE FROM history WHERE execution = ?1");
        addHistory = Prepare("INSERT INTO history(execution, step, events) VALUES(?1, ?2, ?3)");
        addMessage = Prepare("INSERT INTO messages(number, target, execution, due, event) VALUES(?1, ?2, ?3, ?4, ?5)");
        dropMessage = Prepare("DELETE FROM messages WHERE number = ?1");
    }

    public void Begin() => begin.Run();

    public void Commit() => commit.Run();

    public void Rollback() => rollback.Run();

    /// <summary>False, and nothing done, where the condition of the commit does not hold.</summary>
    /// <param name="events">The new messages' events, encoded.</param>
    public bool Apply(StepCommit c, byte[][] events)
    {
        if (!ApplyToInstance(c)) return false;
        if (c.ClearHistoryOf != 0) deleteHistory.Bind(c.ClearHistoryOf).Run();
        if (c is { History: { } chunk, Record: { } record }) addHistory.Bind(record.Execution).Bind(record.Steps).Bind(chunk).Run();
        foreach (var number in c.Consumed) dropMessage.Bind(number).Run();
        for (var i = 0; i < events.Length; i++)
        {
            var m = c.New[i];
            addMessage.Bind(m.Number).Bind(m.Target).Bind(m.Execution).Bind(m.Due).Bind(events[i]).Run();
        }
        return true;
    }

    public void Dispose()
    {
        foreach (var s in new[] { begin, commit, rollback, insert, update, updateAny, delete, deleteHistory, addHistory, addMessage, dropMessage }) s.Dispose();
    }

    private bool ApplyToInstance(StepCommit c)
    {
        if (c.Delete)
        {
            if (delete.Bind(c.InstanceId).Bind(c.ExpectedExecution ?? 0).Run() == 0) return false;
            deleteHistory.Bind(c.ExpectedExecution ?? 0).Run();
            return true;
        }
        if (c.Record is not { } r) return true;
        return c.ExpectedExecution switch
        {
            null => SqliteRows.BindInstance(updateAny, r).Run() > 0,
            0 => SqliteRows.BindInstance(insert, r).Bind(r.IsEntity ? 1 : 0).Run() > 0,
            { } expected => SqliteRows.BindInstance(update, r).Bind(expected).Run() > 0,
        };
    }
}

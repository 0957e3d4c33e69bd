using IRFunctions.Local.Storage;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Broker;

/// <summary>
/// Queues in one SQLite file. Writes share transactions (<see cref="SqliteFile"/>), so that many senders pay for one commit.
/// AUTOINCREMENT keeps a sequence number from ever being given twice, even after its message is gone: lock tokens and given ids are derived
/// from it.
/// </summary>
public sealed class SqliteQueueStorage : IQueueStorage
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS broker_messages (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, state INTEGER NOT NULL, delivery_count INTEGER NOT NULL,
          uncounted INTEGER NOT NULL, enqueued INTEGER NOT NULL, content BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS broker_messages_by_queue ON broker_messages (queue, sequence);
        CREATE TABLE IF NOT EXISTS broker_seen_ids (
          queue TEXT NOT NULL, message_id TEXT NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (queue, message_id)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS broker_seen_ids_by_time ON broker_seen_ids (queue, seen);
        CREATE TABLE IF NOT EXISTS broker_sessions (
          queue TEXT NOT NULL, session TEXT NOT NULL, updated INTEGER NOT NULL, state BLOB NOT NULL,
          PRIMARY KEY (queue, session)) WITHOUT ROWID;
        """;

    private readonly SqliteFile file;
    private Statements? statements;
    private long sequence;

    /// <param name="path">File to open or create.</param>
    public SqliteQueueStorage(string path)
    {
        file = new SqliteFile(path, Schema);
        using var connection = file.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT seq FROM sqlite_sequence WHERE name = 'broker_messages'";
        sequence = command.ExecuteScalar() is long last ? last : 0;
    }

    public long NextSequenceNumber() => Interlocked.Increment(ref sequence);

    public IReadOnlyList<StoredMessage> Load(string queue)
    {
        using var connection = file.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT sequence, state, delivery_count, uncounted, enqueued, content FROM broker_messages"
            + " WHERE queue = $queue ORDER BY sequence";
        command.Parameters.AddWithValue("$queue", queue);
        using var rows = command.ExecuteReader();
        var messages = new List<StoredMessage>();
        while (rows.Read())
        {
            var content = MessageContent.Read(rows.GetFieldValue<byte[]>(5));
            messages.Add(
                new StoredMessage(
                    rows.GetInt64(0),
                    queue,
                    content,
                    FromTicks(rows.GetInt64(4)),
                    rows.GetInt32(2),
                    (StoredState)rows.GetInt32(1),
                    rows.GetInt32(3)
                )
            );
        }
        return messages;
    }

    public IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since)
    {
        using var connection = file.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT message_id, seen FROM broker_seen_ids WHERE queue = $queue AND seen > $since ORDER BY seen";
        command.Parameters.AddWithValue("$queue", queue);
        command.Parameters.AddWithValue("$since", since.UtcTicks);
        using var rows = command.ExecuteReader();
        var ids = new List<(string, DateTimeOffset)>();
        while (rows.Read())
            ids.Add((rows.GetString(0), FromTicks(rows.GetInt64(1))));
        return ids;
    }

    public IReadOnlyList<StoredSession> LoadSessions(string queue)
    {
        using var connection = file.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT session, updated, state FROM broker_sessions WHERE queue = $queue";
        command.Parameters.AddWithValue("$queue", queue);
        using var rows = command.ExecuteReader();
        var sessions = new List<StoredSession>();
        while (rows.Read())
            sessions.Add(new StoredSession(rows.GetString(0), rows.GetFieldValue<byte[]>(2), FromTicks(rows.GetInt64(1))));
        return sessions;
    }

    public Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore) =>
        file.WriteAsync(connection =>
        {
            var on = On(connection);
            foreach (var message in messages)
                on.Add(message);
            if (seenIds.Count == 0)
                return;
            on.Forget.Run(messages[0].Queue, forgetBefore.UtcTicks);
            foreach (var id in seenIds)
                on.Remember.Run(messages[0].Queue, id, messages[0].EnqueuedTime.UtcTicks);
        });

    public Task UpdateAsync(IReadOnlyList<StoredMessage> messages, bool contentToo) =>
        file.WriteAsync(connection =>
        {
            var on = On(connection);
            foreach (var m in messages)
            {
                on.Update.Run(m.SequenceNumber, (int)m.State, m.DeliveryCount, m.Uncounted);
                if (contentToo)
                    on.Rewrite.Run(m.SequenceNumber, m.Content.Bytes.ToArray());
            }
        });

    public Task RemoveAsync(IReadOnlyList<StoredMessage> messages) =>
        file.WriteAsync(connection =>
        {
            foreach (var message in messages)
                On(connection).Delete.Run(message.SequenceNumber);
        });

    public Task ReplaceAsync(StoredMessage removed, StoredMessage added) =>
        file.WriteAsync(connection =>
        {
            On(connection).Delete.Run(removed.SequenceNumber);
            On(connection).Add(added);
        });

    public Task SetSessionAsync(string queue, string sessionId, StoredSession? session) =>
        file.WriteAsync(connection =>
        {
            if (session is null)
                On(connection).EndSession.Run(queue, sessionId);
            else
                On(connection).SetSession.Run(queue, sessionId, session.Updated.UtcTicks, session.State.ToArray());
        });

    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        statements?.Dispose();
    }

    private static DateTimeOffset FromTicks(long ticks) => new(ticks, TimeSpan.Zero);

    /// <summary>Only the file's one writer calls this, always with the same connection.</summary>
    private Statements On(SqliteConnection connection) => statements ??= new Statements(connection);

    /// <summary>Prepared once: preparing costs more than running.</summary>
    private sealed class Statements(SqliteConnection connection) : IDisposable
    {
        private readonly Statement insert = new(
            connection,
            "INSERT INTO broker_messages (sequence, queue, state, delivery_count, uncounted, enqueued, content)"
                + " VALUES ($0, $1, $2, $3, $4, $5, $6)",
            7
        );

        public Statement Update { get; } =
            new(connection, "UPDATE broker_messages SET state = $1, delivery_count = $2, uncounted = $3 WHERE sequence = $0", 4);
        public Statement Rewrite { get; } = new(connection, "UPDATE broker_messages SET content = $1 WHERE sequence = $0", 2);
        public Statement Delete { get; } = new(connection, "DELETE FROM broker_messages WHERE sequence = $0", 1);
        public Statement Remember { get; } =
            new(connection, "INSERT OR REPLACE INTO broker_seen_ids (queue, message_id, seen) VALUES ($0, $1, $2)", 3);
        public Statement Forget { get; } = new(connection, "DELETE FROM broker_seen_ids WHERE queue = $0 AND seen <= $1", 2);
        public Statement SetSession { get; } =
            new(connection, "INSERT OR REPLACE INTO broker_sessions (queue, session, updated, state) VALUES ($0, $1, $2, $3)", 4);
        public Statement EndSession { get; } = new(connection, "DELETE FROM broker_sessions WHERE queue = $0 AND session = $1", 2);

        public void Add(StoredMessage m) =>
            insert.Run(
                m.SequenceNumber,
                m.Queue,
                (int)m.State,
                m.DeliveryCount,
                m.Uncounted,
                m.EnqueuedTime.UtcTicks,
                m.Content.Bytes.ToArray()
            );

        public void Dispose()
        {
            Statement[] all = [insert, Update, Rewrite, Delete, Remember, Forget, SetSession, EndSession];
            foreach (var statement in all)
                statement.Dispose();
        }
    }

    private sealed class Statement : IDisposable
    {
        private readonly SqliteCommand command;

        public Statement(SqliteConnection connection, string sql, int parameters)
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // Only the constants above.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var i = 0; i < parameters; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        public void Run(params ReadOnlySpan<object> values)
        {
            for (var i = 0; i < values.Length; i++)
                command.Parameters[i].Value = values[i];
            command.ExecuteNonQuery();
        }

        public void Dispose() => command.Dispose();
    }
}

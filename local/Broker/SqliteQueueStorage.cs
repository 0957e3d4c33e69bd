using IRFunctions.Local.Storage;

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
    private long sequence;

    /// <param name="path">File to open or create.</param>
    public SqliteQueueStorage(string path)
    {
        file = new SqliteFile(path, Schema);
        sequence = file.Read(on =>
            on.Read("SELECT seq FROM sqlite_sequence WHERE name = 'broker_messages'", row => row.Number(0)).FirstOrDefault()
        );
    }

    public long NextSequenceNumber() => Interlocked.Increment(ref sequence);

    public IReadOnlyList<StoredMessage> Load(string queue) =>
        file.Read(on =>
            on.Read(
                "SELECT sequence, state, delivery_count, uncounted, enqueued, content FROM broker_messages "
                    + "WHERE queue = ?1 ORDER BY sequence",
                row => new StoredMessage(
                    row.Number(0),
                    queue,
                    MessageContent.Read(row.Blob(5).ToArray()),
                    FromTicks(row.Number(4)),
                    (int)row.Number(2),
                    (StoredState)row.Number(1),
                    (int)row.Number(3)
                ),
                queue
            )
        );

    public IReadOnlyList<(string MessageId, DateTimeOffset Seen)> LoadSeenIds(string queue, DateTimeOffset since) =>
        file.Read(on =>
            on.Read(
                "SELECT message_id, seen FROM broker_seen_ids WHERE queue = ?1 AND seen > ?2 ORDER BY seen",
                row => (row.Text(0), FromTicks(row.Number(1))),
                queue,
                since.UtcTicks
            )
        );

    public IReadOnlyList<StoredSession> LoadSessions(string queue) =>
        file.Read(on =>
            on.Read(
                "SELECT session, updated, state FROM broker_sessions WHERE queue = ?1",
                row => new StoredSession(row.Text(0), row.Blob(2).ToArray(), FromTicks(row.Number(1))),
                queue
            )
        );

    public Task AddAsync(IReadOnlyList<StoredMessage> messages, IReadOnlyList<string> seenIds, DateTimeOffset forgetBefore) =>
        file.WriteAsync(on =>
        {
            foreach (var message in messages)
                Add(on, message);
            if (seenIds.Count == 0)
                return;
            var (queue, seen) = (messages[0].Queue, messages[0].EnqueuedTime.UtcTicks);
            on.Run("DELETE FROM broker_seen_ids WHERE queue = ?1 AND seen <= ?2", queue, forgetBefore.UtcTicks);
            foreach (var id in seenIds)
                on.Run("INSERT OR REPLACE INTO broker_seen_ids (queue, message_id, seen) VALUES (?1, ?2, ?3)", queue, id, seen);
        });

    public Task UpdateAsync(IReadOnlyList<StoredMessage> messages, bool contentToo) =>
        file.WriteAsync(on =>
        {
            foreach (var m in messages)
            {
                on.Run(
                    "UPDATE broker_messages SET state = ?2, delivery_count = ?3, uncounted = ?4 WHERE sequence = ?1",
                    m.SequenceNumber,
                    (int)m.State,
                    m.DeliveryCount,
                    m.Uncounted
                );
                if (contentToo)
                    on.Run("UPDATE broker_messages SET content = ?2 WHERE sequence = ?1", m.SequenceNumber, m.Content.Bytes.ToArray());
            }
        });

    public Task RemoveAsync(IReadOnlyList<StoredMessage> messages) =>
        file.WriteAsync(on =>
        {
            foreach (var message in messages)
                Remove(on, message);
        });

    public Task ReplaceAsync(StoredMessage removed, StoredMessage added) =>
        file.WriteAsync(on =>
        {
            Remove(on, removed);
            Add(on, added);
        });

    public Task SetSessionAsync(string queue, string sessionId, StoredSession? session) =>
        file.WriteAsync(on =>
        {
            if (session is null)
                on.Run("DELETE FROM broker_sessions WHERE queue = ?1 AND session = ?2", queue, sessionId);
            else
                on.Run(
                    "INSERT OR REPLACE INTO broker_sessions (queue, session, updated, state) VALUES (?1, ?2, ?3, ?4)",
                    queue,
                    sessionId,
                    session.Updated.UtcTicks,
                    session.State.ToArray()
                );
        });

    /// <summary>What it writes to; for tests that fill the disk.</summary>
    internal SqliteFile File => file;

    /// <inheritdoc cref="SqliteFile.TroubleAsync"/>
    public Task<string?> TroubleAsync() => file.TroubleAsync();

    public ValueTask DisposeAsync() => file.DisposeAsync();

    private static DateTimeOffset FromTicks(long ticks) => new(ticks, TimeSpan.Zero);

    private static void Add(PreparedConnection on, StoredMessage m) =>
        on.Run(
            "INSERT INTO broker_messages (sequence, queue, state, delivery_count, uncounted, enqueued, content)"
                + " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            m.SequenceNumber,
            m.Queue,
            (int)m.State,
            m.DeliveryCount,
            m.Uncounted,
            m.EnqueuedTime.UtcTicks,
            m.Content.Bytes.ToArray()
        );

    private static void Remove(PreparedConnection on, StoredMessage m) =>
        on.Run("DELETE FROM broker_messages WHERE sequence = ?1", m.SequenceNumber);
}

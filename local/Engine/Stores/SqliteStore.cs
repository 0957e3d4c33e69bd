using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// Keeps everything in one SQLite file. Commits that arrive while one is being written share the next transaction; each still stands or
/// falls by itself on its own condition, and is acknowledged when the transaction is in the file. WAL with synchronous=NORMAL: what was
/// acknowledged survives `kill -9`; a power cut may lose the last transactions, which a local runtime accepts (docs/decisions/0002). Keys
/// are numbers that grow with time, so that what is written lately lies together.
/// </summary>
public sealed class SqliteStore : IDurableStore
{
    // The version before the tables: a kill in between must not make the file look foreign.
    private const string Prelude = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY;
        PRAGMA wal_autocheckpoint=16000;
        PRAGMA user_version=1;
        CREATE TABLE IF NOT EXISTS instances(
            execution INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status INTEGER NOT NULL, created INTEGER NOT NULL,
            updated INTEGER NOT NULL, record BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS history(execution INTEGER NOT NULL, step INTEGER NOT NULL, events BLOB NOT NULL, PRIMARY KEY(execution,
        step)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS messages(number INTEGER PRIMARY KEY, message BLOB NOT NULL);
        """;

    /// <summary>Records kept in memory; some 300 bytes each.</summary>
    private const int MostRecent = 10_000;

    private readonly Lock gate = new(),
        reading = new();

    /// <summary>
    /// The records written last, as they are in the file; null: removed. Nearly every read is of one of these or of an instance that never
    /// was (<see cref="known"/>), and a connection that reads begins with an empty cache after each commit of the one that writes.
    /// </summary>
    private readonly ConcurrentDictionary<string, InstanceRecord?> recent = new(StringComparer.Ordinal);

    /// <summary>A bit for each id in the file, by its hash: where it is not set there is no such instance. 1 MiB.</summary>
    private readonly int[] known = new int[1 << 18];
    private readonly SqliteConnection writes,
        reads;
    private readonly SqliteStatement begin,
        commit,
        rollback,
        insert,
        update,
        delete,
        deleteHistory,
        addHistory,
        addMessage,
        dropMessage,
        readInstance,
        readHistory;
    private List<Pending> waiting = [];
    private Task? writer;

    /// <param name="path">File to open or create.</param>
    /// <exception cref="IOException">The file holds instances in a form that this version does not read.</exception>
    public SqliteStore(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        (writes, reads) = (Open(path, cacheKiB: 8_192), Open(path, cacheKiB: 1_024));
        SqliteStatement Write(string sql) => new(writes, sql);
        (begin, commit, rollback) = (Write("BEGIN IMMEDIATE"), Write("COMMIT"), Write("ROLLBACK"));
        insert = Write(
            "INSERT INTO instances(id, status, created, updated, record, execution) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        );
        update = Write("UPDATE instances SET id = ?, status = ?, created = ?, updated = ?, record = ? WHERE execution = ?");
        (delete, deleteHistory) = (Write("DELETE FROM instances WHERE execution = ?"), Write("DELETE FROM history WHERE execution = ?"));
        addHistory = Write("INSERT INTO history(execution, step, events) VALUES(?, ?, ?)");
        (addMessage, dropMessage) = (
            Write("INSERT INTO messages(number, message) VALUES(?, ?)"),
            Write("DELETE FROM messages WHERE number = ?")
        );
        readInstance = new(reads, "SELECT record FROM instances WHERE id = ?");
        readHistory = new(reads, "SELECT events FROM history WHERE execution = ? ORDER BY step");
        using var ids = new SqliteStatement(reads, "SELECT id FROM instances");
        ids.Read(row => MarkKnown(row.Text(0)));
    }

    /// <summary>When the newest change in a file of a store was made; null where there is no file or nothing in it.</summary>
    public static DateTimeOffset? NewestChange(string path)
    {
        if (!File.Exists(path))
            return null;
        using var connection = Open(path, cacheKiB: 1_024);
        using var newest = new SqliteStatement(connection, "SELECT COALESCE(MAX(updated), 0) FROM instances");
        return newest.Read(s => s.Number(0))[0] is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork()
    {
        lock (reading)
        {
            using var all = new SqliteStatement(reads, "SELECT message FROM messages ORDER BY number");
            using var highest = new SqliteStatement(reads, "SELECT COALESCE(MAX(execution), 0) FROM instances");
            var messages = all.Read(s => Json<Message>(s.Blob(0)));
            return (messages, Math.Max(highest.Read(s => s.Number(0))[0], messages.Count > 0 ? messages[^1].Number : 0));
        }
    }

    public InstanceRecord? Read(string instanceId)
    {
        if (recent.TryGetValue(instanceId, out var record))
            return record;
        if (!IsKnown(instanceId))
            return null;
        lock (reading)
            return readInstance.Read(s => Json<InstanceRecord>(s.Blob(0)), instanceId).FirstOrDefault();
    }

    public IReadOnlyList<byte[]> ReadHistory(long execution)
    {
        lock (reading)
            return readHistory.Read(s => s.Blob(0).ToArray(), execution);
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        if (commit.Record is { } changed)
            MarkKnown(changed.Id);
        // Encoded here, by many at once, and not by the one who writes.
        var pending = new Pending(
            commit,
            commit.Record is { } r ? Json(r) : null,
            commit.History is { } h ? HistoryJson.Encode(h) : null,
            [.. commit.New.Select(Json)]
        );
        lock (gate)
        {
            waiting.Add(pending);
            writer ??= Task.Run(WriteWaitingAsync);
        }
        return new ValueTask<bool>(pending.Task);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var statuses = filter.Statuses is { } s
            ? $" AND status IN ({string.Join(',', s.Select(x => ((int)x).ToString(CultureInfo.InvariantCulture)))})"
            : "";
        lock (reading)
        {
            using var query = new SqliteStatement(
                reads,
                "SELECT record FROM instances WHERE id > ?1 AND id >= ?2 AND substr(id, 1, length(?2)) = ?2 AND (substr(id, 1, 1) = "
                    + "'@') = ?3 "
                    + $"AND created BETWEEN ?4 AND ?5 AND updated BETWEEN ?6 AND ?7{statuses} ORDER BY id LIMIT ?8"
            );
            return query.Read(
                r => Json<InstanceRecord>(r.Blob(0)),
                filter.After ?? "",
                filter.Prefix ?? "",
                filter.Entities ? 1L : 0L,
                filter.CreatedFrom,
                filter.CreatedTo,
                filter.UpdatedFrom,
                filter.UpdatedTo,
                (long)filter.Limit
            );
        }
    }

    /// <summary>Waits for what is being written.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? last;
        lock (gate)
            last = writer;
        if (last is not null)
            await last;
        foreach (
            var s in new[]
            {
                begin,
                commit,
                rollback,
                insert,
                update,
                delete,
                deleteHistory,
                addHistory,
                addMessage,
                dropMessage,
                readInstance,
                readHistory,
            }
        )
            s.Dispose();
        await reads.DisposeAsync();
        await writes.DisposeAsync();
    }

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, HistoryJson.Stored);

    private static T Json<T>(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<T>(json, HistoryJson.Stored)!;

    private static SqliteConnection Open(string path, int cacheKiB)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT (SELECT user_version FROM pragma_user_version) <> 1 AND EXISTS(SELECT 1 FROM sqlite_master WHERE name = 'instances')";
        if ((long)command.ExecuteScalar()! == 1)
        {
            connection.Dispose();
            throw new IOException(
                $"{path} was written by another version of this program, which keeps its instances differently; they cannot be "
                    + "continued here. End them with that version, or begin anew: with --fresh, or in another folder."
            );
        }

        command.CommandText = $"PRAGMA cache_size=-{cacheKiB}; {Prelude}";
        command.ExecuteNonQuery();
        return connection;
    }

    private async Task WriteWaitingAsync()
    {
        while (true)
        {
            List<Pending> batch;
            lock (gate)
            {
                (batch, waiting) = (waiting, []);
                if (batch.Count == 0)
                {
                    writer = null;
                    return;
                }
            }
            Write(batch);
            // Behind what is ready by now: the busier the machine, the more share the next transaction.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    private void Write(List<Pending> batch)
    {
        try
        {
            begin.Run();
            foreach (var pending in batch)
                pending.Holds = Apply(pending);
            commit.Run();
        }
        catch (SqliteException e)
        {
            // Nothing of the batch is stored, and each who waits is told. SQLite may have rolled back by itself.
            try
            {
                if (SQLitePCL.raw.sqlite3_get_autocommit(writes.Handle!) == 0)
                    rollback.Run();
            }
            catch (SqliteException)
            {
                // The same trouble again; whoever waits must hear of it all the same.
            }
            foreach (var pending in batch)
                pending.SetException(e);
            return;
        }
        if (recent.Count > MostRecent)
            recent.Clear();
        foreach (var pending in batch)
        {
            if (pending.Holds)
                Remember(pending.Commit);
            pending.SetResult(pending.Holds);
        }
    }

    private void Remember(StepCommit c)
    {
        if (c.Record is { } record)
            recent[record.Id] = record;
        else if (c.Delete)
            recent[c.InstanceId] = null;
    }

    private bool MarkKnown(string id)
    {
        var hash = id.GetHashCode(StringComparison.Ordinal);
        Interlocked.Or(ref known[(uint)hash >> 14], 1 << (hash & 31));
        return true;
    }

    private bool IsKnown(string id)
    {
        var hash = id.GetHashCode(StringComparison.Ordinal);
        return (Volatile.Read(ref known[(uint)hash >> 14]) & (1 << (hash & 31))) != 0;
    }

    /// <summary>False, and nothing done, where the condition of the commit does not hold.</summary>
    private bool Apply(Pending p)
    {
        var c = p.Commit;
        if (!ApplyToInstance(c, p.Record))
            return false;
        if (c.ClearHistoryOf != 0)
            deleteHistory.Run(c.ClearHistoryOf);
        if (p.History is { } chunk)
            addHistory.Run(c.Record!.Execution, c.Record.Steps, chunk);
        foreach (var number in c.Consumed)
            dropMessage.Run(number);
        for (var i = 0; i < p.Messages.Length; i++)
            addMessage.Run(c.New[i].Number, p.Messages[i]);
        return true;
    }

    private bool ApplyToInstance(StepCommit c, byte[]? json)
    {
        if (c is { Record: null, Delete: false })
            return true;
        var expected =
            c.ExpectedExecution ?? throw new ArgumentException("What changes an instance says which it takes it for.", nameof(c));
        if (c.Record is { } r && r.Execution == expected)
            return Put(update, r, json!);
        // Another run, or none, takes the place of the one there.
        if (expected != 0 && delete.Run(expected) == 0)
            return false;
        if (c.Delete)
            deleteHistory.Run(expected);
        return c.Record is null || Put(insert, c.Record, json!);
    }

    private static bool Put(SqliteStatement s, InstanceRecord r, byte[] json) =>
        s.Run(r.Id, (long)r.Status, r.CreatedAt, r.UpdatedAt, json, r.Execution) > 0;

    private sealed class Pending(StepCommit commit, byte[]? record, byte[]? history, byte[][] messages)
        : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public StepCommit Commit => commit;

        public byte[]? Record => record;

        public byte[]? History => history;

        public byte[][] Messages => messages;

        public bool Holds { get; set; }
    }
}

using System.Globalization;
using IRFunctions.Local.Engine.Histories;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// Keeps everything in one SQLite file. Commits that arrive while one is being written share the next transaction; each still stands or falls by itself on
/// its own condition, and is acknowledged when the transaction is in the file. WAL with synchronous=NORMAL: what was acknowledged survives `kill -9`; a
/// power cut may lose the last transactions, which a local runtime accepts (docs/decisions/0003).
/// </summary>
public sealed class SqliteStore : IDurableStore
{
    private readonly Lock gate = new();
    private readonly Lock reading = new();
    private readonly SqliteConnection writes;
    private readonly SqliteConnection reads;
    private readonly SqliteStepWriter writer;
    private readonly SqliteStatement readInstance;
    private readonly SqliteStatement readHistory;
    private List<Pending> waiting = [];
    private bool writing;
    private TaskCompletionSource? quiet;

    static SqliteStore() => SQLitePCL.Batteries_V2.Init();

    /// <param name="path">File to open or create.</param>
    public SqliteStore(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        writes = Open(path);
        Execute(writes, SqliteRows.Schema);
        writer = new SqliteStepWriter(writes);
        reads = Open(path);
        readInstance = new SqliteStatement(reads, $"SELECT {SqliteRows.InstanceColumns} FROM instances WHERE id = ?1");
        readHistory = new SqliteStatement(reads, "SELECT events FROM history WHERE execution = ?1 ORDER BY step");
    }

    /// <summary>When the newest change in a file of a store was made; null where there is no file or nothing in it.</summary>
    public static DateTimeOffset? NewestChange(string path)
    {
        if (!File.Exists(path)) return null;
        using var connection = Open(path);
        Execute(connection, SqliteRows.Schema);
        using var newest = new SqliteStatement(connection, "SELECT COALESCE(MAX(updated), 0) FROM instances");
        return newest.Read(s => s.Long(0))[0] is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork()
    {
        lock (reading)
        {
            using var all = new SqliteStatement(reads, "SELECT number, target, execution, due, event FROM messages ORDER BY number");
            using var highest = new SqliteStatement(reads, "SELECT COALESCE(MAX(execution), 0) FROM instances");
            var messages = all.Read(SqliteRows.Message);
            return (messages, Math.Max(highest.Read(s => s.Long(0))[0], messages.Count > 0 ? messages[^1].Number : 0));
        }
    }

    public InstanceRecord? Read(string instanceId)
    {
        lock (reading) return readInstance.Bind(instanceId).Read(SqliteRows.Instance) is [var record] ? record : null;
    }

    public IReadOnlyList<byte[]> ReadHistory(long execution)
    {
        lock (reading) return readHistory.Bind(execution).Read(s => s.Blob(0));
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        // Encoded here, by many at once, and not by the one who writes.
        var pending = new Pending(commit, [.. commit.New.Select(m => HistoryJson.Encode(m.Event))]);
        lock (gate)
        {
            waiting.Add(pending);
            if (!writing)
            {
                writing = true;
                _ = Task.Run(WriteWaiting);
            }
        }
        return new ValueTask<bool>(pending.Task);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var statuses = filter.Statuses is { } s ? $" AND status IN ({string.Join(',', s.Select(x => ((int)x).ToString(CultureInfo.InvariantCulture)))})" : "";
        lock (reading)
        {
            using var query = new SqliteStatement(reads,
                $"SELECT {SqliteRows.InstanceColumns} FROM instances WHERE id > ?1 AND substr(id, 1, length(?2)) = ?2 AND entity = ?3 " +
                $"AND created BETWEEN ?4 AND ?5 AND updated BETWEEN ?6 AND ?7{statuses} AND id >= ?2 ORDER BY id LIMIT ?8");
            return query.Bind(filter.After ?? "").Bind(filter.Prefix ?? "").Bind(filter.Entities ? 1 : 0).Bind(filter.CreatedFrom).Bind(filter.CreatedTo)
                .Bind(filter.UpdatedFrom).Bind(filter.UpdatedTo).Bind(filter.Limit).Read(SqliteRows.Instance);
        }
    }

    /// <summary>Waits for what is being written.</summary>
    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (gate) last = writing ? (quiet ??= new()).Task : Task.CompletedTask;
        await last;
        writer.Dispose();
        readInstance.Dispose();
        readHistory.Dispose();
        await reads.DisposeAsync();
        await writes.DisposeAsync();
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Only constants of this store.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private void WriteWaiting()
    {
        var batch = new List<Pending>();
        while (true)
        {
            lock (gate)
            {
                if (waiting.Count == 0)
                {
                    writing = false;
                    quiet?.SetResult();
                    return;
                }
                (batch, waiting) = (waiting, batch);
            }
            Write(batch);
            batch.Clear();
        }
    }

    private void Write(List<Pending> batch)
    {
        try
        {
            writer.Begin();
            foreach (var pending in batch) pending.Holds = writer.Apply(pending.Commit, pending.Events);
            writer.Commit();
        }
#pragma warning disable CA1031 // Each who waits is told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            try
            {
                writer.Rollback();
            }
            catch (SqliteException)
            {
                // SQLite has rolled back by itself.
            }
            foreach (var pending in batch) pending.SetException(e);
            return;
        }
        foreach (var pending in batch) pending.SetResult(pending.Holds);
    }

    private sealed class Pending(StepCommit commit, byte[][] events) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public StepCommit Commit => commit;

        public byte[][] Events => events;

        public bool Holds { get; set; }
    }
}

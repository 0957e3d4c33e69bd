using IRFunctions.Local.Storage;
using Microsoft.Data.Sqlite;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>
/// Keeps everything in one SQLite file. Commits that arrive while one is being written share the next write, so that a busy engine pays for few
/// transactions; each still stands or falls by itself on its own condition.
/// </summary>
public sealed class SqliteDurableStore : IDurableStore
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS instances(
            id TEXT PRIMARY KEY, entity INTEGER NOT NULL, name TEXT NOT NULL, status INTEGER NOT NULL, created INTEGER NOT NULL,
            updated INTEGER NOT NULL, execution INTEGER NOT NULL, rest BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS history(id TEXT NOT NULL, step INTEGER NOT NULL, events BLOB NOT NULL, PRIMARY KEY(id, step)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS messages(
            number INTEGER PRIMARY KEY, target TEXT NOT NULL, event BLOB NOT NULL, execution INTEGER NOT NULL, due INTEGER NOT NULL,
            source TEXT, source_execution INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS tasks(
            number INTEGER PRIMARY KEY, id TEXT NOT NULL, execution INTEGER NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL, input BLOB);
        """;

    private readonly SqliteFile file;
    private readonly bool ownsFile;
    private readonly Lock gate = new();
    private readonly SqliteConnection reads;
    private readonly SqliteCommand readInstance;
    private readonly SqliteCommand readHistory;
    private SqliteStepWriter? writer;
    private List<(StepCommit Commit, TaskCompletionSource<bool> Done)> waiting = [];
    private bool writing;

    /// <param name="path">File to open or create.</param>
    public SqliteDurableStore(string path) : this(new SqliteFile(path, Schema), true)
    {
    }

    private SqliteDurableStore(SqliteFile file, bool ownsFile)
    {
        this.file = file;
        this.ownsFile = ownsFile;
        reads = file.OpenConnection();
        readInstance = SqliteRows.Prepare(reads, SqliteRows.SelectInstance + " WHERE id = @p0", 1);
        readHistory = SqliteRows.Prepare(reads, "SELECT events FROM history WHERE id = @p0 ORDER BY step", 1);
    }

    /// <summary>When the newest change in a file of a store was made; null where there is no file or nothing in it.</summary>
    public static async Task<DateTimeOffset?> NewestChangeAsync(string path)
    {
        if (!File.Exists(path)) return null;
        await using var file = new SqliteFile(path, Schema);
        using var connection = file.OpenConnection();
        using var newest = SqliteRows.Prepare(connection, "SELECT MAX(updated) FROM instances", 0);
        return newest.ExecuteScalar() is long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    public StoredWork LoadWork()
    {
        lock (gate)
        {
            var messages = SqliteRows.Messages(reads);
            var tasks = SqliteRows.Tasks(reads);
            var highest = Math.Max(SqliteRows.HighestExecution(reads), Math.Max(messages.LastOrDefault()?.Number ?? 0, tasks.LastOrDefault()?.Number ?? 0));
            return new StoredWork(messages, tasks, highest);
        }
    }

    public InstanceRecord? Read(string instanceId)
    {
        lock (gate)
        {
            readInstance.Parameters[0].Value = instanceId;
            using var rows = readInstance.ExecuteReader();
            return rows.Read() ? SqliteRows.Instance(rows) : null;
        }
    }

    public void ReadHistory(string instanceId, ICollection<ReadOnlyMemory<byte>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        lock (gate)
        {
            readHistory.Parameters[0].Value = instanceId;
            using var rows = readHistory.ExecuteReader();
            while (rows.Read()) chunks.Add((byte[])rows.GetValue(0));
        }
    }

    public ValueTask<bool> CommitAsync(StepCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add((commit, done));
            if (!writing)
            {
                writing = true;
                _ = WriteWaitingAsync();
            }
        }

        return new ValueTask<bool>(done.Task);
    }

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        lock (gate) return SqliteRows.Query(reads, filter);
    }

    public async ValueTask DisposeAsync()
    {
        await readInstance.DisposeAsync();
        await readHistory.DisposeAsync();
        await reads.DisposeAsync();
        writer?.Dispose();
        if (ownsFile) await file.DisposeAsync();
    }

    private async Task WriteWaitingAsync()
    {
        while (true)
        {
            List<(StepCommit Commit, TaskCompletionSource<bool> Done)> batch;
            lock (gate)
            {
                if (waiting.Count == 0)
                {
                    writing = false;
                    return;
                }

                (batch, waiting) = (waiting, []);
            }

            await WriteAsync(batch);
        }
    }

    private async Task WriteAsync(List<(StepCommit Commit, TaskCompletionSource<bool> Done)> batch)
    {
        try
        {
            var held = await file.WriteAsync(connection =>
            {
                writer ??= new SqliteStepWriter(connection);
                return batch.ConvertAll(b => writer.Apply(b.Commit));
            });
            for (var i = 0; i < batch.Count; i++) batch[i].Done.SetResult(held[i]);
        }
        catch (Exception e) when (e is SqliteException or ObjectDisposedException)
        {
            foreach (var (_, done) in batch) done.SetException(e);
        }
    }
}

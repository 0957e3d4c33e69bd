using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IRFunctions.Local.Storage;

/// <summary>
/// One SQLite file with one writer. Writes queue up and share a transaction (group commit), so that a busy pipeline pays for one commit,
/// not for many;
/// a write's task completes only after its transaction is on disk. WAL with synchronous=NORMAL: what was acknowledged survives `kill -9`;
/// a power cut may lose the last transactions, which a local runtime accepts (docs/decisions/0002).
/// </summary>
public sealed class SqliteFile : IAsyncDisposable
{
    private const int MaxWritesPerTransaction = 256;
    private const int IoError = 10;
    private const string Settings = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY;
        PRAGMA wal_autocheckpoint=16000; PRAGMA cache_size=-8192;
        """;

    private readonly string connectionString;
    private readonly PreparedConnection writer;
    private readonly ConcurrentBag<PreparedConnection> readers = [];
    private readonly Channel<Write> writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task loop;
    private volatile string? trouble;

    /// <param name="path">File to open or create.</param>
    /// <param name="schema">Statements that create what is missing; must be safe to run on every start.</param>
    public SqliteFile(string path, string schema)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        writer = new PreparedConnection(connectionString, Settings + schema);
        loop = Task.Run(WriteLoopAsync);
    }

    /// <summary>Reads on a connection of its own; sees every write whose task has completed.</summary>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public T Read<T>(Func<PreparedConnection, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        var connection = readers.TryTake(out var idle) ? idle : new PreparedConnection(connectionString, Settings);
        try
        {
            return read(connection);
        }
        finally
        {
            readers.Add(connection);
        }
    }

    /// <summary>Runs a write; it is all or nothing by itself, whatever else shares its transaction.</summary>
    /// <exception cref="SqliteException">The write failed; nothing of it was stored.</exception>
    public Task<T> WriteAsync<T>(Func<PreparedConnection, T> write)
    {
        var done = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        ObjectDisposedException.ThrowIf(!writes.Writer.TryWrite(new Write(c => write(c), done)), this);
        return Unwrap(done.Task);

        static async Task<T> Unwrap(Task<object?> task) => (T)(await task)!;
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Action<PreparedConnection> write) =>
        WriteAsync(c =>
        {
            write(c);
            return true;
        });

    public async ValueTask DisposeAsync()
    {
        writes.Writer.TryComplete();
        await loop;
        while (readers.TryTake(out var reader))
            reader.Dispose();
        writer.Dispose();
    }

    /// <summary>
    /// Why the disk takes nothing, in words; null where the last write was taken. Where it was not, tries one of 64 KiB
    /// first, so that it is known when there is space again.
    /// </summary>
    public async Task<string?> TroubleAsync()
    {
        if (trouble is null)
            return null;
        try
        {
            // In two transactions: what is put in and taken out in one need not reach the disk.
            await WriteAsync(on => on.Run("CREATE TABLE IF NOT EXISTS disk_probe (v BLOB NOT NULL)"));
            await WriteAsync(on => on.Run("INSERT INTO disk_probe VALUES (zeroblob(65536))"));
            await WriteAsync(on => on.Run("DELETE FROM disk_probe"));
        }
        catch (SqliteException)
        {
            // Told by what the loop has kept.
        }
        return trouble;
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<(Write Write, object? Result, Exception? Error)>();
        while (await writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            var failed = WriteBatch(batch);
            trouble = DiskTrouble.Of(failed ?? batch.Select(b => b.Error).FirstOrDefault(DiskTrouble.Is));
            foreach (var (write, result, error) in batch)
            {
                if ((failed ?? error) is { } failure)
                    write.Done.SetException(failure);
                else
                    write.Done.SetResult(result);
            }
            // Behind what is ready by now: the busier the machine, the more share the next transaction.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    /// <summary>
    /// One transaction over what waits. Null where it is on disk, else why nothing of it is: everyone who waits must hear that, and the
    /// next ones must find a connection without a transaction.
    /// </summary>
    private SqliteException? WriteBatch(List<(Write Write, object? Result, Exception? Error)> batch)
    {
        var failed = Try("BEGIN IMMEDIATE");
        while (batch.Count < MaxWritesPerTransaction && writes.Reader.TryRead(out var write))
        {
            batch.Add(failed is null ? RunOne(write) : (write, null, failed));
            if (failed is null && !IsInTransaction)
                failed = batch[^1].Error as SqliteException ?? new SqliteException("SQLite rolled the transaction back", IoError);
        }
        failed ??= Try("COMMIT");
        if (failed is not null && IsInTransaction)
            Try("ROLLBACK");
        return failed;
    }

    /// <summary>A full disk makes SQLite roll back by itself (sqlite.org/lang_transaction.html, section 2.2.1).</summary>
    private bool IsInTransaction => raw.sqlite3_get_autocommit(writer.Connection.Handle!) == 0;

    private SqliteException? Try(string sql)
    {
        try
        {
            writer.Run(sql);
            return null;
        }
        catch (SqliteException e)
        {
            return e;
        }
    }

    private (Write, object?, Exception?) RunOne(Write write)
    {
        if (Try("SAVEPOINT one") is { } refused)
            return (write, null, refused);
        try
        {
            var result = write.Run(writer);
            writer.Run("RELEASE one");
            return (write, result, null);
        }
        catch (Exception e)
        {
            if (IsInTransaction && Try("ROLLBACK TO one") is null)
                Try("RELEASE one");
            return (write, null, e);
        }
    }

    private sealed record Write(Func<PreparedConnection, object?> Run, TaskCompletionSource<object?> Done);
}

using System.Threading.Channels;
using Microsoft.Data.Sqlite;

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
    private readonly string connectionString;
    private readonly SqliteConnection writer;
    private readonly Channel<Write> writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task loop;

    /// <param name="path">File to open or create.</param>
    /// <param name="schema">Statements that create what is missing; must be safe to run on every start.</param>
    public SqliteFile(string path, string schema)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = true }.ToString();
        writer = OpenConnection();
        using (var command = writer.CreateCommand())
        {
#pragma warning disable CA2100 // The schema is a constant of the calling store.
            command.CommandText = schema;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
        loop = Task.Run(WriteLoopAsync);
    }

    /// <summary>A connection for reading; dispose it after use. Sees every write whose task has completed.</summary>
    public SqliteConnection OpenConnection()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var pragma = connection.CreateCommand();
        pragma.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY;";
        pragma.ExecuteNonQuery();
        return connection;
    }

    /// <summary>Runs a write; it is all or nothing by itself, whatever else shares its transaction.</summary>
    /// <exception cref="SqliteException">The write failed; nothing of it was stored.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> write)
    {
        var done = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        ObjectDisposedException.ThrowIf(!writes.Writer.TryWrite(new Write(c => write(c), done)), this);
        return Unwrap(done.Task);

        static async Task<T> Unwrap(Task<object?> task) => (T)(await task)!;
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Action<SqliteConnection> write) =>
        WriteAsync(c =>
        {
            write(c);
            return true;
        });

    public async ValueTask DisposeAsync()
    {
        writes.Writer.TryComplete();
        await loop;
        await writer.DisposeAsync();
        SqliteConnection.ClearPool(new SqliteConnection(connectionString));
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<(Write Write, object? Result, Exception? Error)>();
        while (await writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            Execute("BEGIN IMMEDIATE");
            while (batch.Count < MaxWritesPerTransaction && writes.Reader.TryRead(out var write))
                batch.Add(RunOne(write));
            Exception? commitError = null;
            try
            {
                Execute("COMMIT");
            }
            catch (SqliteException e)
            {
                commitError = e;
                Execute("ROLLBACK");
            }
            foreach (var (write, result, error) in batch)
            {
                if ((commitError ?? error) is { } failure)
                    write.Done.SetException(failure);
                else
                    write.Done.SetResult(result);
            }
        }
    }

    private (Write, object?, Exception?) RunOne(Write write)
    {
        Execute("SAVEPOINT one");
        try
        {
            var result = write.Run(writer);
            Execute("RELEASE one");
            return (write, result, null);
        }
        catch (Exception e)
        {
            Execute("ROLLBACK TO one; RELEASE one");
            return (write, null, e);
        }
    }

    private void Execute(string sql)
    {
        using var command = writer.CreateCommand();
#pragma warning disable CA2100 // Only the constants above.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private sealed record Write(Func<SqliteConnection, object?> Run, TaskCompletionSource<object?> Done);
}

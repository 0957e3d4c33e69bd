using System.Globalization;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Time;

namespace IRFunctions.Local.Machine;

/// <summary>The folder that holds all state of a local run.</summary>
internal static class StateFolder
{
    private const string DurableFile = "durable.db";
    private const string ClockFile = "clock.txt";
    private const string LockFile = "running.lock";
    private const string AzuriteFolder = "azurite";
    private static readonly string[] Ours =
    [
        AzuriteFolder,
        DurableFile,
        "queue.db",
        "tables.db",
        "tenant.db",
        "record",
        ClockFile,
        LockFile,
    ];

    /// <summary>Deletes what earlier runs left, and only that. Null where it worked, else why not.</summary>
    public static string? Forget(string folder)
    {
        if (!System.IO.Directory.Exists(folder))
            return null;
        var foreign = System
            .IO.Directory.EnumerateFileSystemEntries(folder)
            .Select(Path.GetFileName)
            .Where(n => !Ours.Any(o => n!.StartsWith(o, StringComparison.Ordinal)))
            .ToList();
        if (foreign.Count > 0)
            return $"--fresh: {folder} holds {foreign[0]}, which is not ours; nothing was deleted. Give another folder with --state.";
        using (Lock(folder)) { }
        System.IO.Directory.Delete(folder, recursive: true);
        return null;
    }

    /// <summary>Where Azurite keeps what the run has in Azure Storage.</summary>
    public static string AzuriteOf(string folder) => Path.Combine(folder, AzuriteFolder);

    /// <summary>What one engine began, the other knows nothing of.</summary>
    /// <exception cref="InvalidOperationException">The folder holds a run on the other engine; says what to do.</exception>
    public static void Require(string folder, bool azurite)
    {
        if (Path.Exists(Path.Combine(folder, azurite ? DurableFile : AzuriteFolder)))
        {
            throw new InvalidOperationException(
                $"{folder} holds a run {(azurite ? "without" : "with")} --azurite. "
                    + "Go on with it in the same way, give another folder with --state, or forget it with --fresh."
            );
        }
    }

    /// <summary>One process at a time.</summary>
    /// <exception cref="InvalidOperationException">Another process uses the folder, or it cannot be written; says what to do.</exception>
    public static IDisposable Lock(string folder)
    {
        try
        {
            System.IO.Directory.CreateDirectory(folder);
            return new FileStream(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsSharing(e))
        {
            throw new InvalidOperationException($"Another run uses {folder}. Stop it, or give another folder with --state.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The state folder {folder} cannot be written: {e.Message.TrimEnd('.')}. Give this user the right to, free some space, or "
                    + "give another folder with --state.",
                e
            );
        }
    }

    /// <summary>Somebody else has it open: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.</summary>
    private static bool IsSharing(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>
    /// Real time, or faster. A faster clock goes on where the last run's stood, so that no timer of its future has to wait for the real
    /// one. A run that was killed wrote its time a second before at the latest, and the state itself knows when it was last changed.
    /// </summary>
    public static async Task<TimeProvider> ClockAsync(string folder, double factor)
    {
        var file = Path.Combine(folder, ClockFile);
        var last =
            File.Exists(file)
            && DateTimeOffset.TryParse(
                await File.ReadAllTextAsync(file),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var at
            )
                ? at
                : DateTimeOffset.MinValue;
        if (SqliteStore.NewestChange(Path.Combine(folder, DurableFile)) is { } changed && changed > last)
            last = changed;
        var now = TimeProvider.System.GetUtcNow();
        if (last <= now)
            return factor == 1 ? TimeProvider.System : new ScaledTimeProvider(TimeProvider.System, factor);
        return new ShiftedTime(factor == 1 ? TimeProvider.System : new ScaledTimeProvider(TimeProvider.System, factor), last - now);
    }

    /// <summary>Writes the time every second, and once more when disposed.</summary>
    public static IAsyncDisposable Remember(string folder, TimeProvider time) => new Memory(Path.Combine(folder, ClockFile), time);

    private sealed class Memory : IAsyncDisposable
    {
        private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
        private readonly Lock gate = new();
        private readonly string file;
        private readonly TimeProvider time;
        private readonly ITimer timer;

        public Memory(string file, TimeProvider time)
        {
            (this.file, this.time) = (file, time);
            timer = TimeProvider.System.CreateTimer(_ => Write(), null, Every, Every);
        }

        public async ValueTask DisposeAsync()
        {
            await timer.DisposeAsync();
            Write();
        }

        private void Write()
        {
            try
            {
                lock (gate)
                {
                    // Beside it and then in its place: a kill in between leaves the old time, never half a one.
                    File.WriteAllText(file + ".new", time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
                    File.Move(file + ".new", file, overwrite: true);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk stops the pipeline elsewhere, with a better message.
            }
        }
    }

    /// <summary>A clock that is ahead by a fixed length.</summary>
    private sealed class ShiftedTime(TimeProvider inner, TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + ahead;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override long TimestampFrequency => inner.TimestampFrequency;
        public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime, period);
    }
}

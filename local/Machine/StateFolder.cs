using System.Globalization;
using IRFunctions.Local.Time;

namespace IRFunctions.Local.Machine;

/// <summary>The folder that holds all state of a local run.</summary>
internal static class StateFolder
{
    private const string ClockFile = "clock.txt";
    private const string LockFile = "running.lock";
    private static readonly string[] Ours = ["durable.db", "queue.db", "tables.db", "tenant.db", "record", ClockFile, LockFile];

    /// <summary>Deletes what earlier runs left, and only that. Null where it worked, else why not.</summary>
    public static string? Forget(string folder)
    {
        if (!Directory.Exists(folder)) return null;
        var foreign = Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Where(n => !Ours.Any(o => n!.StartsWith(o, StringComparison.Ordinal))).ToList();
        if (foreign.Count > 0) return $"--fresh: {folder} holds {foreign[0]}, which is not ours; nothing was deleted. Give another folder with --state.";
        using (Lock(folder)) { }
        Directory.Delete(folder, recursive: true);
        return null;
    }

    /// <summary>One process at a time.</summary>
    /// <exception cref="InvalidOperationException">Another process uses the folder.</exception>
    public static IDisposable Lock(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException($"Another run uses {folder}. Stop it, or give another folder with --state.", e);
        }
    }

    /// <summary>Real time, or faster. A faster clock goes on where the last run's stood, so that no timer of its future has to wait for the real one.</summary>
    public static TimeProvider Clock(string folder, double factor)
    {
        var file = Path.Combine(folder, ClockFile);
        var last = File.Exists(file) && DateTimeOffset.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : DateTimeOffset.MinValue;
        var now = TimeProvider.System.GetUtcNow();
        if (last <= now) return factor == 1 ? TimeProvider.System : new ScaledTimeProvider(TimeProvider.System, factor);
        return new ShiftedTime(factor == 1 ? TimeProvider.System : new ScaledTimeProvider(TimeProvider.System, factor), last - now);
    }

    public static void Remember(string folder, TimeProvider time) => File.WriteAllText(Path.Combine(folder, ClockFile), time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));

    /// <summary>A clock that is ahead by a fixed length.</summary>
    private sealed class ShiftedTime(TimeProvider inner, TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + ahead;
        public override long GetTimestamp() => inner.GetTimestamp();
        public override long TimestampFrequency => inner.TimestampFrequency;
        public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
    }
}

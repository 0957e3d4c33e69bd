using IRFunctions.Local.Broker;
using IRFunctions.Local.Storage;

namespace IRFunctions.Local.Machine;

/// <summary>Whether the state folder takes what is written: for the health of a local run.</summary>
internal sealed class StateDisk(string folder, SqliteFile? tables, IQueueStorage queues)
{
    /// <summary>As much as a small step of the pipeline writes.</summary>
    private const int ProbeBytes = 64 * 1024;

    private const string ProbeFile = "clock.txt.probe"; // One of the run's own names (StateFolder).

    /// <summary>One sentence with the remedy; null where it takes what is written.</summary>
    public async Task<string?> TroubleAsync()
    {
        if (tables is not null && await tables.TroubleAsync() is { } inTables)
            return inTables;
        if (queues is SqliteQueueStorage file && await file.TroubleAsync() is { } inQueues)
            return inQueues;
        try
        {
            var path = Path.Combine(folder, ProbeFile);
            await using (var probe = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                await probe.WriteAsync(new byte[ProbeBytes]);
                probe.Flush(flushToDisk: true);
            }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the state folder takes nothing ({e.Message}); free some space or mend the rights, and everything goes on by itself";
        }
    }
}

using Azure;
using Azure.Data.Tables;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Tables;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>
/// The tables as one machine sees them: they can refuse, a machine can die at each write, and who watches hears which partition of which
/// table changed.
/// </summary>
/// <param name="changed">Table and partition of each write that was done.</param>
internal sealed class SeamTables(TableServiceClient inner, Life life, Action<string, string> changed) : DelegatingTables(inner)
{
    protected override async Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write)
    {
        life.Moment(CrashPlace.BeforeTableWrite);
        if (life.Trouble.TablesAreDown)
        {
            life.Trouble.Count("storage");
            throw new RequestFailedException(503, "The server is busy.", "ServerBusy", null);
        }
        var done = await write();
        changed(table, partition);
        life.Moment(CrashPlace.AfterTableWrite);
        return done;
    }

    protected override Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        life.Require();
        return read();
    }

    protected override void BeforeQuery() => life.Require();
}

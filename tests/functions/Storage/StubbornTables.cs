using Azure;
using IRFunctions.Local.Tables;

namespace IRFunctions.Tests.Storage;

/// <summary>
/// The embedded tables, which refuse writes while they are told to, as a table service does that is down or over its limits.
/// </summary>
internal sealed class StubbornTables(TimeProvider time) : DelegatingTables(new EmbeddedTableServiceClient(time))
{
    /// <summary>Asked before each write, with the table and a row's partition; true refuses it.</summary>
    public Func<string, string, bool> Refuses { get; set; } = (_, _) => false;

    /// <summary>While true, queries are refused as well.</summary>
    public bool Unreadable { get; set; }

    /// <summary>Writes refused so far.</summary>
    public int Refused { get; private set; }

    protected override Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write)
    {
        if (!Refuses(table, partition))
            return write();
        Refused++;
        throw Busy();
    }

    protected override void BeforeQuery()
    {
        if (Unreadable)
            throw Busy();
    }

    private static RequestFailedException Busy() => new(503, "The server is busy.", "ServerBusy", null);
}

using Azure.Data.Tables;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;

namespace IRFunctions.Tests.Tables;

public sealed class Tables_in_memory : TableContract
{
    protected override TableServiceClient Service { get; } = new EmbeddedTableServiceClient(TimeProvider.System);
}

#pragma warning disable CA1001 // xunit disposes of it asynchronously.
public sealed class Tables_in_SQLite : TableContract
#pragma warning restore CA1001
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"irf-tables-{Guid.NewGuid():n}.db");
    private readonly SqliteFile file;

    public Tables_in_SQLite()
    {
        file = new SqliteFile(path, "");
        Service = new EmbeddedTableServiceClient(file, TimeProvider.System);
    }

    protected override TableServiceClient Service { get; }

    public override async Task DisposeAsync()
    {
        await file.DisposeAsync();
        foreach (var part in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(part);
    }
}

[Collection(nameof(Azurite))]
public sealed class Tables_in_Azurite(Azurite azurite) : TableContract
{
    protected override TableServiceClient Service { get; } = azurite.NewClient();
}

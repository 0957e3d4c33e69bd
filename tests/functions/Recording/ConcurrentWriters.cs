using Azure.Data.Tables;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Recording;

/// <summary>No lost entry and no broken chain, whoever writes at the same time; the same tests on every store.</summary>
public abstract class ConcurrentWriters
{
    protected abstract TableServiceClient Service { get; }

    /// <summary>Writers on one incident: each has its own process-wide memory, as instances of the function app have.</summary>
    protected virtual int WritersOnOne => 24;

    [Fact]
    public async Task On_one_incident()
    {
        var rig = new RecordRig(Service);
        var chain = $"incident-{Guid.NewGuid():n}";
        await Task.WhenAll(
            Enumerable
                .Range(0, WritersOnOne)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        var own = new AuditChain(Service, rig.Time);
                        await own.AppendAsync(chain, [RecordRig.Fact($"w{i}-a"), RecordRig.Fact($"w{i}-b")]);
                        await own.AppendAsync(chain, [RecordRig.Fact($"w{i}-b"), RecordRig.Fact($"w{i}-c")]); // One of them is a replay.
                    })
                )
        );
        var entries = await rig.Chain.ReadAsync(chain);
        Assert.Empty(AuditEntry.Check(entries));
        Assert.Equal(3 * WritersOnOne, entries.Count);
        Assert.Equal(3 * WritersOnOne, entries.Select(e => e.FactId).Distinct().Count());
        Assert.All(entries, e => Assert.Equal(ContentState.Readable, e.Content));
    }

    [Fact]
    public async Task On_a_thousand_incidents_with_checkpoints_in_between()
    {
        var rig = new RecordRig(Service);
        var run = Guid.NewGuid().ToString("n");
        using var gate = new SemaphoreSlim(32);
        var writing = Task.WhenAll(
            Enumerable
                .Range(0, 1000)
                .Select(async i =>
                {
                    await gate.WaitAsync();
                    try
                    {
                        var two = await Task.WhenAll(
                            rig.Chain.AppendAsync($"incident-{run}-{i}", [RecordRig.Fact("a")]),
                            rig.Chain.AppendAsync($"incident-{run}-{i}", [RecordRig.Fact("b")])
                        );
                        Assert.Equal(2, two.Sum(t => t.Count));
                    }
                    finally
                    {
                        gate.Release();
                    }
                })
        );
        while (!writing.IsCompleted)
            await rig.Checkpointer.RunAsync();
        await writing;
        await rig.Checkpointer.RunAsync();
        var report = await rig.VerifyAsync();
        Assert.Empty(report.Findings);
        var mine = 0;
        await foreach (var entry in rig.Chain.ReadAllAsync())
            if (entry.Chain.StartsWith($"incident-{run}", StringComparison.Ordinal))
                mine++;
        Assert.Equal(2000, mine);
    }
}

public sealed class Concurrent_writers_in_memory : ConcurrentWriters
{
    protected override TableServiceClient Service { get; } = new EmbeddedTableServiceClient(TimeProvider.System);
}

#pragma warning disable CA1001 // xunit disposes of it asynchronously.
public sealed class Concurrent_writers_in_SQLite : ConcurrentWriters, IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"irf-record-{Guid.NewGuid():n}.db");
    private readonly SqliteFile file;

    public Concurrent_writers_in_SQLite()
    {
        file = new SqliteFile(path, "");
        Service = new EmbeddedTableServiceClient(file, TimeProvider.System);
    }

    protected override TableServiceClient Service { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await file.DisposeAsync();
        foreach (var part in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(part);
    }
}

[Collection(nameof(Azurite))]
public sealed class Concurrent_writers_in_Azurite : ConcurrentWriters, IAsyncLifetime
{
    private readonly TableServiceClient service;

    public Concurrent_writers_in_Azurite(Azurite azurite) => service = azurite.NewClient();

    protected override TableServiceClient Service => service;

    protected override int WritersOnOne => 12;

    public Task InitializeAsync() => DisposeAsync();

    /// <summary>Its tables are shared with other tests of this emulator; the record's own are this class's.</summary>
    public async Task DisposeAsync()
    {
        foreach (var name in (string[])[AuditChain.TableName, ChainKeys.TableName, ChangeJournal.TableName, RecordIndex.TableName])
            await service.GetTableClient(name).DeleteAsync();
    }
}

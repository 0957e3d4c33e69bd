using System.Text;
using IRFunctions.Agents;
using IRFunctions.Connections;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Time;
using IRFunctions.Storage;

namespace IRFunctions.Tests.Agents;

/// <summary>What snapshots are, wherever they are kept: in memory, in a folder, in Azurite.</summary>
public abstract class SnapshotContract
{
    private readonly VirtualTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));
    private AgentSnapshots? snapshots;

    protected abstract IWriteOnceBlobs Blobs { get; }

    /// <summary>The tables are not what is varied here; tests/local/Tables holds them to their contract.</summary>
    private async Task<AgentSnapshots> OpenAsync()
    {
        if (snapshots is not null)
            return snapshots;
        var tables = new EmbeddedTableServiceClient(time);
        await tables.GetTableClient(AgentSnapshots.TableName).CreateIfNotExistsAsync();
        return snapshots = new AgentSnapshots(Blobs, tables, time);
    }

    /// <summary>A name of this run's own: a container outlives a test.</summary>
    private static string Agent() => $"agent-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_name_is_written_once()
    {
        var name = $"snapshots/{Agent()}/0000000001";
        Assert.Null(await Blobs.ReadAsync(name, 100, default));
        Assert.True(await Blobs.TryAddAsync(name, new byte[] { 1, 2 }, default));
        Assert.False(await Blobs.TryAddAsync(name, new byte[] { 3 }, default));
        Assert.Equal([1, 2], (await Blobs.ReadAsync(name, 100, default))!);
        Assert.Null(await Blobs.ReadAsync(name, 1, default)); // Larger than asked for.
    }

    [Fact]
    public async Task Versions_rise_and_come_back_as_they_were_handed_in_newest_first_with_their_age()
    {
        var (all, agent) = (await OpenAsync(), Agent());
        for (var i = 1; i <= 12; i++)
        {
            Assert.Equal(i, (await all.KeepAsync(agent, Encoding.UTF8.GetBytes($"state {i}"), [], default)).Version);
            time.Advance(TimeSpan.FromMinutes(1));
        }
        var points = await all.RecoveryPointsAsync(agent, default);
        Assert.Equal(Enumerable.Range(3, 10).Reverse().Select(i => (long)i), points.Select(p => p.Snapshot.Version));
        Assert.All(points, p => Assert.True(p.Verified, p.Problem));
        Assert.Equal(TimeSpan.FromMinutes(1), points[0].Age);
        Assert.Equal("state 1", Encoding.UTF8.GetString((await all.OpenAsync(agent, 1, default)).Content));
    }

    [Fact]
    public async Task Any_bytes_come_back_also_what_looks_like_something_else()
    {
        var (all, agent) = (await OpenAsync(), Agent());
        foreach (
            var content in (byte[][])
                [
                    [],
                    [0],
                    Encoding.UTF8.GetBytes("{\"$type\":\"System.Diagnostics.Process\"}"),
                    [0x1f, 0x8b, 8, 0],
                    new byte[1_000_000],
                ]
        )
        {
            var kept = await all.KeepAsync(agent, content, [], default);
            Assert.Equal(content, (await all.OpenAsync(agent, kept.Version, default)).Content);
        }
    }

    [Fact]
    public async Task The_same_state_again_is_the_same_version_and_what_it_depends_on_may_move_on()
    {
        var (all, agent, other) = (await OpenAsync(), Agent(), Agent());
        await all.KeepAsync(other, new byte[] { 1 }, [], default);
        var kept = await all.KeepAsync(agent, new byte[] { 7 }, [other], default);
        Assert.Equal(kept.Version, (await all.KeepAsync(agent, new byte[] { 7 }, [other], default)).Version);
        Assert.Empty((await all.OpenAsync(agent, kept.Version, default)).Warnings);
        await all.KeepAsync(other, new byte[] { 2 }, [], default);
        Assert.Equal([$"{other} moved on from its snapshot 1 to 2"], (await all.OpenAsync(agent, kept.Version, default)).Warnings);
    }

    [Fact]
    public async Task Two_at_once_get_different_versions()
    {
        var (all, agent) = (await OpenAsync(), Agent());
        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => all.KeepAsync(agent, new[] { (byte)i }, [], default)));
        Assert.Equal(8, kept.Select(k => k.Version).Distinct().Count());
        foreach (var (snapshot, i) in kept.Select((k, i) => (k, i)))
            Assert.Equal([(byte)i], (await all.OpenAsync(agent, snapshot.Version, default)).Content);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_restored()
    {
        var all = await OpenAsync();
        await Assert.ThrowsAsync<PermanentFaultException>(() => all.OpenAsync(Agent(), 1, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            all.KeepAsync(Agent(), new byte[AgentSnapshots.MaxSize + 1], [], default)
        );
    }
}

public sealed class Snapshots_in_memory : SnapshotContract
{
    protected override IWriteOnceBlobs Blobs { get; } = new MemoryBlobs();
}

public sealed class Snapshots_in_a_folder : SnapshotContract, IDisposable
{
    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("irf-snapshots").FullName;

    public Snapshots_in_a_folder() => Blobs = new BlobsOfFolder(folder);

    protected override IWriteOnceBlobs Blobs { get; }

    [Fact]
    public async Task No_name_leaves_the_folder() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Blobs.TryAddAsync("../outside", new byte[] { 1 }, default));

    public void Dispose()
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            File.SetAttributes(file, FileAttributes.Normal);
        System.IO.Directory.Delete(folder, recursive: true);
    }
}

using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Recording;

/// <summary>
/// Checkpoints in blobs, on the emulator. It answers 501 to retention policies, so that part is for Azure to show (docs/record.md).
/// </summary>
[Collection(nameof(Azurite))]
public sealed class BlobCheckpointTests(Azurite azurite) : IAsyncLifetime
{
    private BlobContainerClient? container;

    public async Task InitializeAsync() => container = await azurite.NewContainerAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_checkpoint_is_written_once_and_never_again()
    {
        var store = new BlobCheckpoints(container!);
        Assert.Null(await store.ReadAsync(1, default));
        Assert.True(await store.TryAddAsync(1, [1, 2], default));
        Assert.False(await store.TryAddAsync(1, [3], default));
        Assert.Equal([1, 2], (await store.ReadAsync(1, default))!);
    }

    [Fact]
    public async Task Of_two_writers_of_one_number_the_first_to_commit_wins()
    {
        var won = false;
        var first = StoreThat(beforeCommit: async () => won = await new BlobCheckpoints(container!).TryAddAsync(7, [2], default));
        Assert.False(await first.TryAddAsync(7, [1], default));
        Assert.True(won);
        Assert.Equal([2], (await new BlobCheckpoints(container!).ReadAsync(7, default))!);
    }

    /// <summary>Both stage into the same blob: what is committed must be what the committer staged.</summary>
    [Fact]
    public async Task What_another_writer_staged_before_it_died_is_never_committed_by_us()
    {
        var dies = StoreThat(beforeCommit: () => throw new InvalidOperationException("died"));
        var first = StoreThat(beforeCommit: () => Assert.ThrowsAsync<InvalidOperationException>(() => dies.TryAddAsync(8, [2], default)));
        Assert.True(await first.TryAddAsync(8, [1], default));
        Assert.Equal([1], (await new BlobCheckpoints(container!).ReadAsync(8, default))!);
    }

    [Fact]
    public async Task A_record_is_sealed_into_blobs_and_verifies()
    {
        var rig = new RecordRig();
        var store = new BlobCheckpoints(container!);
        await rig.IncidentAsync("incident-1");
        await rig.NewCheckpointer(store).RunAsync();
        await rig.IncidentAsync("incident-2");
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.NewCheckpointer(store).RunAsync();
        using var stream = new MemoryStream();
        await new RecordExport(rig.Chain, new HeadIndex(rig.Tables), store, rig.Key, rig.Time).WriteAllAsync(stream);
        stream.Position = 0;
        var report = await RecordVerifier.VerifyAsync(stream, [await rig.Key.PublicAsync(default)]);
        Assert.Empty(report.Findings);
        Assert.Equal(2, report.Checkpoints);
    }

    /// <summary>Between staging and committing something happens.</summary>
    private BlobCheckpoints StoreThat(Func<Task> beforeCommit)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(new BeforeCommit(beforeCommit), HttpPipelinePosition.PerCall);
        return new BlobCheckpoints(new BlobContainerClient(azurite.ConnectionString, container!.Name, options));
    }

    private sealed class BeforeCommit(Func<Task> act) : HttpPipelinePolicy
    {
        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("the store is asynchronous");

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Uri.Query.Contains("comp=blocklist", StringComparison.Ordinal))
                await act();
            await ProcessNextAsync(message, pipeline);
        }
    }
}

using System.Text;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.Recording;

/// <summary>
/// An insider who gets past the retention policy of the checkpoints, or where there is none: what the running pipeline notices by itself.
/// </summary>
public sealed class CheckpointStoreAttackTests
{
    private readonly RecordRig rig = new();
    private readonly Open store = new();

    private async Task<CheckpointRun> AfterAsync(Action<Dictionary<long, byte[]>> attack)
    {
        for (var i = 1; i <= 3; i++)
        {
            await rig.IncidentAsync($"incident-{i}");
            rig.Time.Advance(TimeSpan.FromMinutes(5));
            Assert.Empty((await rig.NewCheckpointer(store).RunAsync()).Findings);
        }
        attack(store.All);
        await rig.IncidentAsync("incident-4");
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        return await rig.NewCheckpointer(store).RunAsync();
    }

    private static byte[] Changed(byte[] checkpoint, Func<Checkpoint, Checkpoint> change) =>
        change(Checkpoint.FromJson(checkpoint)).ToJson();

    [Fact]
    public async Task The_last_one_deleted()
    {
        var run = await AfterAsync(all => all.Remove(3));
        Assert.Equal((Attacks.DroppedCheckpoint, "checkpoint 3"), (run.Findings[0].Attack, run.Findings[0].Where));
        Assert.Contains("the log stops there", Assert.Single(run.Findings.Skip(1)).What, StringComparison.Ordinal); // Nor signs anew.
        Assert.Contains(await rig.Chain.ReadAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.RecordBroken);
    }

    [Fact]
    public async Task The_last_one_replaced_by_an_earlier_one() =>
        Assert.Equal(Attacks.ReplacedCheckpoint, (await AfterAsync(all => all[3] = all[2])).Findings[0].Attack);

    [Fact]
    public async Task The_last_one_edited() =>
        Assert.Equal(
            Attacks.ReplacedCheckpoint,
            (await AfterAsync(all => all[3] = Changed(all[3], c => c with { Root = new string('a', 64) }))).Findings[0].Attack
        );

    [Fact]
    public async Task The_last_one_overwritten_with_noise() =>
        Assert.Contains(
            (await AfterAsync(all => all[3] = Encoding.UTF8.GetBytes("{"))).Findings,
            f => f is { Attack: Attacks.ReplacedCheckpoint, Where: "checkpoint 3" }
        );

    [Fact]
    public async Task A_future_one_put_there_before_ours()
    {
        var run = await AfterAsync(all => all[4] = Changed(all[3], c => c with { Number = 4 }));
        Assert.Contains(run.Findings, f => f is { Attack: Attacks.ReplacedCheckpoint, Where: "checkpoint 4" });
    }

    private sealed class Open : ICheckpointStore
    {
        public Dictionary<long, byte[]> All { get; } = [];

        public Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation) =>
            Task.FromResult(All.TryAdd(number, checkpoint));

        public Task<byte[]?> ReadAsync(long number, CancellationToken cancellation) => Task.FromResult(All.GetValueOrDefault(number));
    }
}

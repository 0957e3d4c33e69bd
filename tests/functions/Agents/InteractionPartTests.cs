using IRFunctions.Agents;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.Agents;

/// <summary>Parts of an hour.</summary>
public sealed class InteractionPartTests
{
    [Fact]
    public async Task An_hour_too_large_for_one_part_is_several_and_reads_as_one()
    {
        var blobs = new MemoryBlobs();
        var rig = new InteractionRig(blobs: blobs);
        rig.Risky.UnionWith(["a", "b"]);
        foreach (var caller in (string[])["a", "b"])
            for (var i = 0; i < 14; i++)
                await rig.Store.KeepAsync(
                    rig.Batch([.. rig.Calls(1_900, i * 1_900).Select(e => e with { Counterpart = "hub" })], caller),
                    default
                );
        rig.Age(TimeSpan.FromHours(26));
        Assert.Empty(await rig.MoveAsync());
        Assert.Equal(2, blobs.Names.Count);
        Assert.Equal((14 * 1_900, 14 * 1_900), Assert.Single((await rig.ReadAsync("a")).Windows.Select(w => (w.Seen, w.Kept))));
        Assert.Equal(2 * 14 * 1_900, Assert.Single((await rig.ReadAsync("hub")).Windows).Seen);
        Assert.Empty(await rig.Mover.CheckAsync(default));
    }

    [Fact]
    public void Places_are_kept_as_runs()
    {
        Assert.Equal([0, 2, 5, 5, 7, 8], EvidenceBatch.RunsOf([0, 1, 2, 5, 7, 8]));
        Assert.Empty(EvidenceBatch.RunsOf([]));
    }
}

using Azure.Data.Tables;
using IRFunctions.Agents;
using IRFunctions.Storage;

namespace IRFunctions.Tests.Agents;

/// <summary>What evidence of interactions is, wherever it is kept: embedded, and in Azurite.</summary>
public abstract class InteractionContract : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private InteractionRig rig = null!;

    protected abstract Task<(TableServiceClient? Tables, IRetainedBlobs Blobs)> StorageAsync();

    /// <summary>Somebody with rights to the blobs changes or removes (null) every one whose name begins so.</summary>
    protected abstract Task TamperAsync(string nameStartsWith, Func<byte[], byte[]?> change);

    public async Task InitializeAsync()
    {
        var (tables, blobs) = await StorageAsync();
        rig = new InteractionRig(tables, blobs);
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task What_was_acknowledged_is_there_on_both_sides_with_every_event()
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(60)), default);
        rig.Restart();
        var reading = await rig.ReadAsync();
        Assert.Equal((60, 60, 6, 1.0, "hot"), Only(reading.Windows));
        Assert.Equal(
            ["desk-agent 20 2", "news-agent 20 2", "risk-agent 20 2"],
            reading.Edges.Select(e => $"{e.Other} {e.Estimated} {e.Violations}").Order()
        );
        Assert.All(reading.Edges, e => Assert.Equal((InteractionDirection.Out, 1.0), (e.Direction, e.Share)));
        var called = await rig.ReadAsync("risk-agent");
        Assert.Equal(
            (InteractionDirection.In, "trading-agent", 20, 2),
            Assert.Single(called.Edges.Select(e => (e.Direction, e.Other, e.Kept, e.Violations)))
        );
    }

    [Fact]
    public async Task Duplicates_and_other_orders_change_nothing_and_what_came_under_a_number_twice_is_told()
    {
        var batches = Enumerable.Range(0, 6).Select(i => rig.Batch(rig.Calls(10, i * 10))).ToList();
        foreach (var i in (int[])[3, 0, 5, 0, 3, 1, 4, 2, 5])
            await rig.Store.KeepAsync(batches[i], default);
        Assert.Equal((60, 60, 6, 1.0, "hot"), Only((await rig.ReadAsync()).Windows));
        // A gateway that counts from the start again loses nothing.
        await rig.Store.KeepAsync(batches[2] with { Events = rig.Calls(5, 90) }, default);
        var reading = await rig.ReadAsync();
        Assert.Equal((65, 1), (Only(reading.Windows).Seen, reading.Conflicts));
    }

    [Fact]
    public async Task What_is_late_stands_in_its_own_hour_and_what_is_absurdly_late_or_early_at_the_nearest_time_there_is()
    {
        rig.Age(TimeSpan.FromDays(1));
        var now = rig.Time.GetUtcNow();
        var late = rig.Batch([
            rig.Call(0) with
            {
                Time = now.AddHours(-20),
            },
            rig.Call(1) with
            {
                Time = now.AddYears(-30),
            },
            rig.Call(2) with
            {
                Time = now.AddYears(30),
            },
        ]);
        await rig.Store.KeepAsync(late, default);
        rig.Age(Hour); // Delivered again later, the clamped time is another; it counts once all the same.
        await rig.Store.KeepAsync(late, default);
        var reading = await rig.Evidence.ReadAsync("trading-agent", now.AddDays(-2), now.AddDays(1));
        Assert.Equal([now.AddHours(-22), now.AddHours(-20), now], reading.Events.Select(e => e.Event.At));
        Assert.Equal(3, reading.Windows.Sum(w => w.Seen));
    }

    [Fact]
    public async Task By_age_it_goes_from_the_table_to_a_blob_an_hour_to_the_archive_and_is_read_from_all_three_at_once()
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(100)), default);
        rig.Risky.UnionWith(["trading-agent", "risk-agent"]);
        rig.Age(26 * Hour);
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(10, 100)), default);
        Assert.Empty(await rig.MoveAsync());
        Assert.Equal((100, 100, 10, 1.0, "warm"), Only((await rig.ReadAsync()).Windows)); // All of a risky identity.
        rig.Age(TimeSpan.FromDays(29));
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(10, 110)), default);
        Assert.Empty(await rig.MoveAsync());
        var all = await rig.Evidence.ReadAsync("trading-agent", InteractionRig.Start, InteractionRig.Start.AddDays(31));
        Assert.Equal(["cold 100", "warm 10", "hot 10"], all.Windows.Select(w => $"{w.Tier} {w.Kept}"));
        Assert.Equal(40, all.Edges.Single(e => e.Other == "risk-agent").Estimated);
        Assert.Empty(all.Problems);
        Assert.Empty(await rig.Mover.CheckAsync(default));
    }

    [Fact]
    public async Task Of_a_quiet_identity_a_share_outlives_the_hot_tier_with_every_violation_and_the_share_is_told()
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(1_000)), default);
        rig.Age(26 * Hour);
        await rig.MoveAsync();
        var reading = await rig.ReadAsync();
        var window = Only(reading.Windows);
        Assert.Equal((1_000, 100, 0.1, "warm"), (window.Seen, window.Violations, window.Share, window.Tier));
        Assert.InRange(window.Kept, 100 + 50, 100 + 130); // 900 in order, of which a tenth; two of a task share a fate.
        Assert.All(reading.Edges, e => Assert.Equal(0.1, e.Share));
        Assert.InRange(reading.Edges.Sum(e => e.Estimated), 600, 1_400);
    }

    [Fact]
    public async Task A_batch_that_comes_again_after_its_hour_was_sampled_counts_once()
    {
        var batch = rig.Batch(rig.Calls(500));
        await rig.Store.KeepAsync(batch, default);
        rig.Age(26 * Hour);
        await rig.MoveAsync();
        rig.Restart();
        await rig.Store.KeepAsync(batch, default); // Acknowledged nowhere: everything was down for a day.
        var reading = await rig.Evidence.ReadAsync("trading-agent", InteractionRig.Start, InteractionRig.Start.AddDays(2));
        Assert.Equal((500, 50, "warm"), Assert.Single(reading.Windows.Select(w => (w.Seen, w.Violations, w.Tier))));
    }

    [Fact]
    public async Task When_its_time_is_over_it_is_gone_and_the_record_says_so()
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(20)), default);
        rig.Age(TimeSpan.FromDays(2));
        await rig.MoveAsync();
        rig.Age(TimeSpan.FromDays(364));
        await rig.MoveAsync();
        Assert.Empty((await rig.ReadAsync()).Windows);
        Assert.Equal(
            [InteractionMover.Packed, InteractionMover.Expired],
            (await rig.Audit.ReadAsync(InteractionMover.Chain)).Select(e => e.Kind)
        );
        Assert.Empty(await rig.Mover.CheckAsync(default));
    }

    [Theory]
    [InlineData(2, "interactions/2026112302/")]
    [InlineData(40, "archive/interactions/2026112302/")]
    public async Task What_somebody_changed_or_took_away_is_named_and_the_rest_is_read(int days, string name)
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(20)), default);
        rig.Age(2 * Hour);
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(20, 20)), default);
        rig.Age(TimeSpan.FromDays(2));
        await rig.MoveAsync();
        rig.Age(TimeSpan.FromDays(days - 2));
        await rig.MoveAsync();
        await TamperAsync(name, content => [.. content[..^9], (byte)(content[^9] ^ 1), .. content[^8..]]);
        var reading = await rig.ReadAsync();
        Assert.Matches($"^{name}[0-9a-f]{{24}}: the stored bytes were changed$", Assert.Single(reading.Problems));
        Assert.Equal(4, Assert.Single(reading.Windows).Start.Hour);
        Assert.Contains(await rig.Mover.CheckAsync(default), p => p.StartsWith(name, StringComparison.Ordinal));
        await TamperAsync(name, _ => null);
        Assert.EndsWith("the stored bytes are gone", Assert.Single((await rig.ReadAsync()).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_changed_in_the_warm_tier_is_not_carried_into_the_archive()
    {
        await rig.Store.KeepAsync(rig.Batch(rig.Calls(20)), default);
        rig.Age(TimeSpan.FromDays(2));
        await rig.MoveAsync();
        await TamperAsync("interactions/", content => [.. content, 0]);
        rig.Age(TimeSpan.FromDays(40));
        Assert.StartsWith("interactions/2026112302/", Assert.Single(await rig.MoveAsync()), StringComparison.Ordinal);
        Assert.StartsWith("interactions/2026112302/", Assert.Single((await rig.ReadAsync()).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_largest_batch_there_can_be_is_kept_whole_also_where_nothing_compresses()
    {
        var noise = new Random(8);
        var events = Enumerable
            .Range(0, 1_200)
            .Select(i =>
                rig.Call(i) with
                {
                    Endpoint = Convert.ToHexString(Bytes(noise, 60)),
                    Target = Convert.ToHexString(Bytes(noise, 30)),
                    Counterpart = $"agent-{i % 80}",
                }
            )
            .ToList();
        await rig.Store.KeepAsync(rig.Batch(events), default);
        var reading = await rig.ReadAsync();
        Assert.Equal((1_200, 1_200, 0, 1.0, "hot"), Only(reading.Windows));
        Assert.Equal(80 - InteractionStore.MaxMirrored, reading.Batches[0].Unmirrored);

        static byte[] Bytes(Random random, int count)
        {
            var bytes = new byte[count];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    [Fact]
    public async Task What_is_neither_an_interaction_nor_a_violation_leaves_no_trace()
    {
        await rig.Store.KeepAsync(rig.Batch([rig.Call(0) with { Counterpart = null }]), default);
        Assert.Empty((await rig.ReadAsync()).Windows);
    }

    [Fact]
    public async Task A_violation_that_concerned_no_agent_is_told_by_its_rule()
    {
        await rig.Store.KeepAsync(
            rig.Batch([
                rig.Call(0) with
                {
                    Counterpart = null,
                    Refused = Refusal.Limit,
                },
                rig.Call(1) with
                {
                    Counterpart = null,
                    Refused = Refusal.Gate,
                },
            ]),
            default
        );
        Assert.Equal(["gate", "limit"], (await rig.ReadAsync()).Edges.Where(e => e.IsRule).Select(e => e.Other).Order());
    }

    private static (int Seen, int Kept, int Violations, double Share, string Tier) Only(IReadOnlyList<EvidenceWindow> windows) =>
        Assert.Single(windows.Select(w => (w.Seen, w.Kept, w.Violations, w.Share, w.Tier)));
}

using Azure;
using Azure.Data.Tables;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.Recording;

/// <summary>An insider with write access to the storage, who knows how everything is hashed, against a record with checkpoints.</summary>
public sealed class StorageAttackTests
{
    private const string Incident = "incident-a";
    private readonly RecordRig rig = new();

    /// <summary>Sealed; then the attack; then more is written, sealed and verified, as life goes on.</summary>
    private async Task<VerifyReport> AfterAsync(Func<Task> attack)
    {
        await rig.IncidentAsync(Incident);
        await rig.IncidentAsync("incident-b");
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.Checkpointer.RunAsync();
        Assert.Empty((await rig.VerifyAsync()).Findings);
        await attack();
        return await rig.VerifyAsync();
    }

    private static void Found(VerifyReport report, string attack, string where) =>
        Assert.True(
            report.Findings.Any(f => f.Attack == attack && f.Where.Contains(where, StringComparison.Ordinal)),
            $"wanted {attack} at {where}, got:\n{string.Join('\n', report.Findings)}"
        );

    private async Task ChangeAsync(int sequence, Action<TableEntity> change)
    {
        var row = (await rig.Table.GetEntityAsync<TableEntity>(Incident, RecordRig.RowOf(sequence))).Value;
        change(row);
        await rig.Table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace);
    }

    private Task<Response> RemoveAsync(string chain, string row) => rig.Table.DeleteEntityAsync(chain, row);

    [Fact]
    public async Task Kind_changed() => Found(await AfterAsync(() => ChangeAsync(6, r => r["Kind"] = "failed")), Attacks.Edited, "entry 6");

    [Fact]
    public async Task Time_set_back() =>
        Found(
            await AfterAsync(() => ChangeAsync(6, r => r["Ticks"] = r.GetInt64("Ticks") - TimeSpan.TicksPerHour)),
            Attacks.BackDated,
            "entry 6"
        );

    [Fact]
    public async Task Words_replaced_by_those_of_another_entry() =>
        Found(
            await AfterAsync(async () =>
            {
                var other = (await rig.Table.GetEntityAsync<TableEntity>(Incident, RecordRig.RowOf(1))).Value;
                await ChangeAsync(6, r => r["Sealed0"] = other.GetBinary("Sealed0"));
            }),
            Attacks.Damaged,
            "entry 6"
        );

    [Fact]
    public async Task Entry_deleted() =>
        Found(await AfterAsync(() => RemoveAsync(Incident, RecordRig.RowOf(3))), Attacks.Deleted, "entry 3");

    [Fact]
    public async Task Entries_swapped() =>
        Found(
            await AfterAsync(async () =>
            {
                var (a, b) = (
                    (await rig.Table.GetEntityAsync<TableEntity>(Incident, RecordRig.RowOf(2))).Value,
                    (await rig.Table.GetEntityAsync<TableEntity>(Incident, RecordRig.RowOf(3))).Value
                );
                (a.RowKey, b.RowKey) = (b.RowKey, a.RowKey);
                await rig.Table.UpdateEntityAsync(a, ETag.All, TableUpdateMode.Replace);
                await rig.Table.UpdateEntityAsync(b, ETag.All, TableUpdateMode.Replace);
            }),
            Attacks.Edited,
            "entry 2"
        );

    /// <summary>Removes the end of the chain and sets the head back, so that the chain itself looks whole.</summary>
    private async Task TruncateAsync(int keep)
    {
        for (var i = 7; i > keep; i--)
            await RemoveAsync(Incident, RecordRig.RowOf(i));
        var last = (await rig.Table.GetEntityAsync<TableEntity>(Incident, RecordRig.RowOf(keep))).Value;
        await rig.Table.UpsertEntityAsync(
            new TableEntity(Incident, "head")
            {
                ["Length"] = (long)keep,
                ["Hash"] = last.GetString("Hash"),
                ["Ticks"] = last.GetInt64("Ticks"),
            },
            TableUpdateMode.Replace
        );
    }

    [Fact]
    public async Task End_cut_off_with_the_head_set_back()
    {
        var report = await AfterAsync(() => TruncateAsync(5));
        Assert.Empty(AuditEntry.Check(await rig.Chain.ReadAsync(Incident))); // The chain alone does not tell.
        Found(report, Attacks.Truncated, $"{Incident} entries 6 to 7");
        var swept = Assert.Single(await rig.Checkpointer.SweepAsync());
        Assert.Equal(Attacks.Truncated, swept.Attack);
    }

    [Fact]
    public async Task End_cut_off_and_told_anew_is_found_when_the_next_checkpoint_is_made()
    {
        await AfterAsync(() => TruncateAsync(5));
        await rig.Chain.AppendAsync(Incident, [RecordRig.Fact("x1"), RecordRig.Fact("x2"), RecordRig.Fact("x3")]);
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        var run = await rig.Checkpointer.RunAsync();
        Assert.Equal(Attacks.Rewritten, Assert.Single(run.Findings).Attack);
        Assert.Contains(await rig.Chain.ReadAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.RecordBroken);
        Found(await rig.VerifyAsync(), Attacks.Rewritten, Incident);
        Assert.Single((await rig.Checkpointer.RunAsync()).Findings); // It stays wrong, and is recorded once.
        Assert.Single(await rig.Chain.ReadAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.RecordBroken);
    }

    [Fact]
    public async Task Whole_chain_removed()
    {
        Found(
            await AfterAsync(async () =>
            {
                await foreach (var row in rig.Table.QueryAsync<TableEntity>($"PartitionKey eq '{Incident}'"))
                    await RemoveAsync(Incident, row.RowKey);
            }),
            Attacks.DroppedChain,
            Incident
        );
        Assert.Equal(Attacks.DroppedChain, Assert.Single(await rig.Checkpointer.SweepAsync()).Attack);
        // The pipeline goes on writing, also where it remembered the head that is gone; what was dropped stays found.
        Assert.Single(await rig.Chain.AppendAsync(Incident, [RecordRig.Fact("afterwards")]));
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(Attacks.Truncated, Assert.Single((await rig.Checkpointer.RunAsync()).Findings).Attack);
    }

    [Fact]
    public async Task Key_destroyed_without_a_shredding_on_the_record() =>
        Found(
            await AfterAsync(async () =>
            {
                await rig.Tables.GetTableClient(ChainKeys.TableName).DeleteEntityAsync(Incident, "k0001");
                rig.Time.Advance(ChainKeys.Memory);
            }),
            Attacks.ContentRemoved,
            Incident
        );

    [Fact]
    public async Task Index_thrown_away_is_built_again_from_the_checkpoints()
    {
        await AfterAsync(async () =>
        {
            await rig.Tables.GetTableClient(RecordIndex.TableName).DeleteAsync();
            await rig.Tables.GetTableClient(RecordIndex.TableName).CreateAsync();
        });
        await rig.Chain.AppendAsync(Incident, [RecordRig.Fact("later")]);
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        var run = await rig.NewCheckpointer().RunAsync();
        Assert.Empty(run.Findings);
        Assert.Equal(2, Assert.Single(run.Made).Number);
        Assert.Empty((await rig.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Index_edited_to_forget_a_chain_does_not_help()
    {
        await AfterAsync(async () =>
        {
            var index = rig.Tables.GetTableClient(RecordIndex.TableName);
            await index.DeleteEntityAsync("tiles", "00000000");
            await index.UpsertEntityAsync(
                new TableEntity("state", "state")
                {
                    ["Number"] = 0L,
                    ["Hash"] = AuditEntry.NoHash,
                    ["At"] = 0L,
                    ["Cursor"] = 0L,
                },
                TableUpdateMode.Replace
            );
        });
        await rig.Chain.AppendAsync("incident-c", [RecordRig.Fact("c1")]);
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.NewCheckpointer().RunAsync();
        Assert.Empty((await rig.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Checkpoint_kept_by_a_witness_must_be_in_the_record()
    {
        await AfterAsync(() => Task.CompletedTask);
        var kept = Checkpoint.FromJson((await rig.Store.ReadAsync(1, default))!);
        Assert.Empty((await rig.VerifyAsync(kept)).Findings);
        Found(await rig.VerifyAsync(kept with { Root = new string('a', 64) }), Attacks.ReplacedCheckpoint, "checkpoint 1");
        Found(await rig.VerifyAsync(kept with { Number = 9 }), Attacks.DroppedCheckpoint, "checkpoint 9");
    }
}

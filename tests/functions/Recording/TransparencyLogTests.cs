using System.Text;
using Azure.Data.Tables;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.Recording;

/// <summary>The log grows with checkpoints, survives crashes, and does not sign what was changed beneath it.</summary>
public sealed class TransparencyLogTests
{
    private readonly RecordRig rig = new();

    private async Task<LogReport> VerifyAsync(LogCheckpoint? earlier = null)
    {
        var files = await rig.LogAsync();
        return await LogVerifier.VerifyAsync(
            p => files.GetValueOrDefault(p),
            new LogTrust(await rig.NewLog().KeysAsync(default), [], 0),
            earlier
        );
    }

    private async Task IncidentsAsync(int from, int to)
    {
        for (var i = from; i <= to; i++)
            await rig.IncidentAsync($"incident-{i}");
        rig.Time.Advance(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Each_checkpoint_continues_the_log_of_the_one_before()
    {
        LogCheckpoint? earlier = null;
        for (var i = 1; i <= 4; i++)
        {
            await IncidentsAsync(i, i);
            await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact($"more-{i}")]);
            Assert.Empty((await rig.NewCheckpointer().RunAsync()).Findings);
            var report = await VerifyAsync(earlier);
            Assert.Empty(report.Findings);
            Assert.Equal(8 * i, report.Checkpoint!.Size);
            earlier = report.Checkpoint;
        }
    }

    [Fact]
    public async Task The_log_and_the_export_tell_of_the_same_chains()
    {
        await IncidentsAsync(1, 3);
        await rig.Checkpointer.RunAsync();
        var (log, export) = (await VerifyAsync(), await rig.VerifyAsync());
        Assert.Empty(LogVerifier.Compare(log, export));
        Assert.Equal(export.Heads, log.Heads);
    }

    [Fact]
    public async Task Words_that_were_shredded_leave_the_log_as_it_was()
    {
        await IncidentsAsync(1, 2);
        await rig.Checkpointer.RunAsync();
        var before = await VerifyAsync();
        rig.Time.Advance(TimeSpan.FromHours(1));
        await rig.Keys.DestroyAsync("incident-1", default);
        await rig.Checkpointer.RunAsync();
        Assert.Empty((await VerifyAsync(before.Checkpoint)).Findings);
    }

    [Fact]
    public async Task Nothing_of_the_words_is_in_the_log()
    {
        await IncidentsAsync(1, 1);
        await rig.Checkpointer.RunAsync();
        Assert.All(
            (await rig.LogAsync()).Values,
            f => Assert.DoesNotContain("sign in", Encoding.UTF8.GetString(f), StringComparison.Ordinal)
        );
    }

    /// <summary>A process that died after it stored a checkpoint and before the log had it.</summary>
    [Fact]
    public async Task What_a_crash_left_out_is_taken_in_at_the_next_checkpoint()
    {
        await IncidentsAsync(1, 1);
        await rig.Checkpointer.RunAsync();
        var table = rig.Tables.GetTableClient(RecordIndex.TableName);
        var state = (await table.GetEntityAsync<TableEntity>("log", "log")).Value;
        var kept = (await VerifyAsync()).Checkpoint;
        await IncidentsAsync(2, 3);
        await rig.NewCheckpointer().RunAsync();
        await table.UpsertEntityAsync(state, TableUpdateMode.Replace); // Tiles have the entries, the state does not.
        await IncidentsAsync(4, 4);
        Assert.Empty((await rig.NewCheckpointer().RunAsync()).Findings);
        var report = await VerifyAsync(kept);
        Assert.Empty(report.Findings);
        Assert.Equal(28, report.Checkpoint!.Size);
    }

    [Fact]
    public async Task Tiles_that_somebody_changed_are_found_and_built_anew()
    {
        await IncidentsAsync(1, 2);
        await rig.Checkpointer.RunAsync();
        var kept = (await VerifyAsync()).Checkpoint;
        await ChangeAsync("log-00", "0000000000", "Hashes", new byte[14 * 32]);
        await IncidentsAsync(3, 3);
        var finding = Assert.Single((await rig.NewCheckpointer().RunAsync()).Findings);
        Assert.Equal("forged-log: tiles of the log: were changed, and were built anew", finding.ToString());
        Assert.Empty((await VerifyAsync(kept)).Findings);
    }

    [Fact]
    public async Task A_checkpoint_that_somebody_put_in_the_place_of_ours_is_dropped()
    {
        await IncidentsAsync(1, 2);
        await rig.Checkpointer.RunAsync();
        var kept = (await VerifyAsync()).Checkpoint;
        using var foreign = new LocalCheckpointKey();
        var signer = new EcdsaLogSigner(foreign);
        var key = await signer.KeyAsync("record.example/checkpoints", default);
        var text = new LogCheckpoint("record.example/checkpoints", 14, new byte[32]);
        var note = new SignedNote(text.ToString(), [new NoteSignature(key.Name, key.Id, await signer.SignAsync(text.ToBytes(), default))]);
        await ChangeAsync("log", "log", "Note", note.ToString());
        var finding = Assert.Single((await rig.NewCheckpointer().RunAsync()).Findings);
        Assert.Contains("that we did not sign", finding.What, StringComparison.Ordinal);
        Assert.Empty((await VerifyAsync(kept)).Findings);
    }

    /// <summary>With another key the last checkpoint no longer verifies; what it says still does.</summary>
    [Fact]
    public async Task A_key_that_was_rotated_is_no_finding_and_the_log_goes_on()
    {
        await IncidentsAsync(1, 2);
        await rig.Checkpointer.RunAsync();
        var kept = (await VerifyAsync()).Checkpoint;
        using var next = new LocalCheckpointKey();
        rig.Identity = rig.Identity with { Signers = [new EcdsaLogSigner(next)] };
        await IncidentsAsync(3, 3);
        Assert.Empty((await rig.NewCheckpointer().RunAsync()).Findings);
        Assert.Empty((await VerifyAsync(kept)).Findings);
    }

    [Fact]
    public async Task An_entry_rewritten_after_it_was_sealed_is_not_exported_as_a_log()
    {
        await IncidentsAsync(1, 1);
        await rig.Checkpointer.RunAsync();
        var row = (await rig.Table.GetEntityAsync<TableEntity>("incident-1", RecordRig.RowOf(3))).Value;
        row["Actor"] = "somebody";
        await rig.Table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        var e = await Assert.ThrowsAsync<FormatException>(rig.LogAsync);
        Assert.Contains("entry 2 of the log is not the one that was sealed", e.Message, StringComparison.Ordinal);
        var proof = await Assert.ThrowsAsync<FormatException>(() => new LogExport(rig.NewLog(), rig.Chain).ProveAsync("incident-1", 3));
        Assert.Contains("it was changed", proof.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_of_one_entry_out_of_many_needs_nothing_else_and_is_under_2_kb()
    {
        rig.Identity = rig.Identity with { Signers = [.. rig.Identity.Signers, Record.ForgedLog.Ed25519(9)] };
        await IncidentsAsync(1, 40);
        await rig.NewCheckpointer().RunAsync();
        var trust = new LogTrust(await rig.NewLog().KeysAsync(default), [], 0);
        for (var sequence = 1; sequence <= 7; sequence++)
        {
            var proof = await new LogExport(rig.NewLog(), rig.Chain).ProveAsync("incident-33", sequence);
            var bytes = Encoding.UTF8.GetBytes(proof.ToString());
            Assert.InRange(bytes.Length, 500, 2048);
            var entry = LogProof.Parse(bytes).Included(trust);
            Assert.Equal(("incident-33", sequence), (entry.Chain, entry.Sequence));
            Assert.Throws<FormatException>(() => (LogProof.Parse(bytes) with { Number = proof.Number + 1 }).Included(trust));
            Assert.Throws<FormatException>(() => (LogProof.Parse(bytes) with { Path = [.. proof.Path.Skip(1)] }).Included(trust));
            Assert.Throws<FormatException>(() => (LogProof.Parse(bytes) with { Entry = [.. proof.Entry!, 0] }).Included(trust));
        }
    }

    private async Task ChangeAsync(string partition, string row, string column, object value)
    {
        var table = rig.Tables.GetTableClient(RecordIndex.TableName);
        var entity = (await table.GetEntityAsync<TableEntity>(partition, row)).Value;
        entity[column] = value;
        await table.UpdateEntityAsync(entity, entity.ETag, TableUpdateMode.Replace);
    }
}

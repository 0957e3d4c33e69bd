using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Tests.Recording;

namespace IRFunctions.Tests.Record;

public sealed class AuditChainTests
{
    private readonly AuditChain chain = new RecordRig().Chain;

    private static AuditFact Fact(string id, string text = "something") => new(id, AuditKinds.Received, text, "pipeline");

    [Fact]
    public async Task Entries_are_linked_in_order_and_check_as_whole()
    {
        await chain.AppendAsync("i", [Fact("a"), Fact("b")]);
        await chain.AppendAsync("i", [Fact("c")]);
        var entries = await chain.ReadAsync("i");
        Assert.Equal(["a", "b", "c"], entries.Select(e => e.FactId));
        Assert.Empty(AuditEntry.Check(entries));
    }

    [Fact]
    public async Task The_same_fact_is_written_once_also_beside_new_ones()
    {
        await chain.AppendAsync("i", [Fact("a")]);
        Assert.Empty(await chain.AppendAsync("i", [Fact("a")]));
        Assert.Equal("b", Assert.Single(await chain.AppendAsync("i", [Fact("a"), Fact("b")])).FactId);
        Assert.Equal(2, (await chain.ReadAsync("i")).Count);
    }

    [Fact]
    public async Task Many_writers_at_once_lose_nothing_and_break_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => chain.AppendAsync("i", [Fact($"f{i}"), Fact($"g{i}")]))));
        var entries = await chain.ReadAsync("i");
        Assert.Equal(80, entries.Count);
        Assert.Empty(AuditEntry.Check(entries));
    }

    [Fact]
    public async Task A_writer_whose_memory_of_the_chain_is_old_looks_again()
    {
        var rig = new RecordRig();
        var other = new AuditChain(rig.Tables, rig.Time);
        await rig.Chain.AppendAsync("i", [Fact("a")]);
        await other.AppendAsync("i", [Fact("b")]);
        Assert.Equal(["c"], (await rig.Chain.AppendAsync("i", [Fact("b"), Fact("c")])).Select(e => e.FactId));
        Assert.Equal(["d"], (await other.AppendAsync("i", [Fact("d")])).Select(e => e.FactId));
        var entries = await other.ReadAsync("i");
        Assert.Equal(["a", "b", "c", "d"], entries.Select(e => e.FactId));
        Assert.Empty(AuditEntry.Check(entries));
    }

    [Fact]
    public async Task More_facts_than_one_transaction_holds_are_still_one_chain()
    {
        await chain.AppendAsync("i", [.. Enumerable.Range(0, 100).Select(i => Fact($"f{i}"))]);
        var entries = await chain.ReadAsync("i");
        Assert.Equal(100, entries.Count);
        Assert.Empty(AuditEntry.Check(entries));
    }

    [Theory]
    [InlineData("edited")]
    [InlineData("removed")]
    [InlineData("swapped")]
    [InlineData("back-dated")]
    [InlineData("rehashed")]
    public async Task Tampering_shows(string how)
    {
        await chain.AppendAsync("i", [Fact("a"), Fact("b"), Fact("c")]);
        var entries = (await chain.ReadAsync("i")).ToList();
        switch (how)
        {
            case "edited":
                entries[1] = entries[1] with { Text = "nothing to see" };
                break;
            case "removed":
                entries.RemoveAt(1);
                break;
            case "swapped":
                (entries[0], entries[1]) = (entries[1], entries[0]);
                break;
            case "back-dated":
                entries[1] = entries[1] with { At = entries[1].At.AddHours(-1) };
                break;
            default:
                entries[1] = (entries[1] with { Text = "nothing to see" }).Sealed();
                break;
        }
        Assert.NotEmpty(AuditEntry.Check(entries));
    }
}

using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.Recording;

/// <summary>
/// What is written at once fits the Table service's transactions, 100 rows and 4 MiB of request body, however much there is (issue 14,
/// fault 7). The embedded tables refuse what the service refuses.
/// </summary>
public sealed class TransactionSizeTests
{
    [Theory]
    [InlineData(101)]
    [InlineData(250)]
    public async Task Many_facts_of_the_widest_text_are_written_whole_and_in_order(int count)
    {
        var chain = new RecordRig().Chain;
        AuditFact[] facts =
        [
            .. Enumerable
                .Range(0, count)
                .Select(n => new AuditFact($"f-{n}", AuditKinds.Decided, Wide.Japanese(400), "policy", Incompressible(30_000, n))),
        ];
        Assert.Equal(count, (await chain.AppendAsync("incident-wide", facts)).Count);
        Assert.Empty(await chain.AppendAsync("incident-wide", facts)); // A step that is repeated.
        var read = await chain.ReadAsync("incident-wide");
        Assert.Equal(facts.Select(f => f.Data), read.Select(e => e.Data));
        Assert.Empty(AuditEntry.Check(read));
    }

    [Fact]
    public async Task One_fact_larger_than_a_row_is_cut_and_written()
    {
        var chain = new RecordRig().Chain;
        await chain.AppendAsync(
            "i",
            [new AuditFact("f", AuditKinds.Decided, Wide.Emoji(2_000_001), "policy", Incompressible(1_000_000, 1))]
        );
        var entry = Assert.Single(await chain.ReadAsync("i"));
        Assert.Equal(ContentState.Readable, entry.Content);
        Assert.InRange(entry.Text.Length, 7_999, 8_000);
        Assert.Contains("\"cut\":1000000", entry.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(101)]
    [InlineData(250)]
    [InlineData(30_000)]
    public async Task A_checkpoint_of_many_chains_is_remembered(int count)
    {
        var heads = new HeadIndex(new RecordRig().Tables);
        HeadChange[] changes = [.. Enumerable.Range(0, count).Select(n => new HeadChange(n, $"incident-{n}", 1, new string('a', 64)))];
        var checkpoint = new Checkpoint
        {
            Number = 1,
            At = DateTimeOffset.UnixEpoch,
            Chains = count,
            Root = Convert.ToHexStringLower(heads.Put(changes)),
            ChangesHash = Checkpoint.HashOf(changes),
            Previous = AuditEntry.NoHash,
            Key = new string('0', 64),
            Changes = changes,
        };
        await heads.StoreAsync(checkpoint, DateTimeOffset.UnixEpoch, default);
        var all = 0;
        await foreach (var _ in heads.AllAsync(default))
            all++;
        Assert.Equal(count, all);
    }

    private static string Incompressible(int length, int seed)
    {
        var random = new Random(seed);
        return string.Create(
            length,
            random,
            static (span, r) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = (char)r.Next(0x4E00, 0x9FFF);
            }
        );
    }
}

using System.Globalization;
using Azure.Data.Tables;

namespace IRFunctions.Tests.Tables;

public abstract partial class TableContract
{
    private async Task Given(params string[] keys)
    {
        foreach (var key in keys)
            await table.AddEntityAsync(Row(key.Split('/')[0], key.Split('/')[1]));
    }

    [Fact]
    public async Task Rows_come_in_order_of_partition_and_row_ordinal()
    {
        await Given("b/1", "a/b", "a/B", "a/10", "a/9", "B/1");
        Assert.Equal("B/1 a/10 a/9 a/B a/b b/1", await Keys());
    }

    [Theory]
    [InlineData("PartitionKey eq 'a'", "a/1 a/2 a/3")]
    [InlineData("PartitionKey eq 'a' and RowKey ge '2'", "a/2 a/3")]
    [InlineData("PartitionKey eq 'a' and RowKey gt '1' and RowKey lt '3'", "a/2")]
    [InlineData("PartitionKey eq 'a' and RowKey le '2'", "a/1 a/2")]
    [InlineData("PartitionKey eq 'a' and RowKey ne '2'", "a/1 a/3")]
    [InlineData("PartitionKey gt 'a'", "b/1 b/2 c/1")]
    [InlineData("PartitionKey ge 'b' and PartitionKey lt 'c'", "b/1 b/2")]
    [InlineData("PartitionKey le 'b' and RowKey eq '1'", "a/1 b/1")]
    [InlineData("RowKey eq '2'", "a/2 b/2")]
    [InlineData("PartitionKey eq 'a' and RowKey eq '1' or PartitionKey eq 'c'", "a/1 c/1")]
    [InlineData("(PartitionKey eq 'a' or PartitionKey eq 'b') and RowKey eq '2'", "a/2 b/2")]
    [InlineData("not (PartitionKey eq 'a')", "b/1 b/2 c/1")]
    [InlineData("PartitionKey eq 'a' and PartitionKey eq 'b'", "")]
    [InlineData("PartitionKey eq 'zz'", "")]
    [InlineData("", "a/1 a/2 a/3 b/1 b/2 c/1")]
    public async Task A_filter_on_keys_finds_exactly_its_rows(string filter, string expected)
    {
        await Given("a/1", "a/2", "a/3", "b/1", "b/2", "c/1");
        Assert.Equal(expected, await Keys(filter));
    }

    [Fact]
    public async Task A_prefix_range_finds_the_rows_with_that_prefix()
    {
        await Given("p/alert-1", "p/alert-2", "p/alerts", "p/alert.", "p/zeta");
        Assert.Equal("p/alert-1 p/alert-2", await Keys("PartitionKey eq 'p' and RowKey ge 'alert-' and RowKey lt 'alert.'"));
    }

    [Fact]
    public async Task A_filter_compares_properties_by_their_type()
    {
        var id = Guid.NewGuid();
        await table.AddEntityAsync(
            new TableEntity("p", "1")
            {
                ["N"] = 5,
                ["L"] = 5L,
                ["D"] = 1.5,
                ["B"] = true,
                ["T"] = Moment,
                ["G"] = id,
                ["S"] = "x",
            }
        );
        await table.AddEntityAsync(
            new TableEntity("p", "2")
            {
                ["N"] = 10,
                ["L"] = 1L << 40,
                ["D"] = 2.5,
                ["B"] = false,
                ["T"] = Moment.AddMilliseconds(1),
                ["G"] = Guid.NewGuid(),
                ["S"] = "y",
            }
        );
        await table.AddEntityAsync(new TableEntity("p", "3"));
        Assert.Equal("p/2", await Keys(TableClient.CreateQueryFilter($"N gt {9}")));
        Assert.Equal("p/1", await Keys(TableClient.CreateQueryFilter($"N ge {-3} and N le {5}")));
        Assert.Equal("p/2", await Keys(TableClient.CreateQueryFilter($"L eq {1L << 40}")));
        Assert.Equal("p/1", await Keys(TableClient.CreateQueryFilter($"D lt {2.0}")));
        Assert.Equal("p/2", await Keys(TableClient.CreateQueryFilter($"B eq {false}")));
        Assert.Equal("p/1", await Keys(TableClient.CreateQueryFilter($"T le {Moment}")));
        Assert.Equal("p/1", await Keys(TableClient.CreateQueryFilter($"G eq {id}")));
        Assert.Equal("p/2", await Keys(TableClient.CreateQueryFilter($"S gt {"x"} and PartitionKey eq {"p"}")));
    }

    [Fact]
    public async Task Pages_hold_what_was_asked_and_continue_where_they_ended()
    {
        await Given([.. Enumerable.Range(0, 25).Select(i => $"p/{i:D3}"), "q/1"]);
        var pages = new List<string>();
        string? token = null;
        do
        {
            // A new query each time: a continuation must work from its token alone, as the operator page uses it.
            await using var page = table.QueryAsync<TableEntity>("PartitionKey eq 'p'").AsPages(token, 10).GetAsyncEnumerator();
            if (!await page.MoveNextAsync())
                break;
            pages.Add($"{(page.Current.Values.Count > 0 ? page.Current.Values[0].RowKey : "")}+{page.Current.Values.Count}");
            token = page.Current.ContinuationToken;
        } while (token is not null);
        Assert.Equal(["000+10", "010+10", "020+5"], pages.Where(page => page != "+0"));
    }

    [Fact]
    public async Task A_page_continues_across_odd_keys()
    {
        string[] keys = ["100%", "a b", "it's", "~ ключ 🔑"];
        foreach (var key in keys)
            await table.AddEntityAsync(Row(key, key));
        var read = new List<string>();
        await foreach (var page in table.QueryAsync<TableEntity>(maxPerPage: 1).AsPages())
            read.AddRange(page.Values.Select(row => row.RowKey));
        Assert.Equal(keys, read);
    }

    [Fact]
    public async Task More_rows_than_a_page_holds_are_all_enumerated_in_order()
    {
        foreach (var chunk in Enumerable.Range(0, 1250).Chunk(100))
            await table.SubmitTransactionAsync(
                chunk.Select(i => new TableTransactionAction(TableTransactionActionType.Add, Row("p", $"{i:D5}")))
            );
        var rows = await Query();
        Assert.Equal(Enumerable.Range(0, 1250), rows.Select(row => int.Parse(row.RowKey, CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("PartitionKey eq")]
    [InlineData("PartitionKey like 'a'")]
    [InlineData("(PartitionKey eq 'a'")]
    public async Task What_is_no_filter_is_refused(string filter)
    {
        var refused = await Assert.ThrowsAnyAsync<Azure.RequestFailedException>(() => Query(filter));
        Assert.Equal(400, refused.Status);
    }
}

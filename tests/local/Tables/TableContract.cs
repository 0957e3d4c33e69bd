using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Tests.Tables;

/// <summary>What the pipeline relies on a table to do; holds for the embedded tables and for the service's emulator alike.</summary>
public abstract partial class TableContract : IAsyncLifetime
{
    private TableClient table = null!;

    protected abstract TableServiceClient Service { get; }

    public virtual async Task InitializeAsync()
    {
        table = Service.GetTableClient($"t{Guid.NewGuid():n}");
        await table.CreateIfNotExistsAsync();
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    private static TableEntity Row(string partition, string row, string value = "v") => new(partition, row) { ["Value"] = value };

    private static async Task<RequestFailedException> Refused(Func<Task> act, int status, string code)
    {
        var refused = await Assert.ThrowsAnyAsync<RequestFailedException>(act);
        Assert.Equal((status, code), (refused.Status, refused.ErrorCode));
        return refused;
    }

    private async Task<List<TableEntity>> Query(string? filter = null)
    {
        var rows = new List<TableEntity>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter))
            rows.Add(row);
        return rows;
    }

    private async Task<string> Keys(string? filter = null) =>
        string.Join(' ', (await Query(filter)).Select(row => $"{row.PartitionKey}/{row.RowKey}"));

    private async Task<string?> Value(string partition, string row) =>
        (await table.GetEntityAsync<TableEntity>(partition, row)).Value.GetString("Value");

    [Fact]
    public async Task A_table_is_created_once_and_again_without_error()
    {
        await table.CreateIfNotExistsAsync();
        await Refused(() => table.CreateAsync(), 409, "TableAlreadyExists");
    }

    [Fact]
    public async Task A_table_that_was_never_created_is_not_found()
    {
        var missing = Service.GetTableClient("neverCreated");
        await Refused(() => missing.AddEntityAsync(Row("p", "r")), 404, "TableNotFound");
        await Refused(async () => await missing.QueryAsync<TableEntity>().GetAsyncEnumerator().MoveNextAsync(), 404, "TableNotFound");
    }

    [Fact]
    public async Task A_deleted_table_is_gone_and_deleting_it_again_is_no_error()
    {
        await table.AddEntityAsync(Row("p", "r"));
        Assert.Equal(204, (await table.DeleteAsync()).Status);
        Assert.Equal(404, (await table.DeleteAsync()).Status);
    }

    [Fact]
    public async Task An_entity_comes_back_as_it_was_added_with_an_etag_and_a_timestamp()
    {
        var response = await table.AddEntityAsync(Row("p", "r", "one"));
        Assert.Equal(204, response.Status);
        var read = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(("p", "r", "one"), (read.PartitionKey, read.RowKey, read.GetString("Value")));
        Assert.NotNull(read.Timestamp);
        Assert.Equal(response.Headers.ETag!.Value, read.ETag);
        Assert.NotEqual(default, read.ETag);
    }

    [Fact]
    public async Task Adding_what_is_there_is_a_conflict_and_changes_nothing()
    {
        await table.AddEntityAsync(Row("p", "r", "one"));
        await Refused(() => table.AddEntityAsync(Row("p", "r", "two")), 409, "EntityAlreadyExists");
        Assert.Equal("one", await Value("p", "r"));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await Refused(() => table.GetEntityAsync<TableEntity>("p", "r"), 404, "ResourceNotFound");
        await Refused(() => table.UpdateEntityAsync(Row("p", "r"), ETag.All), 404, "ResourceNotFound");
        var maybe = await table.GetEntityIfExistsAsync<TableEntity>("p", "r");
        Assert.False(maybe.HasValue);
        Assert.Equal(404, (await table.DeleteEntityAsync("p", "r")).Status);
    }

    [Fact]
    public async Task What_is_there_is_found_by_asking_whether_it_exists()
    {
        await table.AddEntityAsync(Row("p", "r", "one"));
        var maybe = await table.GetEntityIfExistsAsync<TableEntity>("p", "r");
        Assert.True(maybe.HasValue);
        Assert.Equal("one", maybe.Value!.GetString("Value"));
    }

    [Fact]
    public async Task Updating_with_the_etag_read_succeeds_and_changes_the_etag()
    {
        await table.AddEntityAsync(Row("p", "r", "one"));
        var read = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        read["Value"] = "two";
        var response = await table.UpdateEntityAsync(read, read.ETag, TableUpdateMode.Replace);
        var again = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal("two", again.GetString("Value"));
        Assert.NotEqual(read.ETag, again.ETag);
        Assert.Equal(response.Headers.ETag!.Value, again.ETag);
    }

    [Fact]
    public async Task A_lost_etag_is_refused_for_update_and_delete()
    {
        var stale = (await table.AddEntityAsync(Row("p", "r", "one"))).Headers.ETag!.Value;
        await table.UpsertEntityAsync(Row("p", "r", "two"));
        await Refused(
            () => table.UpdateEntityAsync(Row("p", "r", "three"), stale, TableUpdateMode.Replace),
            412,
            "UpdateConditionNotSatisfied"
        );
        await Refused(() => table.UpdateEntityAsync(Row("p", "r", "three"), stale), 412, "UpdateConditionNotSatisfied");
        await Refused(() => table.DeleteEntityAsync("p", "r", stale), 412, "UpdateConditionNotSatisfied");
        Assert.Equal("two", await Value("p", "r"));
    }

    [Fact]
    public async Task An_etag_does_not_survive_deleting_and_adding_the_same_row()
    {
        var stale = (await table.AddEntityAsync(Row("p", "r", "one"))).Headers.ETag!.Value;
        await table.DeleteEntityAsync("p", "r");
        await table.AddEntityAsync(Row("p", "r", "one"));
        await Refused(() => table.UpdateEntityAsync(Row("p", "r", "two"), stale), 412, "UpdateConditionNotSatisfied");
    }

    [Fact]
    public async Task Updating_without_saying_which_version_is_refused_before_anything_is_sent()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => table.UpdateEntityAsync(Row("p", "r"), default));
    }

    [Fact]
    public async Task Merge_keeps_what_the_new_entity_does_not_name_and_replace_drops_it()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = "1", ["B"] = "1" });
        await table.UpdateEntityAsync(new TableEntity("p", "r") { ["B"] = "2" }, ETag.All, TableUpdateMode.Merge);
        var merged = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(("1", "2"), (merged.GetString("A"), merged.GetString("B")));
        await table.UpdateEntityAsync(new TableEntity("p", "r") { ["B"] = "3" }, ETag.All, TableUpdateMode.Replace);
        var replaced = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal((null, "3"), (replaced.GetString("A"), replaced.GetString("B")));
    }

    [Fact]
    public async Task Upsert_adds_what_is_missing_and_merges_or_replaces_what_is_there()
    {
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["A"] = "1" });
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["B"] = "1" }, TableUpdateMode.Merge);
        var merged = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(("1", "1"), (merged.GetString("A"), merged.GetString("B")));
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["B"] = "2" }, TableUpdateMode.Replace);
        var replaced = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal((null, "2"), (replaced.GetString("A"), replaced.GetString("B")));
    }

    [Fact]
    public async Task Delete_removes_the_row_with_its_etag_or_with_any()
    {
        var etag = (await table.AddEntityAsync(Row("p", "1"))).Headers.ETag!.Value;
        await table.AddEntityAsync(Row("p", "2"));
        Assert.Equal(204, (await table.DeleteEntityAsync("p", "1", etag)).Status);
        Assert.Equal(204, (await table.DeleteEntityAsync(Row("p", "2"))).Status);
        Assert.Equal("", await Keys());
    }

    [Fact]
    public async Task Select_returns_only_what_was_asked_for()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = "1", ["B"] = "2" });
        var read = (await table.GetEntityAsync<TableEntity>("p", "r", ["B"])).Value;
        Assert.Equal((null, "2"), (read.GetString("A"), read.GetString("B")));
    }

    [Fact]
    public async Task A_hundred_writers_who_compare_and_swap_the_head_row_all_get_through_exactly_once()
    {
        const int writers = 100;
        await table.AddEntityAsync(new TableEntity("chain", "head") { ["Length"] = 0 });
        var eight = new ParallelOptions { MaxDegreeOfParallelism = 8 };
        await Parallel.ForEachAsync(Enumerable.Range(0, writers), eight, async (writer, _) => await Append(writer));
        var head = (await table.GetEntityAsync<TableEntity>("chain", "head")).Value;
        Assert.Equal(writers, head.GetInt32("Length"));
        var entries = await Query("PartitionKey eq 'chain' and RowKey ne 'head'");
        Assert.Equal(Enumerable.Range(0, writers), entries.Select(entry => entry.GetInt32("Writer")!.Value).Order());
        Assert.Equal(Enumerable.Range(1, writers), entries.Select(entry => int.Parse(entry.RowKey, CultureInfo.InvariantCulture)));
    }

    // One entry and the new head in one transaction, again and again until no one else was faster.
    private async Task Append(int writer)
    {
        while (true)
        {
            var head = (await table.GetEntityAsync<TableEntity>("chain", "head")).Value;
            var length = head.GetInt32("Length")!.Value + 1;
            head["Length"] = length;
            var entry = new TableEntity("chain", length.ToString("D6", CultureInfo.InvariantCulture)) { ["Writer"] = writer };
            try
            {
                await table.SubmitTransactionAsync([
                    new TableTransactionAction(TableTransactionActionType.UpdateReplace, head, head.ETag),
                    new TableTransactionAction(TableTransactionActionType.Add, entry),
                ]);
                return;
            }
            catch (TableTransactionFailedException e) when (e.Status is 412 or 409) { }
        }
    }
}

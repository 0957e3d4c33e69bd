using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Tests.Tables;

public abstract partial class TableContract
{
    private static TableTransactionAction Add(string partition, string row, string value = "v") =>
        new(TableTransactionActionType.Add, Row(partition, row, value));

    private static TableTransactionAction Change(TableTransactionActionType type, string row, ETag etag) =>
        new(type, Row("p", row, "changed"), etag);

    private async Task<TableTransactionFailedException> Fails(int status, string code, int index, params TableTransactionAction[] actions)
    {
        var failed = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(actions));
        Assert.Equal((status, code, index), (failed.Status, failed.ErrorCode, failed.FailedTransactionActionIndex));
        return failed;
    }

    [Fact]
    public async Task A_transaction_does_every_kind_of_action_and_answers_each()
    {
        await table.AddEntityAsync(new TableEntity("p", "merge") { ["A"] = "1" });
        await table.AddEntityAsync(new TableEntity("p", "replace") { ["A"] = "1" });
        await table.AddEntityAsync(Row("p", "delete"));
        var response = await table.SubmitTransactionAsync([
            Add("p", "add"),
            new(TableTransactionActionType.UpdateMerge, new TableEntity("p", "merge") { ["B"] = "2" }),
            new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "replace") { ["B"] = "2" }),
            new(TableTransactionActionType.Delete, Row("p", "delete")),
            new(TableTransactionActionType.UpsertMerge, Row("p", "upsert1")),
            new(TableTransactionActionType.UpsertReplace, Row("p", "upsert2")),
        ]);
        Assert.All(response.Value, each => Assert.Equal(204, each.Status));
        Assert.Equal(6, response.Value.Count);
        Assert.Equal("p/add p/merge p/replace p/upsert1 p/upsert2", await Keys());
        Assert.Equal("1", (await table.GetEntityAsync<TableEntity>("p", "merge")).Value.GetString("A"));
        var replaced = (await table.GetEntityAsync<TableEntity>("p", "replace")).Value;
        Assert.Null(replaced.GetString("A"));
        Assert.Equal(replaced.ETag, response.Value[2].Headers.ETag!.Value);
    }

    [Fact]
    public async Task A_transaction_with_one_failing_action_does_nothing_and_names_it()
    {
        await table.AddEntityAsync(Row("p", "there"));
        await Fails(409, "EntityAlreadyExists", 2, Add("p", "1"), Add("p", "2"), Add("p", "there"), Add("p", "4"));
        Assert.Equal("p/there", await Keys());
    }

    [Fact]
    public async Task A_transaction_with_a_lost_etag_does_nothing_and_names_it()
    {
        var stale = (await table.AddEntityAsync(Row("p", "head", "one"))).Headers.ETag!.Value;
        await table.UpsertEntityAsync(Row("p", "head", "two"));
        await Fails(412, "UpdateConditionNotSatisfied", 1, Add("p", "1"), Change(TableTransactionActionType.UpdateReplace, "head", stale));
        Assert.Equal("p/head", await Keys());
        Assert.Equal("two", await Value("p", "head"));
    }

    [Fact]
    public async Task A_transaction_that_updates_what_is_missing_does_nothing_and_names_it()
    {
        await Fails(404, "ResourceNotFound", 1, Add("p", "1"), Change(TableTransactionActionType.UpdateMerge, "missing", ETag.All));
        Assert.Equal("", await Keys());
    }

    [Fact]
    public async Task A_transaction_names_each_row_once()
    {
        await Fails(400, "InvalidDuplicateRow", 1, Add("p", "1"), Change(TableTransactionActionType.UpsertReplace, "1", default));
        Assert.Equal("", await Keys());
    }

    [Fact]
    public async Task A_transaction_takes_a_hundred_actions_and_no_more()
    {
        await table.SubmitTransactionAsync(Enumerable.Range(0, 100).Select(i => Add("p", $"{i:D3}")));
        Assert.Equal(100, (await Query()).Count);
        // The official client cannot read Azurite's refusal of more than a hundred and throws InvalidOperationException instead of the 400:
        // nobody may count on what is thrown.
        var refused = await Xunit.Record.ExceptionAsync(() =>
            table.SubmitTransactionAsync(Enumerable.Range(0, 101).Select(i => Add("q", $"{i:D3}")))
        );
        Assert.True(refused is RequestFailedException { Status: 400 } or InvalidOperationException, $"{refused}");
        Assert.Equal("", await Keys("PartitionKey eq 'q'"));
    }

    [Fact]
    public async Task An_empty_transaction_is_a_mistake_of_the_caller()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => table.SubmitTransactionAsync([]));
    }

    [Fact]
    public async Task A_transaction_carries_text_that_looks_like_its_own_frame()
    {
        const string text = "HTTP/1.1 409 Conflict\r\n\r\n--changesetresponse_x--\r\n";
        await table.SubmitTransactionAsync([Add("p", "1", text), Add("p", "2", "plain")]);
        Assert.Equal(text, await Value("p", "1"));
    }
}

using System.Runtime.Serialization;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Tests.Tables;

public abstract partial class TableContract
{
    private static readonly DateTimeOffset Moment = new DateTimeOffset(2026, 3, 4, 3, 2, 1, TimeSpan.FromHours(2)).AddTicks(1_234_567);

    [Fact]
    public async Task Every_type_comes_back_as_it_was()
    {
        var id = Guid.NewGuid();
        await table.AddEntityAsync(
            new TableEntity("p", "r")
            {
                ["Text"] = "ünïcode 🚨 \"quoted\" \\ \n\t",
                ["Empty"] = "",
                ["Small"] = int.MinValue,
                ["Large"] = long.MaxValue,
                ["Real"] = 0.1,
                ["Whole"] = 3.0,
                ["Yes"] = true,
                ["Moment"] = Moment,
                ["Id"] = id,
                ["Bytes"] = new byte[] { 0, 1, 254, 255 },
            }
        );
        var read = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal("ünïcode 🚨 \"quoted\" \\ \n\t", read.GetString("Text"));
        Assert.Equal("", read.GetString("Empty"));
        Assert.Equal(int.MinValue, read.GetInt32("Small"));
        Assert.Equal(long.MaxValue, read.GetInt64("Large"));
        Assert.Equal(0.1, read.GetDouble("Real"));
        Assert.Equal(3.0, read.GetDouble("Whole"));
        Assert.True(read.GetBoolean("Yes"));
        Assert.Equal(Moment, read.GetDateTimeOffset("Moment"));
        Assert.Equal(TimeSpan.Zero, read.GetDateTimeOffset("Moment")!.Value.Offset);
        Assert.Equal(id, read.GetGuid("Id"));
        Assert.Equal([0, 1, 254, 255], read.GetBinary("Bytes"));
        Assert.Null(read.GetString("Missing"));
        Assert.Throws<InvalidOperationException>(() => read.GetInt32("Text"));
    }

    [Fact]
    public async Task A_class_of_ours_comes_back_as_it_was()
    {
        var hold = new Hold
        {
            PartitionKey = "p",
            RowKey = "r",
            Count = 7,
            Total = 1L << 40,
            Until = Moment,
            State = HoldState.Live,
            Renamed = "x",
        };
        await table.AddEntityAsync(hold);
        var read = (await table.GetEntityAsync<Hold>("p", "r")).Value;
        Assert.Equal(
            ("p", "r", 7, 1L << 40, Moment, HoldState.Live, "x", null),
            (read.PartitionKey, read.RowKey, read.Count, read.Total, read.Until!.Value, read.State, read.Renamed, read.Note)
        );
        Assert.NotEqual(default, read.ETag);
        Assert.NotNull(read.Timestamp);
        read.Count = 8;
        await table.UpdateEntityAsync(read, read.ETag, TableUpdateMode.Replace);
        var row = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(
            (8, "Live", "x", false),
            (row.GetInt32("Count"), row.GetString("State"), row.GetString("renamed"), row.ContainsKey("Note"))
        );
    }

    [Theory]
    [InlineData("it's")]
    [InlineData("''")]
    [InlineData("two words ")]
    [InlineData(" leading")]
    [InlineData("100%")]
    [InlineData("%41%2f")]
    [InlineData("a+b")]
    [InlineData("a:b@c;d,e=f&g")]
    [InlineData("(x)[y]{z}<>|^~`!$*")]
    [InlineData("\"double\"")]
    [InlineData("..")]
    [InlineData("Ünïcødé ключ 键 🔑")]
    [InlineData("@counter@k1")]
    [InlineData("alice@contoso.example")]
    [InlineData("' or 'a' eq 'a")]
    public async Task Odd_keys_are_only_keys(string key)
    {
        await table.AddEntityAsync(Row(key, key, "odd"));
        await table.AddEntityAsync(Row(key, "other", "plain"));
        Assert.Equal("odd", await Value(key, key));
        await table.UpdateEntityAsync(Row(key, key, "changed"), ETag.All);
        var found = Assert.Single(await Query(TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey eq {key}")));
        Assert.Equal((key, key, "changed"), (found.PartitionKey, found.RowKey, found.GetString("Value")));
        await table.SubmitTransactionAsync([new TableTransactionAction(TableTransactionActionType.UpsertReplace, Row(key, key, "again"))]);
        Assert.Equal("again", await Value(key, key));
        Assert.Equal(204, (await table.DeleteEntityAsync(key, key)).Status);
        Assert.Equal("other", Assert.Single(await Query()).RowKey);
    }

    [Fact]
    public async Task Keys_may_be_empty()
    {
        await table.AddEntityAsync(Row("", "", "empty"));
        Assert.Equal("empty", await Value("", ""));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("a?b")]
    [InlineData("a\tb")]
    public async Task Forbidden_key_characters_are_refused(string key)
    {
        var refused = await Assert.ThrowsAnyAsync<RequestFailedException>(() => table.AddEntityAsync(Row("p", key)));
        Assert.Equal(400, refused.Status);
    }

    [Fact]
    public async Task Properties_of_64_KiB_are_stored_and_larger_ones_refused()
    {
        var (text, bytes) = (new string('ä', 32 * 1024), new byte[64 * 1024]);
        Array.Fill(bytes, (byte)0xA5);
        await table.AddEntityAsync(new TableEntity("p", "r") { ["Text"] = text, ["Bytes"] = bytes });
        var read = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(text, read.GetString("Text"));
        Assert.Equal(bytes, read.GetBinary("Bytes"));
        await Refused(() => table.AddEntityAsync(Row("p", "long", text + "x")), 400, "PropertyValueTooLarge");
        await Refused(
            () => table.AddEntityAsync(new TableEntity("p", "big") { ["Bytes"] = new byte[64 * 1024 + 1] }),
            400,
            "PropertyValueTooLarge"
        );
    }

    [Fact]
    public async Task Null_properties_are_not_stored()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = null, ["B"] = "b" });
        Assert.False((await table.GetEntityAsync<TableEntity>("p", "r")).Value.ContainsKey("A"));
    }

    [Fact]
    public async Task Text_that_is_not_text_is_stored_as_the_wire_makes_of_it()
    {
        await table.AddEntityAsync(Row("p", "r", "half \uD83D pair"));
        Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("half \uD83D pair")), await Value("p", "r"));
    }

    public enum HoldState
    {
        Planned,
        Live,
    }

    public sealed class Hold : ITableEntity
    {
        public string PartitionKey { get; set; } = "";

        public string RowKey { get; set; } = "";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }

        public int Count { get; set; }

        public long Total { get; set; }

        public DateTimeOffset? Until { get; set; }

        public HoldState State { get; set; }

        public string? Note { get; set; }

        [DataMember(Name = "renamed")]
        public string Renamed { get; set; } = "";

        [IgnoreDataMember]
        public object? Ignored { get; set; } = new();
    }
}

using Azure;
using Azure.Data.Tables;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;

namespace IRFunctions.Tests.Tables;

/// <summary>
/// What the service promises and its emulator does not keep, so that only the embedded tables are held to it; and what is theirs.
/// </summary>
#pragma warning disable CA1001 // xunit disposes of it asynchronously.
public sealed class EmbeddedTables : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"irf-embedded-{Guid.NewGuid():n}.db");
    private SqliteFile file = null!;

    public Task InitializeAsync()
    {
        file = new SqliteFile(path, "");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await file.DisposeAsync();
        foreach (var part in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(part);
    }

    private async Task ForBoth(Func<TableClient, Task> test)
    {
        EmbeddedTableServiceClient[] both = [new(TimeProvider.System), new(file, TimeProvider.System)];
        foreach (var service in both)
        {
            await service.CreateTableIfNotExistsAsync("Rows");
            await test(service.GetTableClient("rows")); // names do not tell letter case apart
        }
    }

    private static async Task Refused(string code, Func<Task> act)
    {
        var refused = await Assert.ThrowsAnyAsync<RequestFailedException>(act);
        Assert.Equal((400, code), (refused.Status, refused.ErrorCode));
    }

    private static async Task<List<TableEntity>> Query(TableClient table, string? filter)
    {
        var rows = new List<TableEntity>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter))
            rows.Add(row);
        return rows;
    }

    [Fact]
    public Task A_transaction_stays_in_one_partition() =>
        ForBoth(async table =>
        {
            TableTransactionAction[] actions =
            [
                new(TableTransactionActionType.Add, new TableEntity("p", "1")),
                new(TableTransactionActionType.Add, new TableEntity("q", "1")),
            ];
            var failed = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(actions));
            Assert.Equal(
                (400, "CommandsInBatchActOnDifferentPartitions", 1),
                (failed.Status, failed.ErrorCode, failed.FailedTransactionActionIndex)
            );
            Assert.Empty(await Query(table, null));
        });

    [Fact]
    public Task An_entity_has_at_most_252_properties_and_1_MiB_also_after_merging() =>
        ForBoth(async table =>
        {
            await Refused("TooManyProperties", () => table.AddEntityAsync(Wide("P", 253)));
            await table.AddEntityAsync(Wide("P", 252));
            await Refused("TooManyProperties", () => table.UpsertEntityAsync(Wide("Q", 1)));
            await Refused("EntityTooLarge", () => table.AddEntityAsync(Wide("P", 17, new string('x', 32 * 1024))));

            static TableEntity Wide(string prefix, int count, object? value = null)
            {
                var entity = new TableEntity("p", "wide");
                for (var i = 0; i < count; i++)
                    entity[$"{prefix}{i}"] = value ?? i;
                return entity;
            }
        });

    [Fact]
    public Task A_key_has_at_most_512_characters_and_is_text() =>
        ForBoth(async table =>
        {
            await Refused("KeyValueTooLarge", () => table.AddEntityAsync(new TableEntity("p", new string('k', 513))));
            await Refused("OutOfRangeInput", () => table.AddEntityAsync(new TableEntity("p", "half \uDC00")));
            await Refused("PropertiesNeedValue", () => table.AddEntityAsync(new TableEntity { PartitionKey = "p" }));
        });

    [Fact]
    public Task A_property_has_a_name_and_a_type_the_service_knows() =>
        ForBoth(async table =>
        {
            await Refused("PropertyNameInvalid", () => table.AddEntityAsync(new TableEntity("p", "r") { ["not a name"] = 1 }));
            await Refused("PropertyNameTooLong", () => table.AddEntityAsync(new TableEntity("p", "r") { [new string('n', 256)] = 1 }));
            await Refused("OutOfRangeInput", () => table.AddEntityAsync(new TableEntity("p", "r") { ["T"] = DateTimeOffset.MinValue }));
            await Assert.ThrowsAsync<NotSupportedException>(() =>
                table.AddEntityAsync(new TableEntity("p", "r") { ["T"] = TimeSpan.Zero })
            );
        });

    [Fact]
    public Task A_filter_is_complete_and_has_at_most_15_comparisons() =>
        ForBoth(async table =>
        {
            await Refused("InvalidInput", () => Query(table, "PartitionKey eq 'a"));
            await Refused("InvalidInput", () => Query(table, string.Join(" or ", Enumerable.Range(0, 16).Select(i => $"N eq {i}"))));
            await Refused("InvalidInput", () => Query(table, new string('(', 10_000)));
            Assert.Empty(await Query(table, string.Join(" or ", Enumerable.Range(0, 15).Select(i => $"N eq {i}"))));
        });

    [Fact]
    public Task A_moment_is_compared_to_the_tick() =>
        ForBoth(async table =>
        {
            var moment = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
            await table.AddEntityAsync(new TableEntity("p", "r") { ["T"] = moment.AddTicks(1) });
            Assert.Empty(await Query(table, TableClient.CreateQueryFilter($"T le {moment}")));
            Assert.Single(await Query(table, TableClient.CreateQueryFilter($"T gt {moment}")));
        });

    [Fact]
    public Task Keys_are_in_the_order_of_their_code_points_in_both_stores() =>
        ForBoth(async table =>
        {
            string[] ordered = ["A", "a", "é", "\uD7FF", "\uE000", "\uFFFD", "🔑"];
            foreach (var key in ordered.Reverse())
                await table.AddEntityAsync(new TableEntity("p", key));
            Assert.Equal(ordered, (await Query(table, null)).Select(row => row.RowKey));
            Assert.Equal(["\uFFFD", "🔑"], (await Query(table, "PartitionKey eq 'p' and RowKey gt '\uE000'")).Select(row => row.RowKey));
        });

    [Fact]
    public Task What_was_read_and_then_changed_in_memory_is_not_stored() =>
        ForBoth(async table =>
        {
            await table.AddEntityAsync(new TableEntity("p", "r") { ["B"] = new byte[] { 1 } });
            (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetBinary("B")![0] = 9;
            Assert.Equal([1], (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetBinary("B"));
        });

    [Fact]
    public async Task A_file_keeps_rows_and_never_gives_an_etag_twice_across_a_restart()
    {
        var table = await Open();
        await table.AddEntityAsync(new TableEntity("p", "kept") { ["N"] = 1 });
        var stale = (await table.AddEntityAsync(new TableEntity("p", "gone"))).Headers.ETag!.Value;
        await table.DeleteEntityAsync("p", "gone");
        await file.DisposeAsync();
        file = new SqliteFile(path, "");
        table = await Open();
        Assert.Equal(1, (await table.GetEntityAsync<TableEntity>("p", "kept")).Value.GetInt32("N"));
        Assert.NotEqual(stale, (await table.AddEntityAsync(new TableEntity("p", "gone"))).Headers.ETag!.Value);

        async Task<TableClient> Open()
        {
            var client = new EmbeddedTableServiceClient(file, TimeProvider.System).GetTableClient("rows");
            await client.CreateIfNotExistsAsync();
            return client;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sorted_rows_agree_with_a_plain_sorted_set_whatever_is_done_to_them(int seed)
    {
        var (random, rows, model) = (new Random(seed), new SortedRows(), new SortedSet<string>(StringComparer.Ordinal));
        for (var step = 0; step < 20_000; step++)
        {
            var key = random.Next(6_000).ToString("D4", System.Globalization.CultureInfo.InvariantCulture);
            if (random.Next(3) > 0)
            {
                (rows.Partition(key[..3]) ?? rows.Add(key[..3])).Set(new TableRow(key[..3], key, step, default, []));
                model.Add(key);
            }
            else
            {
                rows.Partition(key[..3])?.Remove(key);
                if (rows.Partition(key[..3]) is { IsEmpty: true })
                    rows.Drop(key[..3]);
                model.Remove(key);
            }
            Assert.Equal(model.Contains(key), rows.Partition(key[..3])?.Find(key) is not null);
        }
        Assert.Equal(model, rows.From("", "").Select(row => row.RowKey));
        Assert.Equal(model.Where(key => string.CompareOrdinal(key, "3000") >= 0), rows.From("300", "3000").Select(row => row.RowKey));
        Assert.Empty(rows.From("6", ""));
    }

    [Fact]
    public async Task A_range_of_one_partition_among_many_rows_is_found()
    {
        var storage = new MemoryTableStorage();
        await storage.CreateAsync("t");
        for (var i = 0; i < 1000; i++)
        {
            var partition = $"p{i * 7919 % 1000:D3}"; // not in order
            var rows = Enumerable.Range(900, 100).Select(row => new RowChange(TableTransactionActionType.Add, partition, $"{row:D3}", []));
            await storage.WriteAsync("t", [.. rows], default);
        }
        var compared = TableFilterParser.Parse("PartitionKey eq 'p500' and RowKey ge '990'").Range();
        Assert.Equal(new KeyRange("p500", "990", "p500", null), compared);
        Assert.Equal(10, (await storage.ReadAsync("t", compared, 1000)).Count);
        Assert.NotNull(await storage.GetAsync("t", "p999", "999"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Rows_left_alone_are_packed_and_come_back_as_they_were(int unpacked)
    {
        var storage = new MemoryTableStorage(unpacked);
        await storage.CreateAsync("t");
        var id = Guid.NewGuid();
        var at = new DateTimeOffset(2026, 11, 21, 3, 0, 0, TimeSpan.Zero);
        KeyValuePair<string, object>[] values =
        [
            new("Text", new string('\u00e4', 300)),
            new("Long", long.MinValue),
            new("Int", -1),
            new("Flag", true),
            new("Double", 0.1),
            new("At", at),
            new("Id", id),
            new("Bytes", new byte[] { 1, 2, 3 }),
        ];
        for (var i = 0; i < 300; i++)
        {
            var changes = Enumerable
                .Range(0, 5)
                .Select(n => new RowChange(TableTransactionActionType.Add, $"p{i % 3}", $"{(i * 7919) % 300:D3}-{n}", values))
                .ToArray();
            await storage.WriteAsync("t", changes, at);
        }
        await storage.WriteAsync("t", [new RowChange(TableTransactionActionType.Delete, "p2", "001-0", [])], at);

        var all = await storage.ReadAsync("t", KeyRange.All, 10_000);
        Assert.Equal(1499, all.Count);
        Assert.Equal(
            all.OrderBy(r => r.PartitionKey, StringComparer.Ordinal).ThenBy(r => r.RowKey, StringComparer.Ordinal).Select(r => r.RowKey),
            all.Select(r => r.RowKey)
        );
        Assert.Equal(1500, all.Select(r => r.Version).Distinct().Count() + 1);
        Assert.All(
            all,
            row =>
            {
                Assert.Equal(at, row.Timestamp);
                Assert.Equal(values.Select(v => v.Key), row.Properties.Select(v => v.Key));
                Assert.Equal(values.Select(v => v.Value), row.Properties.Select(v => v.Value));
            }
        );
        var one = (await storage.GetAsync("t", "p1", "002-3"))!;
        var changed = await storage.WriteAsync(
            "t",
            [new RowChange(TableTransactionActionType.UpdateMerge, "p1", "002-3", [new("Int", 7)], one.ETag)],
            at
        );
        Assert.Equal((7, true), (changed[0]!["Int"], changed[0]!["Flag"]));
        await Assert.ThrowsAsync<ChangeRefusedException>(() =>
            storage.WriteAsync("t", [new RowChange(TableTransactionActionType.UpdateMerge, "p1", "002-3", [new("Int", 8)], one.ETag)], at)
        );
    }
}

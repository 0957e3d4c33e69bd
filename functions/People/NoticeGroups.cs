using System.Globalization;
using System.Text.Json.Serialization;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;

namespace IRFunctions.People;

/// <summary>What a page is about. In a flood, pages of one kind and severity are joined; those that each need a hand never are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageKind>))]
public enum PageKind
{
    /// <summary>Never joined: a rollback that failed, drift, the watchdog, the record.</summary>
    Unjoined,

    /// <summary>A request waits for an answer.</summary>
    Request,

    /// <summary>A recommendation that people carry out or leave (tier 3 and the like).</summary>
    Recommendation,

    /// <summary>Something for an analyst to know.</summary>
    Notification,

    /// <summary>A request ended and nothing ran.</summary>
    NotRun,

    /// <summary>Something was contained.</summary>
    Contained,

    /// <summary>Something was approved, or would run by itself, and was refused.</summary>
    Refused,
}

/// <summary>A group of notices, and how many of them go out for themselves.</summary>
/// <param name="About">What its members have in common.</param>
/// <param name="Alone">How many of a window go out for themselves; the others are joined.</param>
/// <param name="Window">A window begins at a multiple of this since year 1.</param>
public sealed record NoticeGroup(string About, int Alone, TimeSpan Window);

/// <summary>A notice that is joined to others of its group.</summary>
/// <param name="Key">The same for all that are joined in this window.</param>
/// <param name="Number">Which of its group in this window it is, from 1.</param>
/// <param name="First">Whether it is the first that is joined: the one that people hear.</param>
public sealed record JoinedNotice(string Key, int Number, bool First, DateTimeOffset Since, DateTimeOffset Until);

/// <summary>
/// People's attention has a budget (S8). The table "notices" counts what of one group went out in a window: the first few for themselves,
/// the others joined to one. After a window with a flood the next one joins from its first notice on.
/// </summary>
/// <remarks>
/// A partition for each group; a row for each notice, so that one that is tried again keeps its number, and a row with the count, both
/// written in one transaction. A new window removes the rows of all but the one before.
/// </remarks>
public sealed class NoticeGroups(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "notices";

    private const int MostTries = 20;
    private const int MostInTransaction = 100; // Table service, entity group transactions.
    private const string Count = "Count";
    private const string Floods = "Floods";
    private const string Number = "Number";

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <returns>Null where this notice goes out for itself.</returns>
    /// <exception cref="RequestFailedException">The table cannot be read or written: whoever tells people tells them alone.</exception>
    public async Task<JoinedNotice?> JoinAsync(NoticeGroup group, string key, CancellationToken cancellation)
    {
        var start = new DateTimeOffset(time.GetUtcNow().UtcTicks / group.Window.Ticks * group.Window.Ticks, TimeSpan.Zero);
        var (partition, window) = (Fingerprint.Of(group.About), WindowKey(start));
        for (var attempt = 1; ; attempt++)
        {
            var counter = await ReadAsync(partition, window, cancellation);
            var own = await ReadAsync(partition, $"{window}-{Fingerprint.Of(key)}", cancellation);
            if (own is not null)
                return Joined(group, counter?.GetBoolean(Floods) ?? false, own.GetInt32(Number) ?? 1, start);
            try
            {
                return await AddAsync(group, key, start, counter, cancellation);
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && attempt < MostTries)
            {
                // Somebody else counted in between.
            }
        }
    }

    private async Task<JoinedNotice?> AddAsync(
        NoticeGroup group,
        string key,
        DateTimeOffset start,
        TableEntity? counter,
        CancellationToken cancellation
    )
    {
        var (partition, window) = (Fingerprint.Of(group.About), WindowKey(start));
        var number = (counter?.GetInt32(Count) ?? 0) + 1;
        var floods = counter?.GetBoolean(Floods) ?? await WasFloodAsync(group, partition, start, cancellation);
        var counted = new TableEntity(partition, window) { [Count] = number, [Floods] = floods };
        var own = new TableEntity(partition, $"{window}-{Fingerprint.Of(key)}") { [Number] = number };
        await table.SubmitTransactionAsync(
            [
                counter is null
                    ? new TableTransactionAction(TableTransactionActionType.Add, counted)
                    : new TableTransactionAction(TableTransactionActionType.UpdateReplace, counted, counter.ETag),
                new TableTransactionAction(TableTransactionActionType.Add, own),
            ],
            cancellation
        );
        if (counter is null)
            await RemoveBeforeAsync(partition, WindowKey(start - group.Window), cancellation);
        return Joined(group, floods, number, start);
    }

    private static JoinedNotice? Joined(NoticeGroup group, bool floods, int number, DateTimeOffset start)
    {
        var alone = floods ? 0 : group.Alone;
        return number <= alone
            ? null
            : new JoinedNotice(
                $"many-{Fingerprint.Of(group.About, WindowKey(start))}",
                number,
                number == alone + 1,
                start,
                start + group.Window
            );
    }

    private async Task<bool> WasFloodAsync(NoticeGroup group, string partition, DateTimeOffset start, CancellationToken cancellation) =>
        await ReadAsync(partition, WindowKey(start - group.Window), cancellation) is { } before && before.GetInt32(Count) > group.Alone;

    private async Task RemoveBeforeAsync(string partition, string window, CancellationToken cancellation)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey lt {window}");
        var old = table.QueryAsync<TableEntity>(filter, MostInTransaction, ["PartitionKey", "RowKey"], cancellation);
        await foreach (var page in old.AsPages().WithCancellation(cancellation))
            if (page.Values.Count > 0)
                await table.SubmitTransactionAsync(
                    page.Values.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row)),
                    cancellation
                );
    }

    private async Task<TableEntity?> ReadAsync(string partition, string row, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellation);
        return found.HasValue ? found.Value : null;
    }

    private static string WindowKey(DateTimeOffset start) => start.UtcTicks.ToString("D19", CultureInfo.InvariantCulture);
}

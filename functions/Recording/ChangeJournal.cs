using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;

namespace IRFunctions.Recording;

/// <summary>
/// Which chains got entries in which minute, noted before the entries are stored. It lets checkpoints and search read what changed instead
/// of everything, and costs one small row a chain and minute, not one an entry.
/// </summary>
/// <remarks>
/// Rows: partition minute and shard ("2026112303001"), row the first entry's time in ticks and the chain. Sixteen shards, since one
/// partition takes some 2,000 writes a second. Writers of one chain in several processes may note it once each.
/// </remarks>
public sealed class ChangeJournal(TableServiceClient tables)
{
    public const string TableName = "auditchanges";
    private const int MaxRemembered = 100_000;
    private const int TicksLength = 19;
    private const string MinuteFormat = "yyyyMMddHHmm";
    private const uint Shards = 16;
    private const int Dense = 1_000; // notes of one minute that are read and sorted at once; a page of the table service
    private static readonly string[] Keys = ["PartitionKey", "RowKey"];

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly Remembered<long> noted = new(MaxRemembered);

    /// <summary>Call before storing entries with this time.</summary>
    public Task NoteAsync(string chain, DateTimeOffset at, CancellationToken cancellation)
    {
        var minute = at.UtcTicks / TimeSpan.TicksPerMinute;
        return noted.TryGet(chain, out var last) && last == minute ? Task.CompletedTask : NoteAsync(chain, at, minute, cancellation);
    }

    private async Task NoteAsync(string chain, DateTimeOffset at, long minute, CancellationToken cancellation)
    {
        await table.UpsertEntityAsync(
            new TableEntity(MinuteOf(at) + ShardOf(chain), $"{at.UtcTicks:D19}-{chain}"),
            TableUpdateMode.Replace,
            cancellation
        );
        noted.Set(chain, minute); // Only now: another writer of the same chain must not rely on a note that is not there yet.
    }

    /// <summary>
    /// Chains with entries in these minutes, both included, with the time of their first entry of the minute; in order of that time.
    /// </summary>
    public async IAsyncEnumerable<(DateTimeOffset First, string Chain)> ReadAsync(
        DateTimeOffset from,
        DateTimeOffset to,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        string? start = MinuteOf(from);
        while (start is not null)
        {
            var filter = TableClient.CreateQueryFilter($"PartitionKey ge {start} and PartitionKey le {MinuteOf(to) + "~"}");
            var (minute, notes) = ("", new List<(DateTimeOffset First, string Chain)>());
            start = null;
            await foreach (var row in table.QueryAsync<TableEntity>(filter, select: Keys, cancellationToken: cancellation))
            {
                if (NoteOf(row) is not { } note)
                    continue;
                if (minute != row.PartitionKey[..^1])
                {
                    foreach (var earlier in notes.OrderBy(n => n.First))
                        yield return earlier;
                    notes.Clear();
                    minute = row.PartitionKey[..^1];
                }
                notes.Add(note);
                if (notes.Count < Dense)
                    continue;
                start = minute + "~";
                break;
            }
            if (start is null)
            {
                foreach (var note in notes.OrderBy(n => n.First))
                    yield return note;
            }
            else
            {
                await foreach (var note in MergeAsync(minute, cancellation))
                    yield return note;
            }
        }
    }

    /// <summary>The notes of one minute in order, each shard read only as far as somebody asks.</summary>
    private async IAsyncEnumerable<(DateTimeOffset First, string Chain)> MergeAsync(
        string minute,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var next = new PriorityQueue<IAsyncEnumerator<TableEntity>, (long, int)>();
        var open = new List<IAsyncEnumerator<TableEntity>>();
        try
        {
            for (var shard = 0; shard < (int)Shards; shard++)
            {
                var filter = TableClient.CreateQueryFilter($"PartitionKey eq {minute + shard.ToString("x", CultureInfo.InvariantCulture)}");
                open.Add(
                    table.QueryAsync<TableEntity>(filter, select: Keys, cancellationToken: cancellation).GetAsyncEnumerator(cancellation)
                );
                await AdvanceAsync(next, open[^1], shard);
            }
            while (next.TryDequeue(out var shard, out var place))
            {
                yield return NoteOf(shard.Current)!.Value;
                await AdvanceAsync(next, shard, place.Item2);
            }
        }
        finally
        {
            foreach (var shard in open)
                await shard.DisposeAsync();
        }
    }

    private static async Task AdvanceAsync(
        PriorityQueue<IAsyncEnumerator<TableEntity>, (long, int)> next,
        IAsyncEnumerator<TableEntity> shard,
        int number
    )
    {
        while (await shard.MoveNextAsync())
        {
            if (NoteOf(shard.Current) is not { } note)
                continue;
            next.Enqueue(shard, (note.First.UtcTicks, number));
            return;
        }
    }

    /// <summary>Null for a row that is none of ours.</summary>
    private static (DateTimeOffset First, string Chain)? NoteOf(TableEntity row) =>
        row.RowKey.Length > TicksLength && long.TryParse(row.RowKey.AsSpan(0, TicksLength), CultureInfo.InvariantCulture, out var ticks)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), row.RowKey[(TicksLength + 1)..])
            : null;

    private static string MinuteOf(DateTimeOffset at) => at.UtcDateTime.ToString(MinuteFormat, CultureInfo.InvariantCulture);

    private static string ShardOf(string chain) => (Fnv(chain) % Shards).ToString("x", CultureInfo.InvariantCulture);

    /// <summary>FNV-1a: the same in every process, which string.GetHashCode is not.</summary>
    private static uint Fnv(string text)
    {
        var hash = 2166136261u;
        foreach (var letter in text)
            hash = (hash ^ letter) * 16777619u;
        return hash;
    }
}

using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Recording;

/// <summary>The key that opens the words of a chain.</summary>
/// <param name="Number">1, 2, ...; a chain gets the next one where it grows after its words were shredded.</param>
public sealed record ChainKey(int Number, byte[] Secret);

/// <summary>Somebody wants the words of a chain gone.</summary>
/// <param name="Entries">How many the chain had; one that grew since is another wish.</param>
public sealed record ShredWish(string By, DateTimeOffset At, int Entries);

/// <summary>
/// One key a chain, in a table of its own so that it can have other readers and no copies. Destroying it is how personal data leaves the
/// record without breaking it.
/// </summary>
public sealed class ChainKeys(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "auditkeys";
    private const string WishRow = "shred";
    private const int MaxRemembered = 20_000;

    /// <summary>
    /// How long a process may go on with a key that another destroyed; a chain is shredded only after resting longer than this.
    /// </summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly Remembered<(ChainKey Key, DateTimeOffset Until)> remembered = new(MaxRemembered);

    /// <summary>The key for new entries; made on first use.</summary>
    /// <param name="isNew">The chain has no entries: its key is made without looking first, and only read where another writer was
    /// faster.</param>
    public async Task<ChainKey> ForWritingAsync(string chain, bool isNew, CancellationToken cancellation)
    {
        if (remembered.TryGet(chain, out var known) && known.Until > time.GetUtcNow())
            return known.Key;
        for (var (number, look) = (1, !isNew); ; look = true)
        {
            var row = look ? await table.GetEntityIfExistsAsync<TableEntity>(chain, RowOf(number), cancellationToken: cancellation) : null;
            if (row is { HasValue: true })
            {
                if (row.Value!.GetBinary("Secret") is { } secret)
                    return Remember(chain, new ChainKey(number, secret));
                number++; // That one was destroyed.
                continue;
            }
            var made = new ChainKey(number, RandomNumberGenerator.GetBytes(32));
            try
            {
                await table.AddEntityAsync(
                    new TableEntity(chain, RowOf(number)) { ["Secret"] = made.Secret, ["MadeAt"] = time.GetUtcNow() },
                    cancellation
                );
                return Remember(chain, made);
            }
            catch (RequestFailedException e) when (e.Status == 409)
            {
                // Another writer made it; read it.
            }
        }
    }

    /// <summary>All keys of a chain that still exist, by number.</summary>
    public async Task<IReadOnlyDictionary<int, ChainKey>> ForReadingAsync(string chain, CancellationToken cancellation)
    {
        if (remembered.TryGet(chain, out var known) && known.Key.Number == 1 && known.Until > time.GetUtcNow())
            return new Dictionary<int, ChainKey> { [1] = known.Key };
        var keys = new Dictionary<int, ChainKey>();
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {chain}"),
                cancellationToken: cancellation
            )
        )
        {
            // A row that is none of ours opens nothing; what it should have opened is found damaged.
            if (
                row.RowKey.Length < 2
                || !int.TryParse(row.RowKey.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture, out var number)
            )
                continue;
            if (row.TryGetValue("Secret", out var stored) && stored is byte[] secret)
                keys[number] = new ChainKey(number, secret);
        }
        return keys;
    }

    /// <summary>Destroys every key of a chain. The rows stay, empty, so that their number is never given out again.</summary>
    public async Task DestroyAsync(string chain, CancellationToken cancellation)
    {
        foreach (var number in (await ForReadingAsync(chain, cancellation)).Keys)
            await table.UpsertEntityAsync(
                new TableEntity(chain, RowOf(number)) { ["DestroyedAt"] = time.GetUtcNow() },
                TableUpdateMode.Replace,
                cancellation
            );
        remembered.Forget(chain);
    }

    /// <summary>Who wants a chain shredded and waits for a second person; null where nobody does.</summary>
    public async Task<ShredWish?> FindWishAsync(string chain, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(chain, WishRow, cancellationToken: cancellation);
        return found is { HasValue: true, Value: { } row } && row.GetString("By") is { } by
            ? new ShredWish(by, row.GetDateTimeOffset("At") ?? default, row.GetInt32("Entries") ?? 0)
            : null;
    }

    public Task KeepWishAsync(string chain, ShredWish wish, CancellationToken cancellation) =>
        table.UpsertEntityAsync(
            new TableEntity(chain, WishRow)
            {
                ["By"] = wish.By,
                ["At"] = wish.At,
                ["Entries"] = wish.Entries,
            },
            TableUpdateMode.Replace,
            cancellation
        );

    private ChainKey Remember(string chain, ChainKey key)
    {
        remembered.Set(chain, (key, time.GetUtcNow() + Memory));
        return key;
    }

    private static string RowOf(int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"k{number:D4}");
}

using System.Globalization;
using Azure.Data.Tables;
using IRFunctions.Record;
using IRFunctions.Storage;

namespace IRFunctions.Recording;

/// <summary>
/// What the last checkpoint knew: the head and leaf of every chain, the leaves in tiles of 256, and how far the journal was read. Only a
/// cache:
/// everything in it can be rebuilt from the checkpoints, and is where it does not match them.
/// </summary>
/// <remarks>
/// Rows in <see cref="RecordIndex.TableName"/>: partition "heads-00" to "heads-ff", row the chain; partition "tiles", row the tile;
/// "state".
/// </remarks>
public sealed class HeadIndex(TableServiceClient tables)
{
    private const int TileLeaves = 256;
    private const int HashLength = 32;

    // of 100 operations a transaction; a tile's 8 KiB of hashes are 11 KB as base64, so that 90 are 1 MB of 4
    private const int MaxBatch = 90;
    private const string Tiles = "tiles";

    private readonly TableClient table = tables.GetTableClient(RecordIndex.TableName);

    /// <summary>The tree as of checkpoint <see cref="Number"/>; in memory, 64 bytes a chain.</summary>
    public MerkleTree Tree { get; private set; } = new();

    public long Number { get; private set; }

    public string Hash { get; private set; } = AuditEntry.NoHash;

    public DateTimeOffset At { get; private set; }

    /// <summary>The journal was read up to here.</summary>
    public DateTimeOffset Cursor { get; private set; }

    /// <summary>Reads the index where this process does not hold its present state.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>("state", "state", cancellationToken: cancellation);
        var number = row.HasValue ? row.Value!.GetInt64("Number") ?? 0 : 0;
        Cursor = new DateTimeOffset(row.HasValue ? row.Value!.GetInt64("Cursor") ?? 0 : 0, TimeSpan.Zero);
        if (number == Number && number > 0)
            return;
        Number = number;
        Hash = row.HasValue ? row.Value!.GetString("Hash") ?? "" : AuditEntry.NoHash;
        At = new DateTimeOffset(row.HasValue ? row.Value!.GetInt64("At") ?? 0 : 0, TimeSpan.Zero);
        Tree = new MerkleTree();
        await foreach (
            var tile in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {Tiles}"),
                cancellationToken: cancellation
            )
        )
        {
            if (!int.TryParse(tile.RowKey, CultureInfo.InvariantCulture, out var place))
                continue; // None of ours; a tree that does not fit its checkpoint is built anew.
            var start = place * TileLeaves;
            // A crash may have left a tile behind its successors; the checkpoint that is applied again fills it.
            while (Tree.Count < start)
                Tree.Set(Tree.Count, new byte[HashLength]);
            foreach (
                var hash in ((tile.TryGetValue("Hashes", out var hashes) ? hashes as byte[] : null) ?? [])
                    .Chunk(HashLength)
                    .Where(h => h.Length == HashLength)
            )
                Tree.Set(Tree.Count, hash);
        }
    }

    /// <summary>Up to when the last checkpoint read the journal, whatever this process remembers.</summary>
    internal static async Task<DateTimeOffset> CursorAsync(TableClient table, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>("state", "state", ["Cursor"], cancellation);
        return new DateTimeOffset(row.HasValue ? row.Value!.GetInt64("Cursor") ?? 0 : 0, TimeSpan.Zero);
    }

    /// <summary>How many entries of a chain the last checkpoint knew.</summary>
    internal static async Task<long> LengthAsync(TableClient table, string chain, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(PartitionOf(chain), chain, ["Length"], cancellation);
        return row.HasValue && row.Value!.TryGetValue("Length", out var length) && length is long known ? known : 0;
    }

    /// <summary>A chain as the last checkpoint knew it; null where it did not.</summary>
    public async Task<HeadChange?> FindAsync(string chain, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(PartitionOf(chain), chain, cancellationToken: cancellation);
        return row.HasValue ? FromRow(row.Value!) : null;
    }

    /// <summary>Every chain any checkpoint ever knew.</summary>
    public async IAsyncEnumerable<HeadChange> AllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey ge {"heads-"} and PartitionKey lt {"heads."}"),
                cancellationToken: cancellation
            )
        )
            yield return FromRow(row);
    }

    /// <summary>Puts changes into the tree in memory; returns the new root.</summary>
    public byte[] Put(IEnumerable<HeadChange> changes)
    {
        foreach (var change in changes)
        {
            while (Tree.Count < change.Leaf)
                Tree.Set(Tree.Count, new byte[HashLength]);
            Tree.Set(change.Leaf, change.LeafHash());
        }
        return Tree.Root();
    }

    /// <summary>
    /// Stores what a checkpoint changed; safe to repeat. The state comes last, so that a crash repeats rather than skips.
    /// </summary>
    public async Task StoreAsync(Checkpoint checkpoint, DateTimeOffset cursor, CancellationToken cancellation)
    {
        var changes = checkpoint.Changes ?? [];
        foreach (var partition in changes.GroupBy(c => PartitionOf(c.Chain)))
            await UpsertAsync(
                partition.Select(c => new TableEntity(partition.Key, c.Chain)
                {
                    ["Leaf"] = c.Leaf,
                    ["Length"] = c.Length,
                    ["Hash"] = c.Hash,
                }),
                cancellation
            );
        await UpsertAsync(changes.Select(c => c.Leaf / TileLeaves).Distinct().Order().Select(Tile), cancellation);
        Number = checkpoint.Number;
        Hash = checkpoint.Hash();
        At = checkpoint.At;
        await MoveAsync(cursor, cancellation);
    }

    /// <summary>Remembers how far the journal was read.</summary>
    public async Task MoveAsync(DateTimeOffset cursor, CancellationToken cancellation)
    {
        Cursor = cursor;
        await table.UpsertEntityAsync(
            new TableEntity("state", "state")
            {
                ["Number"] = Number,
                ["Hash"] = Hash,
                ["At"] = At.UtcTicks,
                ["Cursor"] = cursor.UtcTicks,
            },
            TableUpdateMode.Replace,
            cancellation
        );
    }

    /// <summary>Forgets everything, to be rebuilt from the checkpoints.</summary>
    public void Reset()
    {
        (Tree, Number, Hash, At, Cursor) = (new MerkleTree(), 0, AuditEntry.NoHash, default, default);
    }

    private TableEntity Tile(int tile)
    {
        var count = Math.Min(TileLeaves, Tree.Count - tile * TileLeaves);
        var hashes = new byte[count * HashLength];
        for (var i = 0; i < count; i++)
            Tree.Leaf(tile * TileLeaves + i).CopyTo(hashes, i * HashLength);
        return new TableEntity(Tiles, tile.ToString("D8", CultureInfo.InvariantCulture)) { ["Hashes"] = hashes };
    }

    private async Task UpsertAsync(IEnumerable<TableEntity> rows, CancellationToken cancellation)
    {
        foreach (var batch in rows.Chunk(MaxBatch))
            await table.SubmitTransactionAsync(
                batch.Select(r => new TableTransactionAction(TableTransactionActionType.UpsertReplace, r)),
                cancellation
            );
    }

    /// <summary>What cannot be read fits no chain, and is found to have been changed.</summary>
    private static HeadChange FromRow(TableEntity row)
    {
        try
        {
            return RowReading.Read(
                row,
                RecordIndex.TableName,
                r => new HeadChange(r.GetInt32("Leaf") ?? 0, r.RowKey, r.GetInt64("Length") ?? 0, r.GetString("Hash") ?? "")
            );
        }
        catch (UnreadableRowException)
        {
            return new HeadChange(0, row.RowKey, 0, "");
        }
    }

    private static string PartitionOf(string chain) => "heads-" + RecordIndex.Digest(chain)[..2];
}

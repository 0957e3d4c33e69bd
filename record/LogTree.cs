using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace IRFunctions.Record;

/// <summary>Up to 256 consecutive hashes of one level of a log's tree (c2sp.org/tlog-tiles).</summary>
/// <param name="Level">0 holds hashes of entries; one of level n + 1 is the root over a full tile of level n.</param>
/// <param name="Hashes">32 bytes each, one after the other.</param>
public sealed record Tile(int Level, long Index, byte[] Hashes)
{
    /// <summary>Hashes in a full tile; fixed by the specification.</summary>
    public const int FullWidth = 256;
    public const int HashLength = 32;

    public int Width => Hashes.Length / HashLength;

    /// <summary>`tile/L/N` or `tile/L/N.p/W`.</summary>
    public string Path => PathOf(Level.ToString(CultureInfo.InvariantCulture), Index, Width);

    /// <summary>Where the entries stand whose hashes are this tile of level 0.</summary>
    public static string EntriesPath(long index, int width) => PathOf("entries", index, width);

    private static string PathOf(string level, long index, int width)
    {
        var name = (index % 1000).ToString("D3", CultureInfo.InvariantCulture);
        for (var rest = index / 1000; rest > 0; rest /= 1000)
            name = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:D3}/{name}");
        return width == FullWidth ? $"tile/{level}/{name}" : string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{name}.p/{width}");
    }
}

/// <summary>Where the tiles of a log are.</summary>
public interface ITileReader
{
    /// <summary>The first <paramref name="width"/> hashes of a tile.</summary>
    /// <exception cref="FormatException">They are not there.</exception>
    Task<byte[]> ReadAsync(int level, long index, int width, CancellationToken cancellation);
}

/// <summary>
/// The tree of RFC 6962 over a log of a given size, read from tiles: its root, proofs that an entry is in it and that it continues an
/// earlier one, and what tiles it gets with more entries. Reads a few tiles, however large the log is.
/// </summary>
public sealed class LogTree(ITileReader tiles, long size)
{
    private const int TileHeight = 8;
    private readonly Dictionary<(int Level, long Index), byte[]> read = [];

    public long Size => size;

    public Task<byte[]> RootAsync(CancellationToken cancellation) => RootAsync(size, cancellation);

    /// <summary>Root of the log as it was when it had fewer entries.</summary>
    public async Task<byte[]> RootAsync(long earlier, CancellationToken cancellation) =>
        earlier == 0 ? MerkleTree.EmptyRoot : await HashAsync(0, InLog(earlier), cancellation);

    /// <summary>Hash of one entry.</summary>
    public Task<byte[]> LeafAsync(long index, CancellationToken cancellation) => CompleteAsync(0, InLog(index + 1) - 1, cancellation);

    /// <summary>Hashes beside the way from an entry to the root, lowest first (RFC 6962 section 2.1.1).</summary>
    public async Task<IReadOnlyList<byte[]>> InclusionAsync(long index, CancellationToken cancellation)
    {
        InLog(index + 1);
        var (from, to, path) = (0L, size, new List<byte[]>());
        while (to - from > 1)
        {
            var middle = from + Half(to - from);
            (long From, long To) beside = index < middle ? (middle, to) : (from, middle);
            path.Add(await HashAsync(beside.From, beside.To, cancellation));
            (from, to) = index < middle ? (from, middle) : (middle, to);
        }
        path.Reverse();
        return path;
    }

    /// <summary>That the log continues what it was with fewer entries (RFC 6962 section 2.1.2).</summary>
    public async Task<IReadOnlyList<byte[]>> ConsistencyAsync(long earlier, CancellationToken cancellation)
    {
        var path = new List<byte[]>();
        if (InLog(earlier) == 0)
            return path;
        var (from, to) = (0L, size);
        while (earlier < to)
        {
            var middle = from + Half(to - from);
            (long From, long To) beside = earlier <= middle ? (middle, to) : (from, middle);
            path.Add(await HashAsync(beside.From, beside.To, cancellation));
            (from, to) = earlier <= middle ? (from, middle) : (middle, to);
        }
        if (from > 0)
            path.Add(await HashAsync(from, to, cancellation));
        path.Reverse();
        return path;
    }

    /// <summary>Every tile that changes or comes new with more entries, partial ones as they are afterwards.</summary>
    /// <param name="leaves">Hashes of the entries, in order.</param>
    public async Task<IReadOnlyList<Tile>> AppendAsync(IReadOnlyList<byte[]> leaves, CancellationToken cancellation)
    {
        var changed = new List<Tile>();
        var start = size;
        var hashes = leaves as List<byte[]> ?? [.. leaves];
        for (var level = 0; hashes.Count > 0; level++, start /= Tile.FullWidth)
        {
            var (index, beside) = (start / Tile.FullWidth, (int)(start % Tile.FullWidth));
            var tile = new MemoryStream();
            tile.Write(beside == 0 ? [] : await TileAsync(level, index, cancellation));
            var roots = new List<byte[]>();
            foreach (var hash in hashes)
            {
                tile.Write(hash);
                if (tile.Length < Tile.FullWidth * Tile.HashLength)
                    continue;
                changed.Add(new Tile(level, index++, tile.ToArray()));
                roots.Add(Fold(changed[^1].Hashes));
                tile.SetLength(0);
            }
            if (tile.Length > 0)
                changed.Add(new Tile(level, index, tile.ToArray()));
            hashes = roots;
        }
        return changed;
    }

    /// <summary>Every tile of a log of this size, by level and place, with its width.</summary>
    public static IEnumerable<(int Level, long Index, int Width)> TilesOf(long size)
    {
        for (var level = 0; size > 0; level++, size /= Tile.FullWidth)
        {
            for (var index = 0L; index * Tile.FullWidth < size; index++)
                yield return (level, index, (int)Math.Min(Tile.FullWidth, size - index * Tile.FullWidth));
        }
    }

    /// <summary>Hash of an entry as it stands in the tree (RFC 6962 section 2.1).</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry) => SHA256.HashData([Domain.Leaf, .. entry]);

    /// <summary>Root over a power of two of hashes.</summary>
    internal static byte[] Fold(ReadOnlySpan<byte> hashes) =>
        hashes.Length == Tile.HashLength
            ? hashes.ToArray()
            : MerkleTree.Node(Fold(hashes[..(hashes.Length / 2)]), Fold(hashes[(hashes.Length / 2)..]));

    /// <summary>Hash over entries that are a left part of the tree or one complete subtree.</summary>
    private async Task<byte[]> HashAsync(long from, long to, CancellationToken cancellation)
    {
        if (BitOperations.IsPow2(to - from))
            return await CompleteAsync(BitOperations.Log2((ulong)(to - from)), from / (to - from), cancellation);
        var middle = from + Half(to - from);
        return MerkleTree.Node(await HashAsync(from, middle, cancellation), await HashAsync(middle, to, cancellation));
    }

    /// <summary>Hash of one complete subtree of 2^height entries.</summary>
    private async Task<byte[]> CompleteAsync(int height, long index, CancellationToken cancellation)
    {
        var (level, within) = (height / TileHeight, height % TileHeight);
        var first = index << within;
        var tile = await TileAsync(level, first / Tile.FullWidth, cancellation);
        return Fold(tile.AsSpan((int)(first % Tile.FullWidth) * Tile.HashLength, Tile.HashLength << within));
    }

    private async Task<byte[]> TileAsync(int level, long index, CancellationToken cancellation)
    {
        if (read.TryGetValue((level, index), out var known))
            return known;
        var there = (size >> (TileHeight * level)) - index * Tile.FullWidth;
        return read[(level, index)] = await tiles.ReadAsync(level, index, (int)Math.Min(Tile.FullWidth, there), cancellation);
    }

    /// <summary>The largest power of two below a number of entries.</summary>
    private static long Half(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    private long InLog(long entries) =>
        entries >= 0 && entries <= size
            ? entries
            : throw new ArgumentOutOfRangeException(nameof(entries), entries, $"the log has {size} entries");
}

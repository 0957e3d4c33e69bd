using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

public sealed class LogTreeTests
{
    private sealed class Tiles : ITileReader
    {
        public Dictionary<(int, long), byte[]> All { get; } = [];

        public int Read { get; private set; }

        public Task<byte[]> ReadAsync(int level, long index, int width, CancellationToken cancellation)
        {
            Read++;
            return Task.FromResult(All[(level, index)][..(width * Tile.HashLength)]);
        }

        public async Task AppendAsync(long size, params byte[][] leaves)
        {
            foreach (var tile in await new LogTree(this, size).AppendAsync(leaves, default))
                All[(tile.Level, tile.Index)] = tile.Hashes;
        }
    }

    private static byte[] Leaf(int i) => LogTree.LeafHash(Encoding.UTF8.GetBytes($"entry {i}"));

    private static async Task<Tiles> OfAsync(int size)
    {
        var tiles = new Tiles();
        await tiles.AppendAsync(0, [.. Enumerable.Range(0, size).Select(Leaf)]);
        return tiles;
    }

    /// <summary>The root by the tree of the record, which the tests hold to the definition.</summary>
    private static byte[] Defined(int size)
    {
        var tree = new MerkleTree();
        for (var i = 0; i < size; i++)
            tree.Set(i, Leaf(i));
        return tree.Root();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(33)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(511)]
    [InlineData(1000)]
    public async Task The_root_out_of_tiles_is_that_of_the_definition(int size) =>
        Assert.Equal(Defined(size), await new LogTree(await OfAsync(size), size).RootAsync(default));

    [Fact]
    public async Task Growing_in_any_steps_gives_the_same_tiles()
    {
        var (grown, size) = (new Tiles(), 0);
        foreach (var step in (int[])[1, 2, 5, 248, 1, 255, 300, 0, 1])
        {
            await grown.AppendAsync(size, [.. Enumerable.Range(size, step).Select(Leaf)]);
            size += step;
        }
        var atOnce = await OfAsync(size);
        Assert.Equal(atOnce.All.Keys.Order(), grown.All.Keys.Order());
        Assert.All(atOnce.All, t => Assert.Equal(t.Value, grown.All[t.Key]));
    }

    [Fact]
    public async Task Every_proof_of_every_size_to_seventy_holds_and_no_other_does()
    {
        var tiles = await OfAsync(70);
        for (var size = 1; size <= 70; size++)
        {
            var (tree, root) = (new LogTree(tiles, size), Defined(size));
            for (var i = 0; i < size; i++)
            {
                var path = await tree.InclusionAsync(i, default);
                Assert.True(MerkleTree.Proves(Leaf(i), i, size, path, root));
                Assert.False(MerkleTree.Proves(Leaf(i), (i + 1) % size, size, path, root) && size > 1);
                Assert.False(MerkleTree.Proves(Leaf(i + 1), i, size, path, root));
            }
            for (var earlier = 0; earlier <= size; earlier++)
            {
                var path = await tree.ConsistencyAsync(earlier, default);
                var before = Defined(earlier);
                Assert.True(MerkleTree.Continues(earlier, before, size, root, path));
                Assert.False(MerkleTree.Continues(earlier, before, size, Defined(size + 1), path) && earlier > 0);
                Assert.False(MerkleTree.Continues(earlier, Defined(earlier + 1), size, root, path));
                Assert.False(MerkleTree.Continues(earlier, before, size, root, [.. path, before]));
                Assert.False(path.Count > 0 && MerkleTree.Continues(earlier, before, size, root, [.. path.Skip(1)]));
            }
        }
    }

    /// <summary>The example of the specification: 273 full tiles of level 0, one of width 112, one full of level 1, 17, 1.</summary>
    [Fact]
    public void Seventy_thousand_entries_are_the_tiles_that_the_specification_names()
    {
        var tiles = LogTree.TilesOf(70_000).ToList();
        Assert.Equal(273, tiles.Count(t => t is { Level: 0, Width: 256 }));
        Assert.Equal([(0, 273L, 112), (1, 1L, 17), (2, 0L, 1)], tiles.Where(t => t.Width < 256));
        Assert.Equal([(0, 0L, 256), (1, 0L, 1)], LogTree.TilesOf(256));
    }

    [Theory]
    [InlineData(5, 256, "tile/entries/005")]
    [InlineData(1234067, 256, "tile/entries/x001/x234/067")]
    [InlineData(1234067, 8, "tile/entries/x001/x234/067.p/8")]
    [InlineData(1000, 1, "tile/entries/x001/000.p/1")]
    public void Tiles_are_named_as_the_specification_says(long index, int width, string path)
    {
        Assert.Equal(path, Tile.EntriesPath(index, width));
        Assert.Equal(path.Replace("entries", "3", StringComparison.Ordinal), new Tile(3, index, new byte[width * 32]).Path);
    }

    [Fact]
    public async Task A_proof_out_of_a_large_log_reads_a_handful_of_tiles()
    {
        var tiles = await OfAsync(100_000);
        var tree = new LogTree(tiles, 100_000);
        await tree.InclusionAsync(77_777, default);
        await tree.ConsistencyAsync(70_001, default);
        Assert.InRange(tiles.Read, 1, 12);
    }
}

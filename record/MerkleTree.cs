using System.Numerics;
using System.Security.Cryptography;

namespace IRFunctions.Record;

/// <summary>
/// The tree of RFC 6962 section 2.1 over leaves that may change in place: every chain keeps its leaf, and a new head replaces the old leaf
/// hash. Changing k of n leaves costs k log n hashes; the rest of the tree is not touched.
/// </summary>
public sealed class MerkleTree
{
    private readonly List<List<byte[]>> levels =
    [
        [],
    ];
    private readonly HashSet<int> changed = [];

    /// <summary>Number of leaves.</summary>
    public int Count => levels[0].Count;

    public static byte[] EmptyRoot { get; } = SHA256.HashData([]);

    /// <summary>Sets a leaf; the index of a new one is <see cref="Count"/>.</summary>
    /// <param name="hash">Its hash, made with the leaf's domain byte.</param>
    public void Set(int leaf, byte[] hash)
    {
        if (leaf == Count)
            levels[0].Add(hash);
        else
            levels[0][leaf] = hash;
        changed.Add(leaf);
    }

    public byte[] Leaf(int leaf) => levels[0][leaf];

    public byte[] Root()
    {
        Update();
        return Count == 0 ? EmptyRoot : levels[^1][0];
    }

    /// <summary>Hashes beside the way from a leaf to the root, lowest first (RFC 6962 section 2.1.1).</summary>
    public IReadOnlyList<byte[]> Proof(int leaf)
    {
        Update();
        var path = new List<byte[]>();
        for (int level = 0, index = leaf; level < levels.Count - 1; level++, index /= 2)
        {
            if ((index ^ 1) < levels[level].Count)
                path.Add(levels[level][index ^ 1]);
        }
        return path;
    }

    /// <summary>Whether a proof leads from a leaf of a tree of this size to this root (RFC 9162 section 2.1.3.2).</summary>
    public static bool Proves(byte[] leafHash, long leaf, long count, IReadOnlyList<byte[]> path, byte[] root)
    {
        if (leaf < 0 || leaf >= count)
            return false;
        var (index, last, hash) = (leaf, count - 1, leafHash);
        foreach (var beside in path)
        {
            if (last == 0)
                return false;
            if ((index & 1) == 1 || index == last)
            {
                hash = Node(beside, hash);
                while ((index & 1) == 0 && index != 0)
                    (index, last) = (index >> 1, last >> 1);
            }
            else
            {
                hash = Node(hash, beside);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && hash.AsSpan().SequenceEqual(root);
    }

    /// <summary>Whether a proof shows that a tree continues an earlier one (RFC 9162 section 2.1.4.2).</summary>
    public static bool Continues(long earlier, byte[] earlierRoot, long count, byte[] root, IReadOnlyList<byte[]> path)
    {
        if (earlier == 0 || earlier >= count)
            return path.Count == 0 && (earlier == 0 ? Same(earlierRoot, EmptyRoot) : earlier == count && Same(earlierRoot, root));
        var hashes = BitOperations.IsPow2(earlier) ? [earlierRoot, .. path] : path;
        if (hashes.Count == 0)
            return false;
        var (index, last) = (earlier - 1, count - 1);
        for (; (index & 1) == 1; index >>= 1)
            last >>= 1;
        var (before, after) = (hashes[0], hashes[0]);
        foreach (var beside in hashes.Skip(1))
        {
            if (last == 0)
                return false;
            if ((index & 1) == 1 || index == last)
            {
                (before, after) = (Node(beside, before), Node(beside, after));
                while ((index & 1) == 0 && index != 0)
                    (index, last) = (index >> 1, last >> 1);
            }
            else
            {
                after = Node(after, beside);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && Same(before, earlierRoot) && Same(after, root);
    }

    private static bool Same(byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b);

    public static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([Domain.Node, .. left, .. right]);

    private void Update()
    {
        IEnumerable<int> dirty = changed;
        for (var level = 0; levels[level].Count > 1; level++)
        {
            if (levels.Count == level + 1)
                levels.Add([]);
            var (below, above) = (levels[level], levels[level + 1]);
            var parents = dirty.Select(i => i / 2).Distinct().Order().ToList();
            foreach (var parent in parents)
            {
                // A node without a right neighbour stands for itself one level up; that gives exactly the tree of RFC 6962.
                var hash = 2 * parent + 1 < below.Count ? Node(below[2 * parent], below[2 * parent + 1]) : below[2 * parent];
                if (parent == above.Count)
                    above.Add(hash);
                else
                    above[parent] = hash;
            }
            dirty = parents;
        }
        changed.Clear();
    }
}

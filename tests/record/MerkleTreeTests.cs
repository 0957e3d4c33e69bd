using System.Security.Cryptography;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

public sealed class MerkleTreeTests
{
    /// <summary>The definition of RFC 6962 section 2.1, word for word.</summary>
    private static byte[] Defined(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 0)
            return SHA256.HashData([]);
        if (leaves.Length == 1)
            return leaves[0];
        var split = 1;
        while (split * 2 < leaves.Length)
            split *= 2;
        return MerkleTree.Node(Defined(leaves[..split]), Defined(leaves[split..]));
    }

    private static byte[] Leaf(int i) => SHA256.HashData([0, (byte)i, (byte)(i >> 8)]);

    [Fact]
    public void The_empty_tree_has_the_hash_of_nothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(new MerkleTree().Root()));

    [Fact]
    public void The_known_answers_of_certificate_transparency_come_out()
    {
        // Inputs and roots of the Certificate Transparency reference implementation's test data.
        string[] inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        string[] roots =
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        var tree = new MerkleTree();
        for (var i = 0; i < inputs.Length; i++)
        {
            tree.Set(i, SHA256.HashData([0, .. Convert.FromHexString(inputs[i])]));
            Assert.Equal(roots[i], Convert.ToHexStringLower(tree.Root()));
        }
    }

    [Fact]
    public void Growing_and_changing_leaf_by_leaf_gives_the_tree_of_the_definition()
    {
        var tree = new MerkleTree();
        var leaves = new List<byte[]>();
        for (var i = 0; i < 70; i++)
        {
            leaves.Add(Leaf(i));
            tree.Set(i, Leaf(i));
            if (i % 3 == 0)
            {
                var changed = i * 7 % (i + 1);
                leaves[changed] = Leaf(1000 + i);
                tree.Set(changed, Leaf(1000 + i));
            }
            if (i % 2 == 0)
                Assert.Equal(Defined(leaves.ToArray()), tree.Root());
        }
    }

    [Fact]
    public void Every_leaf_of_every_size_is_proven_and_no_other_leaf_is()
    {
        var tree = new MerkleTree();
        for (var count = 1; count <= 33; count++)
        {
            tree.Set(count - 1, Leaf(count - 1));
            var root = tree.Root();
            for (var i = 0; i < count; i++)
            {
                var proof = tree.Proof(i);
                Assert.True(MerkleTree.Proves(Leaf(i), i, count, proof, root));
                Assert.False(MerkleTree.Proves(Leaf(i + 1), i, count, proof, root));
                if (count > 1)
                    Assert.False(MerkleTree.Proves(Leaf(i), (i + 1) % count, count, proof, root));
                if (count > 1)
                    Assert.False(MerkleTree.Proves(Leaf(i), i, count, [.. proof.Skip(1)], root));
                Assert.False(MerkleTree.Proves(Leaf(i), i, count, [.. proof, root], root));
            }
        }
    }
}

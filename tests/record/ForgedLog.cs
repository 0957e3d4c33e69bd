using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using IRFunctions.Record;
using IRFunctions.Tests.Recording;

namespace IRFunctions.Tests.Record;

/// <summary>A log as its attacker handles it; knows how everything is made, and has the key where the attacker is the log itself.</summary>
internal sealed class ForgedLog
{
    private const string Origin = "record.example/checkpoints";
    private const string Prefix = "302e020100300506032b657004220420"; // of an Ed25519 key in PKCS #8
    private readonly List<byte[]> entries;
    private readonly ECDsa key;

    private ForgedLog(Dictionary<string, byte[]> files, ECDsa key)
    {
        (Files, this.key) = (files, key);
        Keys = [NoteKey.Of(Origin, NoteKeyType.Ecdsa, key.ExportSubjectPublicKeyInfo())];
        entries = [.. LogEntry.Unbundle(files.Single(f => f.Key.StartsWith("tile/entries/", StringComparison.Ordinal)).Value)];
    }

    public Dictionary<string, byte[]> Files { get; }

    public List<NoteKey> Keys { get; }

    public List<NoteKey> Witnesses { get; } = [];

    public int Quorum { get; private set; }

    public string Earlier { get; set; } = "";

    public IReadOnlyList<byte[]> Entries => entries;

    /// <summary>What the checkpoint says.</summary>
    public string Text => SignedNote.Parse(Files["checkpoint"]).Text;

    /// <summary>Three incidents and one entry more on the second: 22 entries, of which the last came an hour later; and a stop.</summary>
    public static async Task<ForgedLog> MakeAsync(ECDsa key)
    {
        var rig = new RecordRig(key: key);
        foreach (var chain in (string[])[AttackVectors.One, AttackVectors.Two, AttackVectors.Three])
        {
            await rig.IncidentAsync(chain);
            rig.Time.Advance(TimeSpan.FromMinutes(20));
            await rig.Checkpointer.RunAsync();
        }
        await rig.Chain.AppendAsync(AttackVectors.Two, [RecordRig.Fact("again-1", AuditKinds.Undone, "user can sign in again")]);
        await rig.Chain.AppendAsync(AttackVectors.Two, [RecordRig.Fact("again-2", AuditKinds.Outcome, "acted")]);
        await rig.Checkpointer.RunAsync();
        return new ForgedLog(await rig.LogAsync(), key);
    }

    public static ECDsa Foreign() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ForgedLog EditEntry(int place, Func<string, string> edit)
    {
        var (old, edited) = (Encoding.UTF8.GetString(entries[place]), edit(Encoding.UTF8.GetString(entries[place])));
        return old == edited
            ? throw new InvalidOperationException($"nothing is edited in {old}")
            : Replace(place, Encoding.UTF8.GetBytes(edited));
    }

    public ForgedLog Replace(int place, byte[] by) => Change(() => entries[place] = by);

    public ForgedLog Remove(int place) => Change(() => entries.RemoveAt(place));

    public ForgedLog Add(byte[] entry) => Change(() => entries.Add(entry));

    public ForgedLog Swap(int a, int b) => Change(() => (entries[a], entries[b]) = (entries[b], entries[a]));

    public ForgedLog Keep(int first) => Change(() => entries.RemoveRange(first, entries.Count - first));

    /// <summary>Puts the entries back where they were read.</summary>
    private ForgedLog Change(Action change)
    {
        change();
        Files["tile/entries/000.p/23"] = LogEntry.Bundle(entries);
        return this;
    }

    /// <summary>Makes the whole folder fit the entries, but for the checkpoint.</summary>
    public ForgedLog Retile()
    {
        foreach (var path in Files.Keys.Where(p => p != "checkpoint").ToList())
            Files.Remove(path);
        Files[Tile.EntriesPath(0, entries.Count)] = LogEntry.Bundle(entries);
        foreach (var tile in Tiles())
            Files[tile.Path] = tile.Hashes;
        return this;
    }

    /// <summary>Signs what is there now with the real key.</summary>
    public ForgedLog Sign() =>
        Sign(Text.Replace(Text.Split('\n')[1] + "\n" + Text.Split('\n')[2], SizeAndRoot(), StringComparison.Ordinal));

    public ForgedLog Sign(string text, string origin = Origin)
    {
        Files["checkpoint"] = Encoding.UTF8.GetBytes(Note(text, key, origin, Keys[0].Id).ToString());
        return this;
    }

    public ForgedLog SignWith(ECDsa other, uint? id = null)
    {
        var text = Text.Replace(Text.Split('\n')[1] + "\n" + Text.Split('\n')[2], SizeAndRoot(), StringComparison.Ordinal);
        var own = NoteKey.Of(Origin, NoteKeyType.Ecdsa, other.ExportSubjectPublicKeyInfo());
        Files["checkpoint"] = Encoding.UTF8.GetBytes(Note(text, other, Origin, id ?? own.Id).ToString());
        return this;
    }

    /// <summary>What the log signed when it had fewer entries.</summary>
    public string Before(int count)
    {
        var root = new LogTree(new Made(Tiles(count)), count).RootAsync(default).GetAwaiter().GetResult();
        return Note(new LogCheckpoint(Origin, count, root).ToString(), key, Origin, Keys[0].Id).ToString();
    }

    public ForgedLog Rewrite(string old, string by)
    {
        Files["checkpoint"] = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(Files["checkpoint"]).Replace(old, by, StringComparison.Ordinal)
        );
        return this;
    }

    public ForgedLog Resigned(Func<byte[], byte[]> signature)
    {
        var note = SignedNote.Parse(Files["checkpoint"]);
        var changed = note.Signatures.Select(s => s with { Signature = signature(s.Signature) }).ToList();
        Files["checkpoint"] = Encoding.UTF8.GetBytes((note with { Signatures = changed }).ToString());
        return this;
    }

    public static byte[] Halves(byte[] der)
    {
        var sequence = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var halves = new byte[64];
        for (var i = 0; i < 2; i++)
        {
            var number = sequence.ReadInteger().ToByteArray(isUnsigned: true, isBigEndian: true);
            number.CopyTo(halves, 32 * (i + 1) - number.Length);
        }
        return halves;
    }

    /// <summary>Claims that nodes are entries: hashed with a node's domain byte they would give the tree's own nodes.</summary>
    public ForgedLog Halve()
    {
        var leaves = entries.Select(e => LogTree.LeafHash(e)).ToList();
        var nodes = leaves.Chunk(2).Select(pair => (byte[])[1, .. pair[0], .. pair[^1]]).ToList();
        entries.Clear();
        entries.AddRange(nodes);
        return Retile().Sign(Text.Replace("\n23\n", "\n12\n", StringComparison.Ordinal));
    }

    public ForgedLog Cut(string path, int bytes)
    {
        Files[path] = Files[path][..^bytes];
        return this;
    }

    /// <summary>Witnesses cosign; all of them must have.</summary>
    public ForgedLog Cosign(int count, int? only = null, int times = 1, string? over = null)
    {
        var note = SignedNote.Parse(Files["checkpoint"]);
        var signatures = note.Signatures.ToList();
        for (var i = 0; i < count; i++)
        {
            var witness = new Witness($"witness.example/{i + 1}", Ed25519(i + 1), [], new Nothing(), TimeProvider.System);
            Witnesses.Add(witness.Key);
            for (var time = 0; i < (only ?? count) && time < times; time++)
                signatures.Add(Cosignature(witness.Key, Ed25519(i + 1), over ?? note.Text));
        }
        Quorum = count;
        Files["checkpoint"] = Encoding.UTF8.GetBytes((note with { Signatures = signatures }).ToString());
        return this;
    }

    public ForgedLog MoveTime()
    {
        var note = SignedNote.Parse(Files["checkpoint"]);
        note.Signatures[^1].Signature[7] ^= 1;
        Files["checkpoint"] = Encoding.UTF8.GetBytes(note.ToString());
        return this;
    }

    public ForgedLog WitnessedByItself()
    {
        var own = NoteKey.Of(Origin, NoteKeyType.Ed25519, Ed25519(9).Public);
        var note = SignedNote.Parse(Files["checkpoint"]);
        var signature = new NoteSignature(own.Name, own.Id, Ed25519(9).Sign(Encoding.UTF8.GetBytes(note.Text)));
        Files["checkpoint"] = Encoding.UTF8.GetBytes((note with { Signatures = [.. note.Signatures, signature] }).ToString());
        Keys.Add(own);
        Witnesses.Add(NoteKey.Of("witness.example/1", NoteKeyType.Cosignature, Ed25519(1).Public));
        Quorum = 1;
        return this;
    }

    public static Ed25519LogSigner Ed25519(int number)
    {
        var secret = SHA256.HashData([(byte)number]);
        return new Ed25519LogSigner(PemEncoding.WriteString("PRIVATE KEY", [.. Convert.FromHexString(Prefix), .. secret]));
    }

    private static NoteSignature Cosignature(NoteKey witness, Ed25519LogSigner signer, string text)
    {
        var at = new DateTimeOffset(2026, 11, 23, 5, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        var signature = new byte[72];
        BinaryPrimitives.WriteInt64BigEndian(signature, at);
        signer.Sign(NoteKey.Cosigned(Encoding.UTF8.GetBytes(text), at)).CopyTo(signature, 8);
        return new NoteSignature(witness.Name, witness.Id, signature);
    }

    private static SignedNote Note(string text, ECDsa key, string name, uint id) =>
        new(
            text,
            [
                new NoteSignature(
                    name,
                    id,
                    key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
                ),
            ]
        );

    private IReadOnlyList<Tile> Tiles(int? count = null) =>
        new LogTree(new Made([]), 0)
            .AppendAsync([.. entries.Take(count ?? entries.Count).Select(e => LogTree.LeafHash(e))], default)
            .GetAwaiter()
            .GetResult();

    private string SizeAndRoot()
    {
        var root = new LogTree(new Made(Tiles()), entries.Count).RootAsync(default).GetAwaiter().GetResult();
        return $"{entries.Count}\n{Convert.ToBase64String(root)}";
    }

    private sealed class Made(IReadOnlyList<Tile> tiles) : ITileReader
    {
        public Task<byte[]> ReadAsync(int level, long index, int width, CancellationToken cancellation) =>
            Task.FromResult(tiles.Single(t => t.Level == level && t.Index == index).Hashes[..(width * Tile.HashLength)]);
    }

    private sealed class Nothing : IWitnessMemory
    {
        public LogCheckpoint? Last(string origin) => null;

        public void Keep(LogCheckpoint checkpoint) { }
    }
}

using System.Security.Cryptography;

namespace IRFunctions.Record;

/// <summary>The checkpoints' part of verification: numbers, links, trees, signatures; and what they say about chains.</summary>
internal sealed class CheckpointCheck(IReadOnlyList<byte[]> trusted, Checkpoint? seen, List<Finding> findings, List<string> notes)
    : IDisposable
{
    private const int MaxMissing = 1000; // A forged number must not fill the memory.

    private readonly Dictionary<string, ECDsa> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<SealedHead>> seals = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> leaves = [];
    private readonly MerkleTree tree = new();
    private readonly Dictionary<long, string> hashes = []; // of every checkpoint read, by number
    private readonly SortedDictionary<long, string> missing = []; // numbers skipped so far, with what came before them
    private bool seenThere;
    private bool rootsHold = true;

    public Checkpoint? Latest { get; private set; }

    public long Count { get; private set; }

    public void Begin(HeaderLine header)
    {
        var own = KeyFingerprint.FromBase64(header.Key);
        foreach (var key in trusted.Count > 0 || own is null ? trusted : [own])
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key, out _);
            keys[KeyFingerprint.Of(key)] = ecdsa;
        }
        if (own is null)
            findings.Add(new Finding(Attacks.Malformed, "header", "names a key that is no ECDSA P-256 key"));
        else if (trusted.Count == 0)
            notes.Add(
                $"signatures were checked with the key in the file itself ({KeyFingerprint.Of(own)[..16]}…); whether that is the "
                    + $"right key only --key can tell"
            );
        else if (!keys.ContainsKey(KeyFingerprint.Of(own)))
            findings.Add(new Finding(Attacks.ForeignKey, "header", $"names the key {Start(KeyFingerprint.Of(own))}, which is not trusted"));
    }

    public bool Knows(string chain) => seals.ContainsKey(chain);

    public IReadOnlyList<SealedHead> SealsOf(string chain) => seals.TryGetValue(chain, out var known) ? known : [];

    public void Next(Checkpoint checkpoint, bool whole)
    {
        Count++;
        var where = $"checkpoint {checkpoint.Number}";
        if (checkpoint.Form != Checkpoint.CurrentForm)
            findings.Add(new Finding(Attacks.UnknownForm, where, $"is in form {checkpoint.Form}"));
        CheckSignature(checkpoint, where);
        if (seen is not null && seen.Number == checkpoint.Number)
        {
            seenThere = true;
            if (seen.Hash() != checkpoint.Hash())
                findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, "is not the one that was kept from earlier"));
        }
        if (whole)
            CheckPlace(checkpoint, where);
        else if (Count > 1 || checkpoint.Changes is not null)
            findings.Add(
                new Finding(Attacks.OutOfPlace, where, "has no place in an export of single chains, which holds one, without changes")
            );
        hashes.TryAdd(checkpoint.Number, checkpoint.Hash());
        if (Latest is null || checkpoint.Number > Latest.Number)
            Latest = checkpoint;
    }

    public void Next(ProofLine proof)
    {
        var where = $"{proof.Head.Chain} entry {proof.Head.Length}";
        if (Latest?.Number != proof.Checkpoint || !Proves(proof))
            findings.Add(
                new Finding(Attacks.FalseProof, where, $"is not in the tree of checkpoint {proof.Checkpoint}, whatever its proof says")
            );
        else if (seals.ContainsKey(proof.Head.Chain))
            findings.Add(new Finding(Attacks.FalseProof, where, "is the second proof of one chain"));
        else
            seals[proof.Head.Chain] =
            [
                new SealedHead(proof.Head.Length, proof.Head.Hash, proof.Checkpoint, Latest.At, DateTimeOffset.UnixEpoch),
            ];
    }

    /// <summary>Chains that were sealed and are not there.</summary>
    public IEnumerable<Finding> Dropped(IReadOnlyCollection<string> there) =>
        seals
            .Where(s => !there.Contains(s.Key))
            .Select(s => new Finding(
                Attacks.DroppedChain,
                s.Key,
                $"is gone with all its entries; checkpoint {s.Value[^1].Checkpoint} sealed {s.Value[^1].Length}",
                $"It was there at checkpoint {s.Value[^1].Checkpoint} ({Finding.Time(s.Value[^1].At)})"
            ));

    public void Finish(HeaderLine header, long entries)
    {
        if (Latest is not null && Latest.At - ChainCheck.Tolerance > header.ExportedAt)
            findings.Add(
                new Finding(
                    Attacks.BackDated,
                    "header",
                    $"says that the export is of {Finding.Time(header.ExportedAt)}, before its checkpoint {Latest.Number} of "
                        + $"{Finding.Time(Latest.At)}"
                )
            );
        foreach (var (number, since) in missing)
            findings.Add(new Finding(Attacks.DroppedCheckpoint, $"checkpoint {number}", "is missing between others that are there", since));
        if (seen is not null && !seenThere)
            findings.Add(
                new Finding(Attacks.DroppedCheckpoint, $"checkpoint {seen.Number}", "was kept from earlier and is not in this record")
            );
        if (Count > 0)
            return;
        if (entries > 0)
            findings.Add(
                new Finding(
                    Attacks.Unsealed,
                    "the whole file",
                    "holds no checkpoint, so nothing in it is signed: they were cut off, or none was made yet"
                )
            );
        else
            notes.Add("the record is empty: no entry and no checkpoint");
    }

    public void Dispose()
    {
        foreach (var key in keys.Values)
            key.Dispose();
    }

    private void CheckSignature(Checkpoint checkpoint, string where)
    {
        if (!keys.TryGetValue(checkpoint.Key, out var key))
            findings.Add(
                new Finding(Attacks.ForeignKey, where, $"is signed with the key {Start(checkpoint.Key)}, which is not trusted", Since())
            );
        else if (!checkpoint.IsSignedBy(key))
            findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, "does not carry a signature over what it says", Since()));
    }

    private void CheckPlace(Checkpoint checkpoint, string where)
    {
        var expected = (Latest?.Number ?? 0) + 1;
        if (checkpoint.Number > expected)
            for (var number = expected; number < checkpoint.Number && missing.Count < MaxMissing; number++)
                missing[number] = Since();
        else if (checkpoint.Number < expected)
        {
            findings.Add(
                !hashes.TryGetValue(checkpoint.Number, out var known)
                    ? new Finding(Attacks.Reordered, where, $"stands after checkpoint {Latest!.Number}", Since())
                : known == checkpoint.Hash() ? new Finding(Attacks.Replayed, where, "stands there twice", Since())
                : new Finding(Attacks.Forked, where, "is there twice, and the two differ", Since())
            );
            missing.Remove(checkpoint.Number);
            rootsHold = false;
            return; // The tree has gone on; this one changes nothing in it.
        }
        else if (checkpoint.Previous != (Latest?.Hash() ?? AuditEntry.NoHash))
            findings.Add(
                new Finding(
                    Attacks.ReplacedCheckpoint,
                    where,
                    "does not follow the checkpoint before it: one of the two was replaced",
                    Since()
                )
            );
        if (Latest is not null && checkpoint.At < Latest.At)
            findings.Add(
                new Finding(
                    Attacks.BackDated,
                    where,
                    $"says {Finding.Time(checkpoint.At)}, before the {Finding.Time(Latest.At)} of the one it follows",
                    Since()
                )
            );
        if (checkpoint.Changes is null || Checkpoint.HashOf(checkpoint.Changes) != checkpoint.ChangesHash)
        {
            findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, "lists changes that are not the ones it was signed with", Since()));
            return;
        }
        Apply(checkpoint, where, complete: checkpoint.Number == expected);
    }

    private void Apply(Checkpoint checkpoint, string where, bool complete)
    {
        foreach (var change in checkpoint.Changes!)
        {
            if (leaves.TryGetValue(change.Leaf, out var owner) && owner != change.Chain)
                findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, $"gives the leaf of {owner} to {change.Chain}", Since()));
            if (change.Leaf > tree.Count || change.Leaf < 0)
                continue; // The root will not come out right, which is reported below.
            leaves[change.Leaf] = change.Chain;
            tree.Set(change.Leaf, change.LeafHash());
            if (!seals.TryGetValue(change.Chain, out var known))
                seals[change.Chain] = known = [];
            if (known.Count > 0 && known[^1].Length >= change.Length)
                findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, $"says that {change.Chain} did not grow", Since()));
            else
                known.Add(
                    new SealedHead(change.Length, change.Hash, checkpoint.Number, checkpoint.At, Latest?.At ?? DateTimeOffset.UnixEpoch)
                );
        }
        // After a missing checkpoint its changes are missing too, and no root can come out right.
        if (complete && rootsHold && (checkpoint.Chains != tree.Count || checkpoint.Root != Convert.ToHexStringLower(tree.Root())))
            findings.Add(new Finding(Attacks.ReplacedCheckpoint, where, "has a root that does not come from the heads it lists", Since()));
        rootsHold &= complete;
    }

    private bool Proves(ProofLine proof)
    {
        try
        {
            return MerkleTree.Proves(
                proof.Head.LeafHash(),
                proof.Head.Leaf,
                Latest!.Chains,
                [.. proof.Path.Select(Convert.FromHexString)],
                Convert.FromHexString(Latest.Root)
            );
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string Start(string key) => key.Length > 16 ? key[..16] + "…" : key;

    private string Since() => Latest is null ? "" : $"Checkpoint {Latest.Number} ({Finding.Time(Latest.At)}) came before it";
}

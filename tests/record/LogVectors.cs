using System.Security.Cryptography;
using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

/// <summary>
/// One attack on a log in its tiles, as a file named after it in tests/record/log-vectors: keys, the log as the attacker left it, and what
/// a verifier must say. Ours and the one in go/ are tested with them. IRF_WRITE_VECTORS=1 writes them anew.
/// </summary>
internal static class LogVectors
{
    /// <param name="Earlier">A checkpoint kept from earlier, "" where there is none.</param>
    /// <param name="Expect">Part of what the verifier says; "" where the log is whole.</param>
    public sealed record Vector(
        string Attack,
        string Story,
        IReadOnlyList<string> LogKeys,
        IReadOnlyList<string> Witnesses,
        int Quorum,
        string Earlier,
        string Expect,
        IReadOnlyDictionary<string, byte[]> Log
    );

    internal delegate void Attack(ForgedLog log);

    public static async Task<IReadOnlyList<Vector>> MakeAsync()
    {
        var vectors = new List<Vector>();
        using var ownKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var (name, story, attack, expect) in OnEntries().Concat(OnTiles()).Concat(OnCheckpoints()).Concat(ByTheLogItself()))
        {
            var log = await ForgedLog.MakeAsync(ECDsa.Create(ownKey.ExportParameters(true)));
            attack(log);
            vectors.Add(
                new Vector(
                    name,
                    story,
                    [.. log.Keys.Select(k => k.ToString())],
                    [.. log.Witnesses.Select(k => k.ToString())],
                    log.Quorum,
                    log.Earlier,
                    expect,
                    log.Files
                )
            );
        }
        return vectors;
    }

    public static LogTrust Trust(Vector vector) =>
        new([.. vector.LogKeys.Select(NoteKey.Parse)], [.. vector.Witnesses.Select(NoteKey.Parse)], vector.Quorum);

    private static IEnumerable<(string Name, string Story, Attack Attack, string Expect)> OnEntries()
    {
        yield return ("whole-log", "Nobody touched anything.", _ => { }, "");
        yield return (
            "entry-edited",
            "The author of an entry is changed in its bundle.",
            l => l.EditEntry(5, e => e.Replace("8:pipeline", "8:somebody", StringComparison.Ordinal)),
            "tile/0/000.p/23: does not hold the hashes"
        );
        yield return (
            "entry-edited-and-tiles-made-anew",
            "The author of an entry is changed, and all tiles fit it.",
            l => l.EditEntry(5, e => e.Replace("8:pipeline", "8:somebody", StringComparison.Ordinal)).Retile(),
            "checkpoint: was signed over another log"
        );
        yield return (
            "entries-reordered",
            "Two entries of different chains change places, and all tiles fit.",
            l => l.Swap(6, 7).Retile(),
            "checkpoint: was signed over another log"
        );
        yield return (
            "entry-deleted",
            "An entry is taken out of its bundle.",
            l => l.Remove(22),
            "tile/entries/000.p/23: holds 22 entries, not 23"
        );
        yield return (
            "entry-added",
            "An entry follows the last one in its bundle.",
            l => l.Add(l.Entries[22]),
            "tile/entries/000.p/23: holds 24 entries, not 23"
        );
        yield return (
            "entry-replayed",
            "An entry stands in the place of a later one too.",
            l => l.Replace(6, l.Entries[5]),
            "entry 6: is number 6"
        );
        yield return (
            "bundle-cut-within-an-entry",
            "The last byte of a bundle is missing.",
            l => l.Cut("tile/entries/000.p/23", 1),
            "tile/entries/000.p/23: a bundle ends within an entry"
        );
        yield return (
            "bundle-missing",
            "A bundle is gone.",
            l => l.Files.Remove("tile/entries/000.p/23"),
            "tile/entries/000.p/23: is missing"
        );
    }

    private static IEnumerable<(string Name, string Story, Attack Attack, string Expect)> OnTiles()
    {
        yield return (
            "tile-edited",
            "One bit of a tile is turned.",
            l => l.Files["tile/0/000.p/23"][40] ^= 1,
            "tile/0/000.p/23: does not hold"
        );
        yield return ("tile-missing", "A tile is gone.", l => l.Files.Remove("tile/0/000.p/23"), "tile/0/000.p/23: does not hold");
        yield return ("tile-cut", "A tile lacks its last hash.", l => l.Cut("tile/0/000.p/23", 32), "tile/0/000.p/23: does not hold");
        yield return (
            "node-passed-off-as-an-entry",
            "The log signs half as many entries under the same root: each is what is hashed for a node of the real tree.",
            l => l.Halve(),
            "entry 0: it does not begin as an entry of a record does"
        );
    }

    private static IEnumerable<(string Name, string Story, Attack Attack, string Expect)> OnCheckpoints()
    {
        yield return (
            "checkpoint-signed-by-another",
            "The log is made anew and signed with the attacker's own key under the same name.",
            l =>
                l.EditEntry(5, e => e.Replace("8:pipeline", "8:somebody", StringComparison.Ordinal)).Retile().SignWith(ForgedLog.Foreign()),
            "no key that is trusted for the log"
        );
        yield return (
            "checkpoint-signed-under-the-id-of-ours",
            "The same, and the signature line names the id of the real key.",
            l => l.Retile().SignWith(ForgedLog.Foreign(), id: l.Keys[0].Id),
            "is not over this text"
        );
        yield return (
            "checkpoint-of-fewer-entries",
            "The size in the checkpoint is made smaller, and tiles and bundle fit it.",
            l => l.Remove(22).Retile().Rewrite("\n23\n", "\n22\n"),
            "is not over this text"
        );
        yield return ("checkpoint-missing", "The checkpoint is gone.", l => l.Files.Remove("checkpoint"), "there is none");
        yield return (
            "checkpoint-of-another-log",
            "A genuine checkpoint, signed by the same key, of a log of another origin.",
            l => l.Sign(l.Text.Replace("record.example/", "other.example/", StringComparison.Ordinal), "other.example/checkpoints"),
            "no key that is trusted for the log other.example/checkpoints"
        );
        yield return (
            "checkpoint-with-a-line-more",
            "A line is added to the text after it was signed.",
            l => l.Rewrite("=\n\n", "=\napproved by the auditor\n\n"),
            "is not over this text"
        );
        yield return (
            "checkpoint-with-crlf",
            "Its lines end as on another system.",
            l => l.Rewrite("\n", "\r\n"),
            "without control characters"
        );
        yield return (
            "checkpoint-with-a-zero-before-its-size",
            "The size is written otherwise, and signed by the real key.",
            l => l.Sign(l.Text.Replace("\n23\n", "\n023\n", StringComparison.Ordinal)),
            "is no size of the log"
        );
        yield return (
            "checkpoint-unsigned",
            "The signature line is gone.",
            l => l.Files["checkpoint"] = Encoding.UTF8.GetBytes(l.Text + "\n"),
            "nobody signed the note"
        );
        yield return (
            "signature-with-bytes-behind-it",
            "A byte follows the DER of the signature.",
            l => l.Resigned(s => [.. s, 0]),
            "is not over this text"
        );
        yield return (
            "signature-in-two-halves",
            "The signature is r and s in 64 bytes, not DER.",
            l => l.Resigned(s => ForgedLog.Halves(s)),
            "is not over this text"
        );
        foreach (var onWitnesses in OnWitnesses())
            yield return onWitnesses;
    }

    private static IEnumerable<(string Name, string Story, Attack Attack, string Expect)> OnWitnesses()
    {
        yield return ("cosigned", "Two witnesses cosigned, as both must have.", l => l.Cosign(2), "");
        yield return (
            "cosignature-left-out",
            "Two witnesses must have cosigned, and one has.",
            l => l.Cosign(2, only: 1),
            "1 of the witnesses cosigned this checkpoint; 2 must have"
        );
        yield return (
            "cosignature-twice",
            "The one witness that cosigned did so twice, to count as two.",
            l => l.Cosign(2, only: 1, times: 2),
            "1 of the witnesses cosigned this checkpoint; 2 must have"
        );
        yield return (
            "cosignature-of-another-time",
            "The time of a cosignature is moved.",
            l => l.Cosign(2).MoveTime(),
            "is not over this text"
        );
        yield return (
            "cosignature-of-another-checkpoint",
            "The cosignatures are those of an earlier checkpoint.",
            l => l.Cosign(2, over: l.Text.Replace("\n23\n", "\n22\n", StringComparison.Ordinal)),
            "is not over this text"
        );
        yield return (
            "cosignature-by-the-log-itself",
            "The log's own Ed25519 key signs in the place of a witness.",
            l => l.WitnessedByItself(),
            "0 of the witnesses cosigned this checkpoint; 1 must have"
        );
    }

    /// <summary>Whoever has the key can sign anything; what stands against that is what others kept, and what entries must be.</summary>
    private static IEnumerable<(string Name, string Story, Attack Attack, string Expect)> ByTheLogItself()
    {
        yield return (
            "continued",
            "The log of today continues a checkpoint kept when it had 14 entries.",
            l => l.Earlier = l.Before(14),
            ""
        );
        yield return (
            "rolled-back",
            "A genuine older log is shown to somebody who kept a newer checkpoint.",
            l =>
            {
                l.Earlier = Encoding.UTF8.GetString(l.Files["checkpoint"]);
                l.Keep(14).Retile().Sign();
            },
            "does not continue the one of 23 entries"
        );
        yield return (
            "forked-log",
            "The log signs a second history: what it had signed before is in it no more.",
            l =>
            {
                l.Earlier = l.Before(14);
                l.EditEntry(5, e => e.Replace("8:pipeline", "8:somebody", StringComparison.Ordinal)).Retile().Sign();
            },
            "does not continue the one of 14 entries"
        );
        yield return (
            "entry-left-out-by-the-log",
            "The log leaves an entry out and signs what remains.",
            l => l.Remove(3).Retile().Sign(),
            "and number 4 is due"
        );
        yield return (
            "entry-back-dated-by-the-log",
            "The log signs an entry that is older than the one before it.",
            l => l.EditEntry(22, e => e.Replace("18:6393", "18:6392", StringComparison.Ordinal)).Retile().Sign(),
            "entry 22: is older than the one before it"
        );
        yield return (
            "entry-of-another-form-by-the-log",
            "The log signs an entry in an older form.",
            l => l.EditEntry(4, e => e.Replace("1:1,", "1:0,", StringComparison.Ordinal)).Retile().Sign(),
            "entry 4: is in form 0"
        );
        yield return (
            "entry-with-more-behind-it-by-the-log",
            "The log signs an entry with a field more, which one reader reads and another does not.",
            l => l.EditEntry(4, e => e + "2:no,").Retile().Sign(),
            "entry 4: something follows the last field"
        );
        yield return (
            "entry-with-a-length-written-otherwise-by-the-log",
            "The log signs an entry whose length is written with a zero before it.",
            l => l.EditEntry(4, e => e.Replace(",8:", ",08:", StringComparison.Ordinal)).Retile().Sign(),
            "entry 4: a field of an entry is not written"
        );
    }
}

using System.Text.Json.Nodes;
using IRFunctions.Record;
using IRFunctions.Tests.Recording;
using Forgery = (
    string Name,
    string Story,
    System.Func<IRFunctions.Tests.Recording.RecordRig, IRFunctions.Tests.Record.Lines, System.Threading.Tasks.Task> Attack,
    IRFunctions.Tests.Record.AttackVectors.Expected[] Expect
);

namespace IRFunctions.Tests.Record;

/// <summary>
/// Exports that were forged by what a lenient reader overlooks: lines that say one thing to one reader and another to the next, lines where
/// none may stand, chains without their proof, words that are gone with somebody's leave for others.
/// </summary>
internal static class ForgedFiles
{
    private const string One = AttackVectors.One;
    private const string Two = AttackVectors.Two;
    private const string Three = AttackVectors.Three;

    /// <summary>Lines that no exporter writes.</summary>
    public static IEnumerable<Forgery> OnLines()
    {
        (string Name, string Story, string Old, string By)[] edits =
        [
            (
                "content-as-a-number",
                "An entry is reworded and its state of words is a number, so that no state applies.",
                "\"readable\"",
                "7"
            ),
            ("content-as-shreddeds-number", "The number of the state shredded stands for its name.", "\"readable\"", "1"),
            ("content-of-no-name", "The state of the words is one that there is not.", "\"readable\"", "\"verified\""),
            ("content-in-capitals", "The state of the words is written otherwise.", "\"readable\"", "\"Readable\""),
            ("content-as-a-list", "The state of the words is two states at once.", "\"readable\"", "\"readable, shredded\""),
            (
                "name-twice",
                "A second text follows the first; one reader takes the first, another the last.",
                "\"kind\"",
                "\"text\":\"x\",\"kind\""
            ),
            ("unknown-name", "A line carries a remark that nothing covers.", "\"kind\"", "\"remark\":\"approved\",\"kind\""),
            ("name-in-capitals", "A name is written otherwise.", "\"kind\"", "\"Kind\""),
            ("number-as-text", "A number is written as text.", "\"sequence\":3", "\"sequence\":\"3\""),
            ("number-with-a-fraction", "A number is written otherwise.", "\"sequence\":3", "\"sequence\":3.0"),
            ("number-beyond-all", "A number is larger than any.", "\"sequence\":3", "\"sequence\":99999999999999999999"),
            ("null-for-words", "A value is null.", "\"kind\":\"decided\"", "\"kind\":null"),
            ("list-for-words", "A value is a list.", "\"kind\":\"decided\"", "\"kind\":[\"decided\"]"),
            (
                "half-a-letter",
                "A text holds half a surrogate pair, which hashes like another text.",
                "\"kind\":\"decided\"",
                "\"kind\":\"\\ud800\""
            ),
            ("escaped-letters", "A text is escaped that need not be.", "\"kind\":\"decided\"", "\"kind\":\"\\u0064ecided\""),
            ("spaces", "A line has spaces between its values.", "\"kind\":", "\"kind\": "),
            ("time-in-another-zone", "A time is told in another zone.", "T03:00:00+00:00", "T05:00:00+02:00"),
            ("time-with-a-z", "A time is written otherwise.", "+00:00", "Z"),
            ("time-without-sense", "An entry says the year 1.", "2026-11-23T03:00:00", "0001-01-01T00:00:00"),
            ("type-of-no-name", "A line is of a type that there is not.", "\"type\":\"entry\"", "\"type\":\"note\""),
            (
                "deep-nesting",
                "A line nests a thousand lists.",
                "\"kind\":\"decided\"",
                $"\"kind\":{new string('[', 1000)}{new string(']', 1000)}"
            ),
            ("hash-in-capitals", "A hash is written in capitals.", "\"previous\":\"", "\"previous\":\"A"),
        ];
        foreach (var (name, story, old, by) in edits)
            yield return (name, story, AttackVectors.On(l => l.Rewrite(l.Entry(One, 3), old, by)), Finds("malformed", "line 8"));
        yield return (
            "words-called-shredded",
            "An entry is called shredded and says something else.",
            AttackVectors.On(l => (l.Entry(One, 3)["content"], l.Entry(One, 3)["text"]) = ("shredded", "nothing was decided")),
            Finds("malformed", "line 8")
        );
        yield return (
            "signature-with-spare-bits",
            "A signature is written with bits that no byte holds.",
            AttackVectors.On(l => l.Checkpoint(1)["signature"] = SpareBits(l.Checkpoint(1)["signature"]!.GetValue<string>())),
            Finds("replaced-checkpoint", "checkpoint 1")
        );
    }

    /// <summary>Lines where none may stand.</summary>
    public static IEnumerable<Forgery> OnParts()
    {
        yield return (
            "entry-after-the-end",
            "An entry with good hashes stands after the end of the file.",
            AttackVectors.On(l =>
            {
                l.Append(Three, "2026-11-23T04:29:00+00:00", "late");
                var line = l.Entry(Three, 8);
                l.RemoveLine(line);
                l.Put(0, line, count: false);
            }),
            Finds("out-of-place", $"{Three} entry 8")
        );
        yield return (
            "second-end",
            "The file ends twice.",
            AttackVectors.On(l => l.Put(0, l.First("end"), count: false)),
            Finds("out-of-place", "line 29")
        );
        yield return (
            "second-header",
            "A second header names other chains.",
            AttackVectors.On(l => l.Put(1, l.First("header"))),
            Finds("out-of-place", "line 28")
        );
        yield return (
            "checkpoint-after-entries",
            "A checkpoint stands after the entries it should seal.",
            AttackVectors.On(l =>
            {
                var line = l.First("checkpoint");
                l.RemoveLine(line);
                l.Put(1, line);
            }),
            Finds("out-of-place", "checkpoint 1")
        );
        yield return (
            "chain-in-two-places",
            "A chain is taken apart: its end stands behind another chain.",
            AttackVectors.On(l =>
            {
                var line = l.Entry(One, 7);
                l.RemoveLine(line);
                l.Put(1, line);
            }),
            Finds("reordered", $"{One} entry 7")
        );
        yield return (
            "added-just-now",
            "An entry is added with good hashes and a time after the last checkpoint, before the export.",
            AttackVectors.On(l => l.Append(One, "2026-11-23T04:30:06+00:00", "approved")),
            Finds("unsealed", $"{One} entries 8 to 8")
        );
        yield return (
            "exported-in-year-one",
            "The file says that it was exported in the year 1.",
            AttackVectors.On(l => l.First("header")["exportedAt"] = "0001-01-01T00:00:00+00:00"),
            Finds("malformed", "line 1")
        );
        yield return (
            "key-of-another-curve",
            "The file names a key on a curve that there is not.",
            AttackVectors.On(l =>
                l.First("header")["key"] = l.First("header")["key"]!
                    .GetValue<string>()
                    .Replace("hkjOPQ", "hkiKPQ", StringComparison.Ordinal)
                    .Replace("AEhkjO", "AEhkiK", StringComparison.Ordinal)
                    .Replace("ZIzj0D", "ZIqK0D", StringComparison.Ordinal)
            ),
            Finds("malformed", "header")
        );
        yield return (
            "exported-before-its-checkpoints",
            "The file says that it was exported before its checkpoints were made, so that nothing seems old.",
            AttackVectors.On(l => l.First("header")["exportedAt"] = "2026-11-23T03:00:00+00:00"),
            Finds("back-dated", "header")
        );
    }

    /// <summary>Exports of single chains.</summary>
    public static IEnumerable<Forgery> OnProofs()
    {
        yield return ("whole-part", "An export of one chain that nobody touched.", Part(_ => { }), []);
        yield return (
            "proof-left-out",
            "One chain is rewritten with all its hashes; the checkpoint is honest, and the proof is left out.",
            Part(l =>
            {
                l.Rehash(One, 3, e => e["text"] = "hold: nothing was decided");
                l.RemoveLine(l.First("proof"));
            }),
            Finds("unproved", One)
        );
        yield return (
            "proof-of-the-other-only",
            "Of two chains one has its proof.",
            PartOf([One, Two], l => l.RemoveLine(l.First("proof"))),
            Finds("unproved", One)
        );
        yield return ("proof-twice", "A chain has two proofs.", Part(l => l.Put(8, l.First("proof"))), Finds("false-proof", One));
        yield return (
            "proof-of-a-chain-that-is-not-there",
            "The file names a chain, proves it, and holds nothing of it.",
            PartOf([One, Two], l => l.RemoveAll(One)),
            Finds("dropped-chain", One)
        );
        yield return (
            "chain-that-is-not-there",
            "The file names a chain and holds nothing of it.",
            Part(l => l.First("header")["chains"]!.AsArray().Add(Two)),
            Finds("dropped-chain", Two)
        );
        yield return (
            "chain-that-is-not-named",
            "The file holds entries of a chain that it does not name.",
            PartOf([One, Two], l => l.First("header")["chains"] = new JsonArray(Two)),
            Finds("out-of-place", $"{One} entry 1")
        );
        yield return (
            "part-continued",
            "An entry with good hashes is added behind what the proof covers.",
            Part(l => l.Append(One, "2026-11-23T04:30:06+00:00", "approved")),
            Finds("unsealed", $"{One} entries 8 to 8")
        );
        yield return (
            "proofs-out-of-order",
            "Two proofs change places.",
            PartOf(
                [One, Two],
                l =>
                {
                    var line = l.First("proof");
                    l.RemoveLine(line);
                    l.Put(16, line);
                }
            ),
            Finds("out-of-place", "line 4")
        );
        yield return (
            "chain-of-no-name",
            "The file names a chain that is null.",
            Part(l => l.First("header")["chains"]!.AsArray().Add(null)),
            Finds("malformed", "line 1")
        );
        yield return (
            "part-without-its-checkpoint",
            "The checkpoint and the proof are left out.",
            Part(l =>
            {
                l.RemoveLine(l.First("proof"));
                l.RemoveLine(l.First("checkpoint"));
            }),
            Finds("unsealed", "the whole file")
        );
    }

    /// <summary>Words that are gone.</summary>
    public static IEnumerable<Forgery> OnKeys()
    {
        yield return ("lawfully-shredded", "Two people had the words of an incident shredded.", (rig, l) => ShredAsync(rig, l), []);
        yield return (
            "destroyed-after-a-shredding",
            "After a lawful shredding the incident goes on, and the key of its later entries is destroyed by hand.",
            (rig, l) => ShredAsync(rig, l, thenDestroy: true),
            Finds("content-removed", $"{One} entry 8")
        );
        yield return (
            "shredded-words-left-in-part",
            "The words of one incident were shredded lawfully; those of another are blanked and called shredded too.",
            async (rig, l) =>
            {
                await ShredAsync(rig, l);
                l.Blank(Two, 3);
            },
            Finds("content-removed", Two)
        );
    }

    private static async Task ShredAsync(RecordRig rig, Lines lines, bool thenDestroy = false)
    {
        var shredder = new IRFunctions.Recording.Shredder(rig.Chain, rig.Keys, rig.Index, rig.Time);
        foreach (var by in (string[])["00000000-0000-4000-8000-0000000000b1", "00000000-0000-4000-8000-0000000000b2"])
            await shredder.ShredAsync(One, by, "a court said so", (a, b) => a == b);
        if (thenDestroy)
        {
            await rig.Chain.AppendAsync(One, [RecordRig.Fact($"{One}-8", AuditKinds.Undone, "user can sign in again")]);
            await rig.Keys.DestroyAsync(One, default);
        }
        await rig.Checkpointer.RunAsync();
        lines.Become(await rig.ExportAsync());
    }

    private static Func<RecordRig, Lines, Task> Part(Action<Lines> attack) => PartOf([One], attack);

    private static Func<RecordRig, Lines, Task> PartOf(string[] chains, Action<Lines> attack) =>
        async (rig, lines) =>
        {
            lines.Become(await rig.ExportAsync(chains));
            attack(lines);
        };

    private static AttackVectors.Expected[] Finds(string attack, string where) => AttackVectors.Finds(attack, where);

    /// <summary>The same bytes, written otherwise: 64 bytes leave four bits of the last letter unused.</summary>
    private static string SpareBits(string base64)
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        return base64[..^3] + Letters[Letters.IndexOf(base64[^3], StringComparison.Ordinal) | 1] + "==";
    }
}

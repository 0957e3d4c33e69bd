using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Record;
using IRFunctions.Tests.Recording;

namespace IRFunctions.Tests.Record;

/// <summary>
/// One attack on an exported record, as a file named after it in tests/record/vectors: what was done, the signer's key, the export as the
/// attacker left it, the log beside it, which nobody touched, and what a verifier must find. Any verifier can be tested with them.
/// IRF_WRITE_VECTORS=1 writes them anew.
/// </summary>
internal static class AttackVectors
{
    internal const string One = "incident-0000000000000000000000000000000a";
    internal const string Two = "incident-0000000000000000000000000000000b";
    internal const string Three = "incident-0000000000000000000000000000000c";

    public sealed record Vector(
        string Attack,
        string Story,
        string Key,
        Checkpoint? Seen,
        IReadOnlyList<Expected> Expect,
        IReadOnlyList<string> LogKeys,
        IReadOnlyDictionary<string, byte[]> Log,
        IReadOnlyList<string> Export
    );

    /// <param name="Where">Part of where the finding must be.</param>
    public sealed record Expected(string Attack, string Where);

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Three incidents over an hour with a checkpoint after each, then one more entry on the second; all sealed.</summary>
    private static async Task<(RecordRig Rig, Lines Lines)> RecordAsync(ECDsa? key = null)
    {
        var rig = new RecordRig(key: key);
        foreach (var chain in (string[])[One, Two, Three])
        {
            await rig.IncidentAsync(chain);
            rig.Time.Advance(TimeSpan.FromMinutes(20));
            await rig.Checkpointer.RunAsync();
        }
        await rig.Chain.AppendAsync(Two, [RecordRig.Fact($"{Two}-8", AuditKinds.Undone, "user can sign in again")]);
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        await rig.Checkpointer.RunAsync();
        return (rig, new Lines(await rig.ExportAsync()));
    }

    public static async Task<IReadOnlyList<Vector>> MakeAsync()
    {
        var vectors = new List<Vector>();
        using var ownKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var spki = ownKey.ExportSubjectPublicKeyInfo();
        foreach (var (name, story, attack, expected) in Attacks())
        {
            var (rig, lines) = await RecordAsync(ECDsa.Create(ownKey.ExportParameters(true)));
            var seen =
                name == "rolled-back-checkpoints-with-a-witness" ? Checkpoint.FromJson((await rig.Store.ReadAsync(4, default))!) : null;
            await attack(rig, lines);
            string[] keys = [.. (await rig.NewLog().KeysAsync(default)).Select(k => k.ToString())];
            vectors.Add(new Vector(name, story, Convert.ToBase64String(spki), seen, expected, keys, await rig.LogAsync(), lines.Text()));
        }
        return vectors;
    }

    internal static Func<RecordRig, Lines, Task> On(Action<Lines> attack) =>
        (_, lines) =>
        {
            attack(lines);
            return Task.CompletedTask;
        };

    internal static Expected[] Finds(string attack, string where) => [new Expected(attack, where)];

    private static IEnumerable<(string Name, string Story, Func<RecordRig, Lines, Task> Attack, Expected[] Expect)> Attacks()
    {
        yield return ("whole", "Nobody touched anything.", On(_ => { }), []);
        foreach (var on in OnEntries())
            yield return on;
        foreach (var on in OnSnapshots())
            yield return on;
        foreach (var on in OnChains())
            yield return on;
        foreach (var on in OnCheckpoints())
            yield return on;
        foreach (var on in ForgedFiles.OnLines().Concat(ForgedFiles.OnParts()).Concat(ForgedFiles.OnProofs()).Concat(ForgedFiles.OnKeys()))
            yield return on;
    }

    private static IEnumerable<(string Name, string Story, Func<RecordRig, Lines, Task> Attack, Expected[] Expect)> OnEntries()
    {
        yield return (
            "edited-words",
            "The reason of a decision is reworded.",
            On(l => l.Entry(One, 3)["text"] = "hold: nothing was decided"),
            Finds("edited", $"{One} entry 3")
        );
        yield return (
            "edited-details",
            "The verdict of the model is turned in the details.",
            On(l => l.Entry(One, 2)["data"] = "{\"verdict\":\"FalsePositive\"}"),
            Finds("edited", $"{One} entry 2")
        );
        yield return (
            "edited-author",
            "Somebody else is made the author.",
            On(l => l.Entry(One, 6)["actor"] = "00000000-0000-4000-8000-0000000000b1"),
            Finds("edited", $"{One} entry 6")
        );
        yield return (
            "edited-and-rehashed",
            "An entry is reworded and all hashes after it are made anew.",
            On(l => l.Rehash(One, 3, e => e["text"] = "hold: nothing was decided")),
            Finds("rewritten", $"{One} entries 1 to 7")
        );
        yield return (
            "edited-and-half-rehashed",
            "An entry is reworded and only its own hash is made anew.",
            On(l => l.Rehash(One, 3, e => e["text"] = "hold", only: true)),
            Finds("rewritten", $"{One} entry 4")
        );
        yield return (
            "back-dated-entry",
            "An entry's time is set an hour back.",
            On(l => l.Entry(One, 6)["at"] = "2026-11-23T02:00:00+00:00"),
            Finds("back-dated", $"{One} entry 6")
        );
        yield return (
            "back-dated-addition",
            "An hour later an entry is added that claims to be from the time of the incident, with good hashes.",
            On(l => l.Append(One, "2026-11-23T03:00:30+00:00", $"{One}-approved")),
            Finds("back-dated", $"{One} entry 8")
        );
        yield return ("deleted", "An entry is removed.", On(l => l.Remove(Two, 3)), Finds("deleted", $"{Two} entry 3"));
        yield return ("reordered", "Two entries change places.", On(l => l.Swap(Two, 2, 3)), Finds("reordered", $"{Two} entry 2"));
        yield return (
            "replayed-line",
            "A line of the record stands there twice.",
            On(l => l.Insert(One, 6, (JsonObject)l.Entry(One, 6).DeepClone())),
            Finds("replayed", $"{One} entry 6")
        );
        yield return (
            "replayed-fact",
            "What was done once is made to look as if done again, with good hashes.",
            On(l => l.Append(Three, "2026-11-23T04:29:00+00:00", $"{Three}-6")),
            Finds("replayed", $"{Three} entry 8")
        );
        yield return (
            "forked",
            "A second, different entry claims the place of one that is there.",
            On(l => l.Insert(One, 6, Lines.Sealed((JsonObject)l.Entry(One, 6).DeepClone(), e => e["text"] = "nothing was done"))),
            Finds("forked", $"{One} entry 6")
        );
        yield return (
            "words-removed",
            "The words of an entry are removed and called shredded, though nobody recorded that.",
            On(l => l.Blank(One, 3)),
            Finds("content-removed", One)
        );
        yield return (
            "unknown-form",
            "An entry claims an older, weaker canonical form.",
            On(l => l.Entry(One, 1)["form"] = 0),
            Finds("unknown-form", $"{One} entry 1")
        );
    }

    /// <summary>The state captured before an action: what a restore would put back.</summary>
    private static IEnumerable<(string Name, string Story, Func<RecordRig, Lines, Task> Attack, Expected[] Expect)> OnSnapshots()
    {
        yield return (
            "edited-snapshot",
            "The state captured before the action is changed, so that a restore would do harm.",
            On(l =>
                l.Entry(One, 4)["data"] = l.Entry(One, 4)["data"]!
                    .GetValue<string>()
                    .Replace("enabled", "disabled", StringComparison.Ordinal)
            ),
            Finds("edited", $"{One} entry 4 (captured)")
        );
        yield return (
            "deleted-snapshot",
            "The state captured before the action is removed.",
            On(l => l.Remove(One, 4)),
            Finds("deleted", $"{One} entry 4")
        );
        yield return (
            "replayed-snapshot",
            "The captured state of another incident is put in its place.",
            On(l => l.Replace(One, 4, l.Entry(Two, 4))),
            Finds("deleted", $"{One} entry 4")
        );
        yield return (
            "edited-and-rehashed-snapshot",
            "The captured state is changed and all hashes after it are made anew.",
            On(l => l.Rehash(One, 4, e => e["data"] = "{}")),
            Finds("rewritten", $"{One} entries 1 to 7")
        );
        yield return (
            "reordered-snapshot",
            "The captured state is put after the action, as if the action's result had been captured.",
            On(l => l.Swap(One, 4, 6)),
            Finds("reordered", $"{One} entry 4 (captured)")
        );
        yield return (
            "truncated-snapshot",
            "An incident ends before the captured state: nothing to restore, it seems.",
            On(l =>
            {
                for (var i = 7; i >= 4; i--)
                    l.Remove(One, i);
            }),
            Finds("truncated", $"{One} entries 4 to 7")
        );
        yield return (
            "back-dated-snapshot",
            "The captured state claims to be a day older.",
            On(l => l.Entry(One, 4)["at"] = "2026-11-22T03:00:02+00:00"),
            Finds("back-dated", $"{One} entry 4 (captured)")
        );
        yield return (
            "forked-snapshot",
            "A second captured state, good in itself, claims the place of the first.",
            On(l => l.Insert(One, 4, Lines.Sealed((JsonObject)l.Entry(One, 4).DeepClone(), e => e["data"] = "{}"))),
            Finds("forked", $"{One} entry 4 (captured)")
        );
        yield return (
            "replayed-old-snapshot",
            "The captured state is captured again at the end, with good hashes.",
            On(l => l.Append(One, "2026-11-23T03:00:03+00:00", $"{One}-4")),
            Finds("replayed", $"{One} entry 8")
        );
    }

    private static IEnumerable<(string Name, string Story, Func<RecordRig, Lines, Task> Attack, Expected[] Expect)> OnChains()
    {
        yield return (
            "truncated",
            "The last two entries of an incident are cut off: nothing was done, it seems.",
            On(l =>
            {
                l.Remove(One, 7);
                l.Remove(One, 6);
            }),
            Finds("truncated", $"{One} entries 6 to 7")
        );
        yield return (
            "truncated-and-continued",
            "The end of an incident is cut off and another one is told instead, with good hashes.",
            On(l =>
            {
                l.Remove(One, 7);
                l.Remove(One, 6);
                l.Append(One, "2026-11-23T03:00:02+00:00", "x6");
                l.Append(One, "2026-11-23T03:00:02+00:00", "x7");
            }),
            Finds("rewritten", $"{One} entries 1 to 7")
        );
        yield return ("dropped-chain", "A whole incident disappears.", On(l => l.RemoveAll(Two)), Finds("dropped-chain", Two));
        yield return (
            "dropped-first-entry",
            "An incident loses its beginning.",
            On(l => l.Remove(Three, 1)),
            Finds("deleted", $"{Three} entry 1")
        );
        yield return (
            "moved",
            "Entries of one incident are put among those of another.",
            On(l => l.Move(Two, 3, One, 5)),
            Finds("reordered", $"{Two} entry 1")
        );
        yield return ("cut-file", "The file ends early.", On(l => l.Cut(3)), Finds("cut-file", "end of the file"));
    }

    private static IEnumerable<(string Name, string Story, Func<RecordRig, Lines, Task> Attack, Expected[] Expect)> OnCheckpoints()
    {
        yield return (
            "foreign-key",
            "An incident is rewritten and all checkpoints are made anew with the attacker's own key.",
            (rig, l) => l.ResignAsync(rig.Time),
            Finds("foreign-key", "checkpoint 1")
        );
        yield return (
            "forged-checkpoint",
            "A checkpoint gets another root, keeping the old signature.",
            On(l => l.Checkpoint(2)["root"] = new string('a', 64)),
            Finds("replaced-checkpoint", "checkpoint 2")
        );
        yield return (
            "replaced-heads",
            "A checkpoint lists the head of a rewritten chain.",
            On(l => l.Checkpoint(1)["changes"]![0]!["hash"] = new string('b', 64)),
            Finds("replaced-checkpoint", "checkpoint 1")
        );
        yield return (
            "dropped-checkpoint",
            "A checkpoint in the middle is removed.",
            On(l => l.RemoveCheckpoint(2)),
            Finds("dropped-checkpoint", "checkpoint 2")
        );
        yield return (
            "cut-checkpoints",
            "The last two checkpoints are cut off and what they sealed is rewritten.",
            On(l =>
            {
                l.RemoveCheckpoint(4);
                l.RemoveCheckpoint(3);
                l.Rehash(Three, 3, e => e["text"] = "hold");
            }),
            Finds("unsealed", "entries")
        );
        yield return (
            "cut-all-checkpoints",
            "Every checkpoint is cut off, an incident is rewritten, and the file says that it was exported just then.",
            On(l => l.CutAllCheckpoints(One)),
            Finds("unsealed", "the whole file")
        );
        yield return (
            "rolled-back-checkpoints-with-a-witness",
            "The last checkpoint is cut off, but someone had kept it.",
            On(l => l.RemoveCheckpoint(4)),
            Finds("dropped-checkpoint", "checkpoint 4")
        );
        yield return (
            "reordered-checkpoints",
            "Two checkpoints change places.",
            On(l => l.SwapCheckpoints(2, 3)),
            Finds("reordered", "checkpoint 2")
        );
        yield return (
            "forked-checkpoint",
            "Whoever may sign makes a second checkpoint of a number that is taken, over a record told differently.",
            (rig, l) => l.ForkCheckpointAsync(rig.Key, 2),
            Finds("forked", "checkpoint 2")
        );
        yield return (
            "replayed-checkpoint",
            "An old checkpoint stands again in the place of the last.",
            On(l => l.ReplayCheckpoint(1, 4)),
            Finds("replayed", "checkpoint 1")
        );
        yield return (
            "back-dated-checkpoint",
            "A checkpoint's time is set back.",
            On(l => l.Checkpoint(3)["at"] = "2026-11-23T01:00:00+00:00"),
            Finds("back-dated", "checkpoint 3")
        );
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

/// <summary>An export as its attacker handles it. Knows how hashes are made, as any attacker would.</summary>
internal sealed class Lines(IEnumerable<string> text)
{
    private readonly List<JsonObject> all = [.. text.Select(l => JsonNode.Parse(l)!.AsObject())];
    private readonly List<(JsonObject Line, Func<string, string> Edit)> edits = [];

    public IReadOnlyList<string> Text() =>
        [.. all.Select(l => edits.Where(e => e.Line == l).Aggregate(l.ToJsonString(Relaxed), (written, e) => e.Edit(written)))];

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Another export in the place of this one.</summary>
    public void Become(IEnumerable<string> other)
    {
        all.Clear();
        all.AddRange(other.Select(l => JsonNode.Parse(l)!.AsObject()));
    }

    /// <summary>The first line of a type.</summary>
    public JsonObject First(string type) => all.First(l => l["type"]!.GetValue<string>() == type);

    public void RemoveLine(JsonObject line)
    {
        all.Remove(line);
        Recount();
    }

    /// <summary>Puts a line at a place counted from the end: 0 is after the last.</summary>
    public void Put(int fromEnd, JsonObject line, bool count = true)
    {
        all.Insert(all.Count - fromEnd, (JsonObject)line.DeepClone());
        if (count)
            Recount();
    }

    /// <summary>Edits a line as text, after everything else: what no JSON writer would write.</summary>
    public void Rewrite(JsonObject line, Func<string, string> edit) => edits.Add((line, edit));

    public void Rewrite(JsonObject line, string old, string by) =>
        Rewrite(
            line,
            written =>
                written.Contains(old, StringComparison.Ordinal)
                    ? written.Replace(old, by, StringComparison.Ordinal)
                    : throw new InvalidOperationException($"{old} is not in {written}")
        );

    public JsonObject Entry(string chain, int sequence) => all.Single(l => Is(l, chain) && l["sequence"]!.GetValue<long>() == sequence);

    public JsonObject Checkpoint(int number) =>
        all.Where(l => l["type"]!.GetValue<string>() == "checkpoint")
            .Select(l => l["checkpoint"]!.AsObject())
            .Single(c => c["number"]!.GetValue<long>() == number);

    /// <summary>Everything that an attacker cuts out is counted out of the end line too.</summary>
    public void Remove(string chain, int sequence)
    {
        all.Remove(Entry(chain, sequence));
        Recount();
    }

    public void RemoveAll(string chain)
    {
        all.RemoveAll(l => Is(l, chain));
        Recount();
    }

    public void RemoveCheckpoint(int number)
    {
        all.Remove(LineOf(number));
        Recount();
    }

    public void CutAllCheckpoints(string rewritten)
    {
        all.RemoveAll(l => l["type"]!.GetValue<string>() == "checkpoint");
        Rehash(rewritten, 3, e => e["text"] = "hold: nothing was decided");
        all[0]["exportedAt"] = all.Last(l => l["type"]!.GetValue<string>() == "entry")["at"]!.GetValue<string>();
        Recount();
    }

    public void Cut(int lines) => all.RemoveRange(all.Count - lines, lines);

    public void Swap(string chain, int a, int b)
    {
        var (i, j) = (all.IndexOf(Entry(chain, a)), all.IndexOf(Entry(chain, b)));
        (all[i], all[j]) = (all[j], all[i]);
    }

    public void SwapCheckpoints(int a, int b)
    {
        var (i, j) = (all.IndexOf(LineOf(a)), all.IndexOf(LineOf(b)));
        (all[i], all[j]) = (all[j], all[i]);
    }

    public void ReplayCheckpoint(int old, int place) => all[all.IndexOf(LineOf(place))] = (JsonObject)LineOf(old).DeepClone();

    public void Replace(string chain, int sequence, JsonObject by) => all[all.IndexOf(Entry(chain, sequence))] = (JsonObject)by.DeepClone();

    public void Insert(string chain, int after, JsonObject line)
    {
        all.Insert(all.IndexOf(Entry(chain, after)) + 1, line);
        Recount();
    }

    /// <summary>Puts a later entry of one chain among another's.</summary>
    public void Move(string from, int sequence, string to, int after)
    {
        var line = Entry(from, sequence);
        all.Remove(line);
        all.Insert(all.IndexOf(Entry(to, after)) + 1, line);
    }

    public void Blank(string chain, int sequence)
    {
        var entry = Entry(chain, sequence);
        (entry["text"], entry["salt"], entry["content"]) = ("", "", "shredded");
        entry.Remove("data");
    }

    /// <summary>Adds an entry to the end of a chain, with every hash as it must be.</summary>
    public void Append(string chain, string at, string fact)
    {
        var last = all.FindLastIndex(l => Is(l, chain));
        var line = (JsonObject)all[last].DeepClone();
        line["previous"] = all[last]["hash"]!.GetValue<string>();
        line["sequence"] = all[last]["sequence"]!.GetValue<long>() + 1;
        (line["at"], line["factId"], line["text"]) = (at, fact, "approved by everyone");
        all.Insert(last + 1, Sealed(line, _ => { }));
        Recount();
    }

    /// <summary>Changes an entry and makes its hash anew, and those of all that follow.</summary>
    public void Rehash(string chain, int sequence, Action<JsonObject> change, bool only = false)
    {
        change(Entry(chain, sequence));
        var previous = Entry(chain, sequence)["previous"]!.GetValue<string>();
        for (var i = sequence; all.Any(l => Is(l, chain) && l["sequence"]!.GetValue<long>() == i); i++)
        {
            Entry(chain, i)["previous"] = previous;
            Sealed(Entry(chain, i), _ => { });
            previous = Entry(chain, i)["hash"]!.GetValue<string>();
            if (only)
                return;
        }
    }

    public static JsonObject Sealed(JsonObject line, Action<JsonObject> change)
    {
        change(line);
        var entry = ((EntryLine)RecordLine.FromJson(JsonSerializer.SerializeToUtf8Bytes(line))).ToEntry().Sealed();
        (line["contentHash"], line["hash"]) = (entry.ContentHash, entry.Hash);
        return line;
    }

    /// <summary>The attacker's own record: chains as they are now, checkpoints over them with a key of the attacker's.</summary>
    public async Task ResignAsync(TimeProvider time)
    {
        using var key = new LocalCheckpointKey();
        var spki = await key.PublicAsync(default);
        Rehash(
            all.First(l => l["type"]!.GetValue<string>() == "entry")["chain"]!.GetValue<string>(),
            3,
            e => e["text"] = "hold: nothing was decided"
        );
        var (tree, previous, number) = (new MerkleTree(), AuditEntry.NoHash, 0);
        foreach (var line in all.Where(l => l["type"]!.GetValue<string>() == "checkpoint").ToList())
        {
            var old = IRFunctions.Record.Checkpoint.FromJson(JsonSerializer.SerializeToUtf8Bytes(line["checkpoint"]));
            var changes = old.Changes!.Select(c => c with { Hash = Entry(c.Chain, (int)c.Length)["hash"]!.GetValue<string>() }).ToList();
            foreach (var change in changes)
                tree.Set(change.Leaf, change.LeafHash());
            var made = old with
            {
                Number = ++number,
                Changes = changes,
                ChangesHash = IRFunctions.Record.Checkpoint.HashOf(changes),
                Root = Convert.ToHexStringLower(tree.Root()),
                Previous = previous,
                Key = KeyFingerprint.Of(spki),
            };
            made = made with { Signature = Convert.ToBase64String(await key.SignAsync(made.ToSign(), default)) };
            previous = made.Hash();
            line["checkpoint"] = JsonNode.Parse(made.ToJson());
        }
        all[0]["key"] = Convert.ToBase64String(spki);
        all[0]["exportedAt"] = time.GetUtcNow();
    }

    /// <summary>A second checkpoint of a number, with another head, signed with the real key, beside the first.</summary>
    public async Task ForkCheckpointAsync(ICheckpointKey key, int number)
    {
        var line = (JsonObject)LineOf(number).DeepClone();
        var old = IRFunctions.Record.Checkpoint.FromJson(JsonSerializer.SerializeToUtf8Bytes(line["checkpoint"]));
        var changes = old.Changes!.Select(c => c with { Hash = new string('b', 64) }).ToList();
        var made = old with { Changes = changes, ChangesHash = IRFunctions.Record.Checkpoint.HashOf(changes) };
        line["checkpoint"] = JsonNode.Parse(
            (made with { Signature = Convert.ToBase64String(await key.SignAsync(made.ToSign(), default)) }).ToJson()
        );
        all.Insert(all.IndexOf(LineOf(number)) + 1, line);
        Recount();
    }

    private JsonObject LineOf(int number) =>
        all.First(l => l["type"]!.GetValue<string>() == "checkpoint" && l["checkpoint"]!["number"]!.GetValue<long>() == number);

    private static bool Is(JsonObject line, string chain) =>
        line["type"]!.GetValue<string>() == "entry" && line["chain"]!.GetValue<string>() == chain;

    private void Recount()
    {
        if (all.Find(l => l["type"]!.GetValue<string>() == "end") is not { } end)
            return;
        end["entries"] = all.Count(l => l["type"]!.GetValue<string>() == "entry");
        end["checkpoints"] = all.Count(l => l["type"]!.GetValue<string>() == "checkpoint");
    }
}

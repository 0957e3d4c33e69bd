using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IRFunctions.Record;
using IRFunctions.Tests.Recording;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Record;

/// <summary>
/// Mutates good exports by the grammar of docs/record.md: bytes, values, lines, and whole forgeries whose hashes are made anew. None may be
/// accepted that says anything else than the export did. IRF_FUZZ=1000000 mutates a million times, IRF_FUZZ_SEED chooses which.
/// </summary>
public sealed class GrammarFuzzTests(ITestOutputHelper output)
{
    private static readonly int Count = Number("IRF_FUZZ", 3000);
    private static readonly int Seed = Number("IRF_FUZZ_SEED", 20261130);

    /// <summary>What a value may become: other kinds, other bounds, what looks alike.</summary>
    private static readonly string[] Values =
    [
        "null",
        "true",
        "0",
        "1",
        "-1",
        "1.0",
        "1e0",
        "9223372036854775807",
        "9223372036854775808",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[[[[[[[[[[]]]]]]]]]]",
        "\"readable\"",
        "\"shredded\"",
        "\"damaged\"",
        "\"Readable\"",
        "\"header\"",
        "\"entry\"",
        "\"end\"",
        "\"pipeline\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"0001-01-01T00:00:00+00:00\"",
        "\"9999-12-31T23:59:59.9999999+00:00\"",
        "\"2026-11-23T03:00:00+00:00\"",
        "\"2026-11-23T03:00:00Z\"",
        "\"0000000000000000000000000000000000000000000000000000000000000000\"",
        "{\"chain\":\"a\",\"chain\":\"b\"}",
        "1,\"form\":1",
    ];

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public async Task No_mutation_that_changes_a_meaning_is_accepted()
    {
        var (exports, key) = await ExportsAsync();
        var (started, accepted) = (Stopwatch.GetTimestamp(), 0);
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Count; i++)
        {
            var random = new Random(unchecked(Seed + i)); // Each mutation can be had again by its number alone.
            var export = exports[random.Next(exports.Length)];
            var mutated = Mutate([.. export], random);
            string verdict;
            try
            {
                var report = await VerifyAsync(mutated, key);
                verdict = report.Findings.Count == 0 ? "" : report.Findings[0].Attack;
            }
            catch (FormatException)
            {
                verdict = "no export";
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"mutation {i} of seed {Seed} crashed the verifier", e);
            }
            if (verdict.Length > 0)
            {
                refused[verdict] = refused.GetValueOrDefault(verdict) + 1;
                continue;
            }
            accepted++;
            Assert.True(
                Meaning(mutated) == Meaning(export),
                $"mutation {i} of seed {Seed} was accepted:\n{Encoding.UTF8.GetString(Join(mutated))}"
            );
        }
        output.WriteLine(
            $"{Count} mutations in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, {accepted} accepted with the same meaning; "
                + "refused as "
                + string.Join(", ", refused.Select(r => $"{r.Key} {r.Value}"))
        );
        Assert.True(refused.Count >= Math.Min(8, Count / 100), "the mutations do not reach the verifier's rules");
    }

    /// <summary>Everything but the two things that nothing signs: the time of the export, and how much was left out.</summary>
    private static string Meaning(byte[][] lines)
    {
        var header = (HeaderLine)RecordLine.FromJson(lines[0]);
        var end = (EndLine)RecordLine.FromJson(lines[^1]);
        return string.Join(
                '\n',
                lines[1..^1]
                    .Select(Encoding.UTF8.GetString)
                    .Prepend(Encoding.UTF8.GetString((header with { ExportedAt = default }).ToJson()))
            ) + Encoding.UTF8.GetString((end with { Newer = null }).ToJson());
    }

    private static async Task<(byte[][][] Exports, byte[] Key)> ExportsAsync()
    {
        var rig = new RecordRig();
        await rig.IncidentAsync("a");
        await rig.Checkpointer.RunAsync();
        rig.Time.Advance(TimeSpan.FromMinutes(20));
        await rig.Chain.AppendAsync("b", [RecordRig.Fact("b-1"), RecordRig.Fact("b-2", data: new { verdict = "x" })]);
        await rig.Chain.AppendAsync("a", [RecordRig.Fact("a-8", AuditKinds.Undone)]);
        await rig.Checkpointer.RunAsync();
        string[][] texts = [await rig.ExportAsync(), await rig.ExportAsync("a"), await rig.ExportAsync("a", "b")];
        return ([.. texts.Select(t => t.Select(Encoding.UTF8.GetBytes).ToArray())], await rig.Key.PublicAsync(default));
    }

    private static async Task<VerifyReport> VerifyAsync(byte[][] lines, byte[] key)
    {
        using var stream = new MemoryStream(Join(lines));
        return await RecordVerifier.VerifyAsync(stream, [key]);
    }

    private static byte[] Join(byte[][] lines) => [.. lines.SelectMany(l => l.Append((byte)'\n'))];

    private static byte[][] Mutate(byte[][] lines, Random random)
    {
        for (var times = 1 + random.Next(3); times > 0 && lines.Length > 0; times--)
            lines = random.Next(10) switch
            {
                < 3 => OnBytes(lines, random),
                < 6 => OnValues(lines, random),
                < 8 => OnLines(lines, random),
                _ => Forge(lines, random),
            };
        return lines;
    }

    private static byte[][] OnBytes(byte[][] lines, Random random)
    {
        var at = random.Next(lines.Length);
        var line = lines[at].ToList();
        var place = random.Next(line.Count + 1);
        switch (random.Next(4))
        {
            case 0 when place < line.Count:
                line[place] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                line.Insert(place, (byte)random.Next(256));
                break;
            case 2:
                line.RemoveRange(place, Math.Min(random.Next(1, 20), line.Count - place));
                break;
            default:
                line.InsertRange(place, line.GetRange(0, place)[^Math.Min(place, random.Next(1, 20))..]);
                break;
        }
        lines[at] = [.. line];
        return lines;
    }

    /// <summary>A value of the line becomes another, or one of another line of any type.</summary>
    private static byte[][] OnValues(byte[][] lines, Random random)
    {
        var at = random.Next(lines.Length);
        var own = ValuesOf(lines[at]);
        if (own.Count == 0)
            return lines;
        var (start, length) = own[random.Next(own.Count)];
        var by = Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]);
        var other = lines[random.Next(lines.Length)];
        if (random.Next(2) == 0 && ValuesOf(other) is { Count: > 0 } theirs)
        {
            var (from, many) = theirs[random.Next(theirs.Count)];
            by = other[from..(from + many)];
        }
        lines[at] = [.. lines[at][..start], .. by, .. lines[at][(start + length)..]];
        return lines;
    }

    private static List<(int Start, int Length)> ValuesOf(byte[] line)
    {
        var values = new List<(int, int)>();
        var reader = new Utf8JsonReader(line);
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.PropertyName)
                    values.Add(
                        (
                            (int)reader.TokenStartIndex,
                            (int)(reader.BytesConsumed - reader.TokenStartIndex - (reader.TokenType == JsonTokenType.PropertyName ? 1 : 0))
                        )
                    );
        }
        catch (JsonException)
        {
            // Mutated before; what could be read of it will do.
        }
        return values;
    }

    private static byte[][] OnLines(byte[][] lines, Random random)
    {
        var all = lines.ToList();
        var (from, to) = (random.Next(all.Count), random.Next(all.Count));
        switch (random.Next(4))
        {
            case 0:
                all.RemoveAt(from);
                break;
            case 1:
                all.Insert(to, all[from]);
                break;
            case 2:
                (all[from], all[to]) = (all[to], all[from]);
                break;
            default:
                all.RemoveRange(from, Math.Min(random.Next(1, 5), all.Count - from));
                break;
        }
        return Recounted(all);
    }

    /// <summary>An entry says something else, is dropped or added, and every hash after it is made anew, as a forger would.</summary>
    private static byte[][] Forge(byte[][] lines, Random random)
    {
        var all = lines.ToList();
        var places = Enumerable.Range(0, all.Count).Where(i => Read(all[i]) is EntryLine).ToList();
        if (places.Count == 0)
            return lines;
        var place = places[random.Next(places.Count)];
        var entry = (EntryLine)Read(all[place])!;
        entry = random.Next(6) switch
        {
            0 => entry with { Text = "nothing was done" },
            1 => entry with { Actor = "policy" },
            2 => entry with { At = entry.At.AddMinutes(random.Next(-90, 90)) },
            3 => entry with { Content = ContentState.Shredded, Text = "", Data = null, Salt = "" },
            4 => entry with { Kind = AuditKinds.Undone, FactId = $"x{random.Next()}" },
            _ => entry with { Data = "{\"chain\":\"a\",\"entries\":9}", Kind = AuditKinds.Shredded },
        };
        var relinked = entry.Content == ContentState.Readable || random.Next(2) == 0;
        var previous = entry.Previous;
        for (var i = place; relinked && i < all.Count && Read(all[i]) is EntryLine next && next.Chain == entry.Chain; i++)
        {
            var made = ((i == place ? entry : next) with { Previous = previous }).ToEntry().Sealed();
            (all[i], previous) = (EntryLine.Of(made).ToJson(), made.Hash);
        }
        if (!relinked)
            all[place] = entry.ToJson();
        return Recounted(all);
    }

    private static RecordLine? Read(byte[] line)
    {
        try
        {
            var read = LineGrammar.Read(line);
            return LineGrammar.Problem(read) is null ? read : null; // What the grammar refuses cannot be hashed anew.
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[][] Recounted(List<byte[]> all)
    {
        if (all.Count > 0 && Read(all[^1]) is EndLine end)
            all[^1] = (
                end with
                {
                    Entries = all.Count(l => l.AsSpan().StartsWith("{\"type\":\"entry\""u8)),
                    Checkpoints = all.Count(l => l.AsSpan().StartsWith("{\"type\":\"checkpoint\""u8)),
                }
            ).ToJson();
        return [.. all];
    }
}

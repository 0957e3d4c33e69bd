using System.Text;
using System.Text.Json;
using IRFunctions.Record;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Record;

public sealed class LogVectorTests
{
    internal static readonly string Folder = Path.Combine(Sources.Root, "tests", "record", "log-vectors");

    private static IEnumerable<string> Names() =>
        (System.IO.Directory.Exists(Folder) ? System.IO.Directory.GetFiles(Folder, "*.json") : [])
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order(StringComparer.Ordinal);

    public static TheoryData<string> Files() => [.. Names()];

    internal static LogVectors.Vector Read(string attack) =>
        JsonSerializer.Deserialize<LogVectors.Vector>(File.ReadAllText(Path.Combine(Folder, attack + ".json")), AttackVectors.Json)!;

    private static async Task FindsAsync(LogVectors.Vector vector)
    {
        var trust = LogVectors.Trust(vector);
        var earlier =
            vector.Earlier.Length > 0
                ? (trust with { Quorum = 0 }).Open(SignedNote.Parse(Encoding.UTF8.GetBytes(vector.Earlier))).Checkpoint
                : null;
        var report = await LogVerifier.VerifyAsync(p => vector.Log.GetValueOrDefault(p), trust, earlier);
        if (vector.Expect.Length == 0)
            Assert.Empty(report.Findings);
        else
            Assert.True(
                report.Findings.Any(f => f.Attack == Attacks.ForgedLog && f.ToString().Contains(vector.Expect, StringComparison.Ordinal)),
                $"{vector.Attack}: wanted \"{vector.Expect}\", got:\n{string.Join('\n', report.Findings)}"
            );
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Each_attack_on_a_log_on_file_is_found(string attack) => await FindsAsync(Read(attack));

    [Fact]
    public async Task Each_attack_on_a_log_made_now_is_found()
    {
        var vectors = await LogVectors.MakeAsync();
        foreach (var vector in vectors)
            await FindsAsync(vector);
        if (Environment.GetEnvironmentVariable("IRF_WRITE_VECTORS") == "1")
        {
            System.IO.Directory.CreateDirectory(Folder);
            foreach (var vector in vectors)
                await File.WriteAllTextAsync(
                    Path.Combine(Folder, vector.Attack + ".json"),
                    JsonSerializer.Serialize(vector, AttackVectors.Json) + "\n"
                );
        }
        Assert.Equal(vectors.Select(v => v.Attack).Order(StringComparer.Ordinal), Names());
    }
}

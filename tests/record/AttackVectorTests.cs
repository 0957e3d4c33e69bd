using System.Text.Json;
using IRFunctions.Tests.Recording;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Record;

public sealed class AttackVectorTests
{
    private static readonly string Folder = Path.Combine(Sources.Root, "tests", "record", "vectors");

    private static IEnumerable<string> Names() =>
        (System.IO.Directory.Exists(Folder) ? System.IO.Directory.GetFiles(Folder, "*.json") : [])
            .Select(f => Path.GetFileNameWithoutExtension(f))
            .Order(StringComparer.Ordinal);

    public static TheoryData<string> Files() => [.. Names()];

    private static async Task FindsAsync(AttackVectors.Vector vector)
    {
        var report = await RecordRig.VerifyAsync(vector.Export, Convert.FromBase64String(vector.Key), vector.Seen);
        foreach (var expected in vector.Expect)
            Assert.True(
                report.Findings.Any(f => f.Attack == expected.Attack && f.Where.Contains(expected.Where, StringComparison.Ordinal)),
                $"{vector.Attack}: wanted {expected.Attack} at {expected.Where}, got:\n{string.Join('\n', report.Findings)}"
            );
        if (vector.Expect.Count == 0)
            Assert.Empty(report.Findings);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Each_attack_on_file_is_found_and_named(string attack) =>
        await FindsAsync(
            JsonSerializer.Deserialize<AttackVectors.Vector>(
                await File.ReadAllTextAsync(Path.Combine(Folder, attack + ".json")),
                AttackVectors.Json
            )!
        );

    [Fact]
    public async Task Each_attack_made_now_is_found_and_named()
    {
        var vectors = await AttackVectors.MakeAsync();
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

using IRFunctions.Tests.Recording;

namespace IRFunctions.Tests.Record;

public sealed class AttackVectorTests
{
    private static readonly VectorFiles<AttackVectors.Vector> OnFile = new("vectors");

    public static TheoryData<string> Files() => [.. OnFile.Names()];

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
    public async Task Each_attack_on_file_is_found_and_named(string attack) => await FindsAsync(OnFile.Read(attack));

    [Fact]
    public async Task Each_attack_made_now_is_found_and_named() =>
        await OnFile.AssertFoundAsync(await AttackVectors.MakeAsync(), v => v.Attack, FindsAsync);
}

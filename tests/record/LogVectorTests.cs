using System.Text;
using IRFunctions.Record;

namespace IRFunctions.Tests.Record;

public sealed class LogVectorTests
{
    internal static readonly VectorFiles<LogVectors.Vector> OnFile = new("log-vectors");

    public static TheoryData<string> Files() => [.. OnFile.Names()];

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
    public async Task Each_attack_on_a_log_on_file_is_found(string attack) => await FindsAsync(OnFile.Read(attack));

    [Fact]
    public async Task Each_attack_on_a_log_made_now_is_found() =>
        await OnFile.AssertFoundAsync(await LogVectors.MakeAsync(), v => v.Attack, FindsAsync);
}

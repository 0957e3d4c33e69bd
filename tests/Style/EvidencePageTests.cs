using System.Reflection;
using System.Text.RegularExpressions;
using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Style;

/// <summary>docs/evidence.md: each line names code that is there and a test that is there.</summary>
public sealed partial class EvidencePageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Sources.Root, "docs", "evidence.md"));

    public static TheoryData<string> Lines => [.. RowsOf(Page)];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Each_line_names_code_and_a_test_that_exist(string line) => Assert.Empty(Problems(line));

    [Theory]
    [InlineData("| X-1 | something | `functions/Gone.cs` | `EvidencePageTests.Each_line_names_code_and_a_test_that_exist` |")]
    [InlineData("| X-1 | something | `functions/Pipeline.cs` | `EvidencePageTests.No_such_test` |")]
    [InlineData("| X-1 | something | `functions/Pipeline.cs` | |")]
    public void The_check_has_teeth(string line) => Assert.NotEmpty(Problems(line));

    [Fact]
    public async Task Every_action_has_a_line_and_every_framework_is_there()
    {
        await using var machine = await LocalMachine.CreateAsync(World.Options(TimeProvider.System));
        foreach (var capability in machine.Services.GetRequiredService<ActionCatalog>().Capabilities)
            Assert.Contains($"| `{capability.Name}` |", Page, StringComparison.Ordinal);
        foreach (
            var framework in new[]
            {
                "NIST CSF 2.0",
                "NIST SP 800-61r3",
                "NIST AI RMF",
                "OWASP Agentic",
                "CSA MAESTRO",
                "MITRE ATT&CK and D3FEND",
            }
        )
            Assert.Contains($"## {framework}", Page, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(1, 10).Select(n => $"ASI{n:D2}"),
            RowsOf(Page).Select(l => l.Split('|')[1].Trim()).Where(c => c.StartsWith("ASI", StringComparison.Ordinal))
        );
    }

    private static IEnumerable<string> RowsOf(string page) =>
        page.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal) && l.Contains(".cs`", StringComparison.Ordinal));

    private static IEnumerable<string> Problems(string line)
    {
        var cells = line.Split('|', StringSplitOptions.TrimEntries);
        var (code, tests) = (cells[^3], cells[^2]);
        foreach (var path in Quoted().Matches(code).Select(m => m.Groups[1].Value))
            if (!File.Exists(Path.Combine(Sources.Root, path)))
                yield return $"{path} is not there";
        var named = Quoted().Matches(tests).Select(m => m.Groups[1].Value).ToList();
        if (named.Count == 0)
            yield return "no test is named";
        foreach (var test in named.Where(t => !IsTest(t)))
            yield return $"{test} is no test";
    }

    private static bool IsTest(string name)
    {
        var parts = name.Split('.');
        return parts.Length == 2
            && Assembly
                .GetExecutingAssembly()
                .GetTypes()
                .Where(t => t.Name == parts[0])
                .SelectMany(t => t.GetMethods())
                .Any(m => m.Name == parts[1] && m.GetCustomAttributes<FactAttribute>().Any());
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}

using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Simulator;

/// <summary>
/// The faults of tests/local/Simulator/mutants still fit the code (docs/simulator.md): a patch that slipped puts back nothing.
/// </summary>
public sealed class MutantsTests
{
    private static readonly string Folder = Path.Combine(Sources.Root, "tests", "local", "Simulator", "mutants");

    public static TheoryData<string> Patches() =>
        [.. System.IO.Directory.GetFiles(Folder, "*.patch").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Patches))]
    public void A_mutants_patch_finds_each_of_its_places_and_is_guarded_by_its_number(string patch)
    {
        var number = int.Parse(patch[..2], System.Globalization.CultureInfo.InvariantCulture);
        var lines = File.ReadAllLines(Path.Combine(Folder, patch));
        Assert.StartsWith("found by: S", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith('+') && l.Contains($"Mutants.Is({number})", StringComparison.Ordinal));
        var (text, hunk) = ("", "");
        foreach (var line in lines.Skip(2).Append("@@"))
        {
            var next = line.StartsWith("--- a/", StringComparison.Ordinal);
            if (next || line.StartsWith("@@", StringComparison.Ordinal))
            {
                Assert.True(hunk.Length == 0 || text.Split(hunk).Length == 2, $"{patch} does not find this, or not once:\n{hunk}");
                hunk = "";
            }
            if (next)
                text = File.ReadAllText(Path.Combine(Sources.Root, line[6..])).ReplaceLineEndings("\n");
            else if (line is [' ' or '-', ..])
                hunk += line[1..] + "\n";
        }
    }

    [Fact]
    public void Every_kind_of_fault_has_one_number()
    {
        var numbers = System.IO.Directory.GetFiles(Folder, "*.patch").Select(f => Path.GetFileName(f)[..2]).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        Assert.InRange(numbers.Count, 30, 99);
    }
}

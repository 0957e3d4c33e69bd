using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

/// <summary>
/// Every folder under data/policies/broken holds one file that replaces its namesake in data/policies/base, and expected.txt with exactly
/// the errors it must yield. Where without.txt names a file, that one is left out.
/// </summary>
public sealed class BrokenPolicyTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "data", "policies");

    public static TheoryData<string> Folders =>
        [
            .. System
                .IO.Directory.EnumerateDirectories(Path.Combine(Data, "broken"))
                .Select(path => Path.GetFileName(path)!)
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void The_base_is_good() =>
        Assert.Empty(PolicyLoader.Load(PolicyFolder.Read(Path.Combine(Data, "base")), Shipped.Catalogue, Shipped.Today).Errors);

    [Fact]
    public void There_are_at_least_forty() => Assert.True(Folders.Count >= 40);

    [Theory]
    [MemberData(nameof(Folders))]
    public void Each_broken_policy_yields_exactly_the_errors_expected(string folder)
    {
        var path = Path.Combine(Data, "broken", folder);
        var changed = PolicyFolder.Read(path);
        var without = File.Exists(Path.Combine(path, "without.txt")) ? File.ReadAllText(Path.Combine(path, "without.txt")).Trim() : "";
        var files = PolicyFolder
            .Read(Path.Combine(Data, "base"))
            .Where(file => file.Name != without && changed.All(other => other.Name != file.Name))
            .Concat(changed)
            .ToArray();
        var reading = PolicyLoader.Load(files, Shipped.Catalogue, Shipped.Today);
        Assert.False(reading.Ok);
        Assert.Equal(File.ReadAllText(Path.Combine(path, "expected.txt")), string.Concat(reading.Errors.Select(error => $"{error}\n")));
    }
}

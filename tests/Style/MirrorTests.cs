namespace IRFunctions.Tests.Style;

/// <summary>
/// A test lies where what it tests lies: tests/functions/Approvals for functions/Approvals. Folders with a capital are about the whole:
/// the worlds that tests run in, the programs as processes, the pages in a browser, what is deployed, how the code is
/// written.
/// </summary>
public sealed class MirrorTests
{
    private static readonly string[] OfTheWhole = ["Deploy", "InBrowser", "Process", "Style", "Worker", "Worlds"];

    [Fact]
    public void Each_folder_of_tests_is_one_of_the_sources_or_about_the_whole()
    {
        var homeless = Sources
            .Under("tests")
            .Select(f => f.Path["tests/".Length..])
            .Where(p => p.Contains('/', StringComparison.Ordinal) && !OfTheWhole.Contains(p.Split('/')[0]))
            .Select(p => p[..p.LastIndexOf('/')])
            .Distinct()
            .Where(folder => !System.IO.Directory.Exists(Path.Combine(Sources.Root, folder)));
        Assert.Empty(homeless);
    }

    /// <summary>Three differ: a namespace of their folder's name would hide a type or another namespace.</summary>
    [Fact]
    public void A_namespace_ends_with_its_folder()
    {
        string[] others = ["OnAzurite", "RealWorker", "RealProgram"];
        var strayed = Sources
            .Under("tests")
            .Where(f => f.Path.Count(c => c == '/') > 1 || OfTheWhole.Contains(f.Path.Split('/')[1]))
            .Select(f => (f.Path, Folder: Path.GetFileName(Path.GetDirectoryName(f.Path))!, f.Text))
            .Where(f => f.Folder.Length > 0 && char.IsUpper(f.Folder[0]))
            .Where(f =>
                !others.Append(f.Folder).Any(n => $"\n{f.Text}".Contains($"\nnamespace IRFunctions.Tests.{n};", StringComparison.Ordinal))
            )
            .Select(f => f.Path);
        Assert.Empty(strayed);
    }
}

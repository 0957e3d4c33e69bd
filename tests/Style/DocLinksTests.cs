using System.Text.RegularExpressions;

namespace IRFunctions.Tests.Style;

/// <summary>What a page links to and what a comment names is there: files, headings, decisions.</summary>
public sealed partial class DocLinksTests
{
    private static readonly string[] NotOurs = [".git", ".local", "bin", "obj", "node_modules", "publish"];
    private static readonly string[] Sourced = [".cs", ".bicep", ".sh", ".yml", ".yaml", ".csproj", ".props", ".targets", ".mjs"];

    // These name what is not there, to see that it is noticed.
    private static readonly string[] OnPurpose = ["tests/Style/DocLinksTests.cs", "tests/Deploy/RepositoryTests.cs"];

    private static readonly string[] All =
    [
        .. FilesIn(Sources.Root).Select(f => Path.GetRelativePath(Sources.Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    private static readonly string[] Decisions =
    [
        .. All.Where(f => DecisionFile().IsMatch(f)).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string> Pages() => [.. All.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_links_to_what_is_there(string page) => Assert.Empty(BrokenLinks(page, Text(page)));

    [Theory]
    [InlineData("[x](gone.md)")]
    [InlineData("[x](design.md#no-such-heading)")]
    [InlineData("[x](#no-such-heading)")]
    [InlineData("[x](decisions/0001-another-name.md)")]
    [InlineData("<img alt=\"x\" src=\"images/gone.svg\">")]
    [InlineData("<source srcset=\"images/gone.svg\">")]
    public void A_broken_link_is_seen(string text) => Assert.Single(BrokenLinks("docs/x.md", text));

    [Fact]
    public void A_page_or_a_decision_that_is_named_anywhere_exists() =>
        Assert.Empty(
            All.Where(f => f.EndsWith(".md", StringComparison.Ordinal) || Sourced.Contains(Path.GetExtension(f)))
                .Where(f => !OnPurpose.Contains(f))
                .SelectMany(f => Dangling(f, Text(f)))
        );

    [Theory]
    [InlineData("// See docs/gone.md.")]
    [InlineData("// See docs/decisions/9999.")]
    [InlineData("// See docs/decisions/0001-another-name.md.")]
    [InlineData("/// (decision 9999)")]
    [InlineData("`docs/decisions/0001` to `9999`")]
    public void A_name_of_something_else_is_seen(string text) => Assert.Single(Dangling("x.cs", text));

    [Fact]
    public void Decisions_are_numbered_without_gaps_and_stand_in_the_index()
    {
        var index = Text("docs/decisions/README.md");
        Assert.NotEmpty(Decisions);
        Assert.Equal(Enumerable.Range(1, Decisions.Length).Select(i => $"{i:D4}"), Decisions.Select(d => d[..4]));
        Assert.All(
            Decisions,
            d =>
            {
                var title = Text($"docs/decisions/{d}").Split('\n')[0];
                Assert.StartsWith($"# {d[..4]} ", title, StringComparison.Ordinal);
                Assert.Contains($"| [{d[..4]}]({d}) | {title[7..]} |", index, StringComparison.Ordinal);
            }
        );
    }

    private static IEnumerable<string> BrokenLinks(string page, string text)
    {
        var folder = Path.GetDirectoryName(page)!.Replace('\\', '/');
        foreach (var link in Link().Matches(WithoutCode(text)).Select(m => m.Groups[1].Value + m.Groups[2].Value))
        {
            if (link.Contains(':', StringComparison.Ordinal))
                continue; // another site's
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? page : Path.GetRelativePath(".", Path.Combine(folder, parts[0])).Replace('\\', '/');
            if (parts[0].Length > 0 && !Exists(target))
                yield return $"{page}: {link} leads nowhere";
            else if (parts.Length > 1 && !Headings(parts[0].Length == 0 ? text : Text(target)).Contains(parts[1]))
                yield return $"{page}: {link} names no heading";
        }
    }

    private static IEnumerable<string> Dangling(string file, string text)
    {
        foreach (Match page in Page().Matches(text))
        {
            if (!Exists(page.Value))
                yield return $"{file}: {page.Value} does not exist";
        }
        foreach (Match named in Decision().Matches(text))
        {
            var number = named.Groups["number"].Value;
            if (!Decisions.Any(d => d.StartsWith(number, StringComparison.Ordinal)))
                yield return $"{file}: there is no decision {number}";
        }
    }

    private static bool Exists(string path) =>
        File.Exists(Path.Combine(Sources.Root, path)) || System.IO.Directory.Exists(Path.Combine(Sources.Root, path));

    private static HashSet<string> Headings(string text) =>
        [.. Heading().Matches(WithoutCode(text)).Select(m => Anchor(m.Groups[1].Value))];

    /// <summary>As GitHub makes them: small letters, no punctuation, hyphens for spaces.</summary>
    private static string Anchor(string heading) => NotInAnchors().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static string WithoutCode(string text) => CodeBlock().Replace(text, "");

    private static string Text(string file) => File.ReadAllText(Path.Combine(Sources.Root, file)).ReplaceLineEndings("\n");

    private static IEnumerable<string> FilesIn(string folder) =>
        System
            .IO.Directory.EnumerateFiles(folder)
            .Concat(
                System.IO.Directory.EnumerateDirectories(folder).Where(d => !NotOurs.Contains(Path.GetFileName(d))).SelectMany(FilesIn)
            );

    [GeneratedRegex(@"^docs/decisions/\d{4}-[\w-]+\.md$")]
    private static partial Regex DecisionFile();

    [GeneratedRegex("""\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"(?=[^<]*>)""")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w/.-])docs/[\w./-]+\.(?:md|svg|png|txt|mjs)\b")]
    private static partial Regex Page();

    [GeneratedRegex(@"(?:docs/decisions/|[Dd]ecision |(?<=docs/decisions/\d{4}` to `))(?<number>\d{4})(?![\w.-]*\.md)\b")]
    private static partial Regex Decision();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}

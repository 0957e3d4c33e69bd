using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IRFunctions.Tests.Style;

/// <summary>The rules of docs/design.md sections 2 and 8 that a reader would otherwise have to keep in mind.</summary>
public sealed class StyleTests
{
    private const int MaxColumns = 140;

    // In the layout of CSharpier, which gives each argument a line of its own where they do not fit in one.
    private const int MaxFile = 400;
    private const int MaxFunction = 70;
    private static readonly string[] All = ["core", "record", "functions", "local", "tests", "bench"];
    private static readonly string[] BannedFolders = ["Models", "Services", "Utils", "Helpers", "Interfaces", "Common", "Managers"];

    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        AssertNone(
            Sources
                .Under(All)
                .Select(f => (f.Path, Lines: f.Text.Split('\n').Length - 1))
                .Where(f => f.Lines > MaxFile)
                .Select(f => $"{f.Path} has {f.Lines} lines")
        );

    [Fact]
    public void No_function_is_longer_than_70_lines() => AssertNone(Sources.Under(All).SelectMany(f => LongFunctions(f.Path, f.Text)));

    [Fact]
    public void The_function_length_test_fails_for_a_long_function() =>
        Assert.Single(LongFunctions("x.cs", $"class X {{ void Long() {{\n{string.Concat(Enumerable.Repeat("_ = 1;\n", 71))}}} }}"));

    [Fact]
    public void No_line_is_longer_than_140_columns() =>
        AssertNone(
            Sources
                .Under(All)
                .SelectMany(f => f.Text.Split('\n').Select((line, i) => (Place: $"{f.Path}({i + 1})", line.Length)))
                .Where(l => l.Length > MaxColumns)
                .Select(l => $"{l.Place}: {l.Length} columns")
        );

    [Fact]
    public void No_folder_is_called_after_what_it_is_instead_of_what_it_does() =>
        Assert.Empty(Sources.Under(All).Where(f => f.Path.Split('/').Any(BannedFolders.Contains)).Select(f => f.Path).ToList());

    [Fact]
    public void Time_comes_from_TimeProvider_or_the_orchestration_only() =>
        Assert.Empty(Sources.Under("core", "record", "functions", "local").SelectMany(f => AmbientTime(f.Path, f.Text)));

    [Fact]
    public void The_ambient_time_test_fails_where_the_clock_is_read() =>
        Assert.Single(AmbientTime("x.cs", "class X { object t = System.DateTime.UtcNow; }"));

    [Fact]
    public void Tests_never_sleep() =>
        Assert.Empty(
            Sources
                .Under("tests")
                .Where(f => !f.Path.StartsWith("tests/Style/", StringComparison.Ordinal))
                .Where(f => f.Text.Contains("Thread.Sleep", StringComparison.Ordinal))
                .Select(f => f.Path)
        );

    private static void AssertNone(IEnumerable<string> offenders)
    {
        var all = offenders.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    private static IEnumerable<string> LongFunctions(string path, string text) =>
        Sources
            .Parse(text)
            .DescendantNodes()
            .Where(n => n is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
            .Select(n => (Node: n, Lines: n.ToString().Split('\n').Count(SaysSomething)))
            .Where(n => n.Lines > MaxFunction)
            .Select(n => $"{path}: {n.Node.ToString().Split('\n')[0].Trim()} has {n.Lines} lines");

    /// <summary>The layout puts brackets on lines of their own; a reader does not read those.</summary>
    private static bool SaysSomething(string line) => line.AsSpan().Trim().Trim("(){}[];,").Length > 0;

    private static IEnumerable<string> AmbientTime(string path, string text) =>
        Sources
            .Parse(text)
            .DescendantNodes()
            .OfType<MemberAccessExpressionSyntax>()
            .Where(a =>
                a.Name.Identifier.Text is "Now" or "UtcNow" or "Today"
                && a.Expression.ToString() is "DateTime" or "DateTimeOffset" or "System.DateTime" or "System.DateTimeOffset"
                && a.Name.Identifier.Text is "Now" or "UtcNow" or "Today"
            )
            .Select(a => $"{path}: {a}");
}

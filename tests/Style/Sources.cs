using System.Reflection;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IRFunctions.Tests.Style;

/// <summary>The C# files of this clone.</summary>
internal static class Sources
{
    public static string Root { get; } =
        Path.GetFullPath(
            typeof(Sources).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SourceRoot").Value!
        );

    /// <summary>Path from the root with forward slashes, and text.</summary>
    public static IEnumerable<(string Path, string Text)> Under(params string[] folders) =>
        folders
            .SelectMany(folder => System.IO.Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => (Path: Path.GetRelativePath(Root, file).Replace('\\', '/'), File: file))
            .Where(f => !f.Path.Contains("/obj/") && !f.Path.Contains("/bin/") && !f.Path.Contains("/node_modules/"))
            .Select(f => (f.Path, File.ReadAllText(f.File)));

    public static CompilationUnitSyntax Parse(string text) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetCompilationUnitRoot();
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace IRFunctions.Tests.Style;

/// <summary>docs/design.md section 2: a folder of functions/ uses only those above it.</summary>
internal static class ImportOrder
{
    public static readonly string[] Folders =
        ["Alerts", "Policies", "Classification", "Decisions", "Safeguards", "Approvals", "Containment", "Audit", "Incidents", "Triggers", "Console"];

    private static readonly string[] Pure = ["Alerts", "Policies", "Decisions"];
    private static readonly string[] NotPure = ["Azure", "Microsoft.Azure", "Microsoft.DurableTask", "Microsoft.Graph", "System.Net.Http", "OpenAI"];

    /// <summary>Every use of a later folder, and of Azure in a pure one, as "file: uses X".</summary>
    public static IReadOnlyList<string> Violations(string path, string text)
    {
        var folder = path.Split('/')[1];
        var rank = Array.IndexOf(Folders, folder);
        if (rank < 0) return [];
        var names = Names(text).ToList();
        var later = Folders.Skip(rank + 1).Where(f => names.Any(n => Uses(n, f))).Select(f => $"{path}: {folder} uses {f}, which comes after it");
        var impure = Pure.Contains(folder) ? NotPure.Where(p => names.Any(n => n == p || n.StartsWith(p + ".", StringComparison.Ordinal))).Select(p => $"{path}: {folder} is pure and uses {p}") : [];
        return [.. later, .. impure];
    }

    private static bool Uses(string name, string folder) =>
        name == $"IRFunctions.{folder}" || name.StartsWith($"IRFunctions.{folder}.", StringComparison.Ordinal) || name.StartsWith($"{folder}.", StringComparison.Ordinal);

    /// <summary>Names in using directives, qualified type names and the member accesses that may be qualified names.</summary>
    private static IEnumerable<string> Names(string text)
    {
        var root = Sources.Parse(text);
        foreach (var node in root.DescendantNodes())
        {
            if (node is UsingDirectiveSyntax { Name: { } name }) yield return name.ToString();
            else if (node is QualifiedNameSyntax { Parent: not QualifiedNameSyntax } qualified) yield return qualified.ToString();
            else if (node is MemberAccessExpressionSyntax { Parent: not MemberAccessExpressionSyntax, Expression: MemberAccessExpressionSyntax } access)
            {
                // Three parts at least: two may be an enum that is called like a folder.
                yield return access.ToString();
            }
        }
    }
}

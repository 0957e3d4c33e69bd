using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Policies;

/// <summary>The only place where a policy meets the disk.</summary>
public static class PolicyFolder
{
    /// <summary>Ending of the files with expected decisions, which are tests of the policy and no part of it.</summary>
    public const string CasesEnding = ".cases.yaml";

    /// <summary>The policy files of a folder by name, without the cases beside them.</summary>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    public static IReadOnlyList<PolicyFile> Read(string directory) => ReadWhere(directory, name => !name.EndsWith(CasesEnding, StringComparison.Ordinal));

    /// <summary>The case files of a folder by name.</summary>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    public static IReadOnlyList<PolicyFile> ReadCases(string directory) => ReadWhere(directory, name => name.EndsWith(CasesEnding, StringComparison.Ordinal));

    [SuppressMessage("ApiDesign", "RS0030", Justification = "Reading the policy files is the one IO this folder may do (DESIGN section 2).")]
    private static PolicyFile[] ReadWhere(string directory, Func<string, bool> wanted) =>
        [.. Directory.EnumerateFiles(directory, "*.y*ml")
            .Select(path => (Path: path, Name: Path.GetFileName(path)))
            .Where(file => wanted(file.Name))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => new PolicyFile(file.Name, File.ReadAllText(file.Path)))];
}

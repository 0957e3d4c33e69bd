using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Policies;

/// <summary>The only place where a policy meets the disk.</summary>
public static class PolicyFolder
{
    /// <summary>Ending of the files with expected decisions, which are tests of the policy and no part of it.</summary>
    public const string CasesEnding = ".cases.yaml";

    /// <summary>Largest file read into memory; the loader's own bound in characters is below it.</summary>
    private const long MaxBytes = 64 * 1024 * 1024;

    /// <summary>The policy files of a folder by name, without the cases beside them.</summary>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    public static IReadOnlyList<PolicyFile> Read(string directory) =>
        ReadWhere(directory, name => !name.EndsWith(CasesEnding, StringComparison.Ordinal));

    /// <summary>The case files of a folder by name.</summary>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    public static IReadOnlyList<PolicyFile> ReadCases(string directory) =>
        ReadWhere(directory, name => name.EndsWith(CasesEnding, StringComparison.Ordinal));

    [SuppressMessage(
        "ApiDesign",
        "RS0030",
        Justification = "Reading the policy files is the one IO this folder may do (docs/design.md section 2)."
    )]
    private static PolicyFile[] ReadWhere(string directory, Func<string, bool> wanted) =>
        [
            .. System
                .IO.Directory.EnumerateFiles(directory, "*.y*ml")
                .Select(path => (Path: path, Name: Path.GetFileName(path)))
                .Where(file => wanted(file.Name))
                .OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => new PolicyFile(file.Name, ReadText(file.Path))),
        ];

    [SuppressMessage(
        "ApiDesign",
        "RS0030",
        Justification = "Reading the policy files is the one IO this folder may do (docs/design.md section 2)."
    )]
    private static string ReadText(string path) =>
        new FileInfo(path).Length <= MaxBytes
            ? File.ReadAllText(path)
            : throw new IOException($"{Path.GetFileName(path)} is larger than {MaxBytes} bytes, which no policy file may be");
}

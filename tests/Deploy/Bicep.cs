using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

public sealed record BicepValue
{
    /// <summary>object, array, string, interpolated, number, boolean, null, for, if, choice, name or expression.</summary>
    public required string Kind { get; init; }
    public string Text { get; init; } = "";
    public IReadOnlyList<BicepField> Fields { get; init; } = [];
    public IReadOnlyList<BicepValue> Items { get; init; } = [];
    public BicepValue? Body { get; init; }

    /// <summary>The value behind a condition or a loop.</summary>
    public BicepValue Inner => Body?.Inner ?? this;

    public BicepValue? this[string key] => Inner.Fields.FirstOrDefault(f => f.Key == key)?.Value;
}

public sealed record BicepField(string Key, int Line, BicepValue Value);

public sealed record BicepDecorator(string Name, BicepValue? Value);

public sealed record BicepParam(string Name, string Type, IReadOnlyList<BicepDecorator> Decorators, int Line, BicepValue? Value)
{
    public BicepValue? Decorator(string name) => Decorators.FirstOrDefault(d => d.Name == name)?.Value;
}

public sealed record BicepNamed(string Name, int Line, BicepValue Value);

public sealed record BicepResource(string Symbol, string Type, string Version, int Line, bool Existing, BicepValue Body);

public sealed record BicepModule(string Symbol, string Path, int Line, BicepValue Body);

/// <summary>What tests/bicep/read.mjs finds in a file.</summary>
public sealed record BicepFile(
    string Path, IReadOnlyList<string> Errors, string? Using, IReadOnlyList<BicepParam> Params, IReadOnlyList<BicepNamed> Vars, IReadOnlyList<BicepResource> Resources,
    IReadOnlyList<BicepModule> Modules, IReadOnlyList<BicepNamed> Outputs, IReadOnlyList<string> Loads, IReadOnlyList<string> Calls)
{
    /// <summary>The source, as it was read.</summary>
    public string Source { get; init; } = "";

    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>bicep/ of this clone, or broken copies of it. Installs its grammar on first use, as the tests of the tables do with Azurite.</summary>
internal static class Bicep
{
    private static readonly string Home = Path.Combine(Sources.Root, "tests", "bicep");
    private static readonly Lazy<IReadOnlyDictionary<string, BicepFile>> Shipped = new(() => Read(Files()));

    /// <summary>By path from the root.</summary>
    public static IReadOnlyDictionary<string, BicepFile> All => Shipped.Value;

    public static BicepFile Main => All["bicep/main.bicep"];

    /// <summary>Every file, with one of them changed: what a mistake would look like.</summary>
    public static IReadOnlyDictionary<string, BicepFile> With(string path, string old, string changed)
    {
        var text = File.ReadAllText(Path.Combine(Sources.Root, path));
        Assert.Contains(old, text, StringComparison.Ordinal);
        var copy = Path.Combine(Directory.CreateTempSubdirectory("bicep").FullName, Path.GetFileName(path));
        try
        {
            File.WriteAllText(copy, text.Replace(old, changed, StringComparison.Ordinal));
            var broken = Read([copy]).Values.Single() with { Path = path };
            return All.ToDictionary(f => f.Key, f => f.Key == path ? broken : f.Value);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
        }
    }

    private static string[] Files() =>
        [.. Directory.EnumerateFiles(Path.Combine(Sources.Root, "bicep"), "*.bicep*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is ".bicep" or ".bicepparam").Order()];

    private static Dictionary<string, BicepFile> Read(string[] files)
    {
        if (!Directory.Exists(Path.Combine(Home, "node_modules", "web-tree-sitter"))) Run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        var found = JsonSerializer.Deserialize<List<BicepFile>>(Run("node", [Path.Combine(Home, "read.mjs"), .. files]), JsonSerializerOptions.Web)!;
        return found.Select(f => f with { Path = Path.GetRelativePath(Sources.Root, f.Path).Replace('\\', '/'), Source = File.ReadAllText(f.Path) }).ToDictionary(f => f.Path);
    }

    private static string Run(string program, IReadOnlyList<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Home, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"'{program} {arguments[0]}' failed in tests/bicep:\n{output}{errors.Result}");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"'{program}' cannot be started. The deployment tests need Node.js 20 with npm on the PATH (tests/bicep/package.json).", e);
        }
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>What the compiler or its linter says about a place in a file.</summary>
internal sealed record Finding(string Path, int Line, int Column, string Level, string Code, string Message)
{
    public override string ToString() => $"{Path}({Line},{Column}) : {Level} {Code}: {Message}";
}

[CollectionDefinition(Bicep.Collection)]
public sealed class BicepCollection : ICollectionFixture<Bicep>;

/// <summary>bicep/ of this clone and broken copies of it, compiled by one process for all tests. Needs no network.</summary>
public sealed class Bicep : IDisposable
{
    public const string Collection = "bicep";
    private readonly BicepCompiler compiler = new();
    private readonly DirectoryInfo scratch = System.IO.Directory.CreateTempSubdirectory("bicep");
    private int copies;

    public Bicep() => Shipped = NewFolder(Sources.Root);

    internal BicepFolder Shipped { get; }

    /// <summary>A copy with one file changed: what a mistake would look like.</summary>
    internal BicepFolder With(string path, string old, string changed)
    {
        var root = scratch.CreateSubdirectory($"copy{++copies}").FullName;
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(Sources.Root, "bicep"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(root, Path.GetRelativePath(Sources.Root, file));
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        var text = File.ReadAllText(Path.Combine(root, path));
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(root, path), text.Replace(old, changed, StringComparison.Ordinal));
        return NewFolder(root);
    }

    public void Dispose()
    {
        compiler.Dispose();
        scratch.Delete(recursive: true);
    }

    private BicepFolder NewFolder(string root) => new(compiler, root, scratch.FullName);
}

/// <summary>A folder that holds bicep/, as the compiler sees it. Paths are from that folder on: <c>bicep/main.bicep</c>.</summary>
internal sealed class BicepFolder(BicepCompiler compiler, string root, string scratch)
{
    private const string MainPath = "bicep/main.bicep";

    /// <summary>Stands for the tenant, the subscription and Sentinel's service principal where a sample is filled in.</summary>
    public const string SomeId = "00000000-0000-4000-8000-000000000001";
    private readonly Dictionary<string, Template> templates = [];
    private readonly Dictionary<string, Deployed> deployed = [];

    public Template Main => Template(MainPath);

    public IEnumerable<Template> Templates => Files("*.bicep").Select(Template);

    /// <summary>What would be deployed with all that can be switched on, and the state of Durable Functions in Azure Storage.</summary>
    public Deployed Everything => EverythingWith(("durableBackend", "'azure-storage'"));

    /// <summary>The same, with that state in the Durable Task Scheduler.</summary>
    public Deployed EverythingWithScheduler => EverythingWith(("durableBackend", "'durable-task-scheduler'"));

    public string Source(string path) => File.ReadAllText(Path.Combine(root, path));

    public IEnumerable<string> Files(string pattern) =>
        System.IO.Directory.EnumerateFiles(Path.Combine(root, "bicep"), pattern, SearchOption.AllDirectories).Select(Relative).Order();

    /// <summary>All that is said of a .bicep or .bicepparam file and of the modules it uses; linting is part of compiling.</summary>
    public IReadOnlyList<Finding> Findings(string path) => FindingsOf(Compile(path));

    /// <summary>Files that main.bicep is made of: modules, what they load, the linter's configuration.</summary>
    public IReadOnlyList<string> References() =>
        [.. compiler.Ask("bicep/getFileReferences", PathOf(MainPath))["filePaths"]!.AsArray().Select(p => Relative((string)p!))];

    public Template Template(string path)
    {
        if (templates.TryGetValue(path, out var known))
            return known;
        var compiled = Compile(path);
        if (compiled["contents"] is null)
            throw new InvalidOperationException(string.Join('\n', FindingsOf(compiled)));
        return templates[path] = new Template(path, JsonNode.Parse((string)compiled["contents"]!)!.AsObject());
    }

    public Deployed EverythingWith(params (string Name, string Value)[] parameters) =>
        Deploy(
            "bicep/production.bicepparam",
            [("defenderForCloud", "true"), ("connectorEndpoint", "'https://connector.example'"), .. parameters]
        );

    /// <summary>
    /// What a sample would deploy, with its capitals filled in and some of its parameters (as bicep writes values) replaced. The compiler
    /// itself evaluates the template (<c>bicep snapshot</c>): nested deployments, conditions and loops are resolved; what only Azure knows
    /// stays an expression.
    /// </summary>
    public Deployed Deploy(string sample, params (string Name, string Value)[] parameters)
    {
        var text = Filled(sample, parameters);
        if (deployed.TryGetValue(text, out var known))
            return known;
        var path = Path.Combine(scratch, $"{Path.GetRandomFileName()}.bicepparam");
        File.WriteAllText(path, text);
        var target = new JsonObject
        {
            ["tenantId"] = SomeId,
            ["subscriptionId"] = SomeId,
            ["resourceGroup"] = "irfunctions",
            ["location"] = "swedencentral",
            ["deploymentName"] = "irfunctions",
        };
        var answer = compiler.Ask("bicep/getSnapshot", new JsonObject { ["path"] = path, ["metadata"] = target });
        return deployed[text] = new Deployed(JsonNode.Parse((string)answer["snapshot"]!)!.AsObject());
    }

    private string Filled(string sample, (string Name, string Value)[] parameters)
    {
        (string Capitals, string Value)[] places =
        [
            ("using 'main.bicep'", $"using '{Path.GetRelativePath(scratch, Path.Combine(root, MainPath)).Replace('\\', '/')}'"),
            ("LOGIC-APPS-OUTBOUND-ADDRESS", "192.0.2.1"),
            ("/SUBSCRIPTION/", $"/{SomeId}/"),
            ("AZURE-SECURITY-INSIGHTS-OBJECT-ID", SomeId),
        ];
        var text = places.Aggregate(Source(sample), (t, p) => t.Replace(p.Capitals, p.Value, StringComparison.Ordinal));
        foreach (var (name, value) in parameters)
        {
            text = $"{Regex.Replace(text, $"^param {name} = .*$", "", RegexOptions.Multiline)}\nparam {name} = {value}\n";
        }
        return text;
    }

    private JsonObject Compile(string path)
    {
        var question = PathOf(path);
        if (!path.EndsWith(".bicepparam", StringComparison.Ordinal))
            return compiler.Ask("bicep/compile", question);
        question["parameterOverrides"] = new JsonObject();
        return compiler.Ask("bicep/compileParams", question);
    }

    private JsonObject PathOf(string path) => new() { ["path"] = Path.Combine(root, path) };

    private List<Finding> FindingsOf(JsonObject compiled) => [.. compiled["diagnostics"]!.AsArray().Select(FindingOf)];

    private Finding FindingOf(JsonNode? said)
    {
        var start = said!["range"]!["start"]!;
        var (line, column) = ((int)start["line"]! + 1, (int)start["char"]! + 1);
        return new Finding(
            Relative((string)said["source"]!),
            line,
            column,
            (string)said["level"]!,
            (string)said["code"]!,
            (string)said["message"]!
        );
    }

    private string Relative(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');
}

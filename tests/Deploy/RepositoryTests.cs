using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;
using YamlDotNet.RepresentationModel;

namespace IRFunctions.Tests.Deploy;

/// <summary>Workflows, scripts and guides name what is there, and hold no secret.</summary>
[Collection(Bicep.Collection)]
public sealed partial class RepositoryTests(Bicep bicep)
{
    private static readonly string[] Places =
    [
        "functions",
        "local",
        "tests",
        "bicep",
        "scripts",
        "samples",
        "docs",
        "policies",
        "bench",
        ".github",
        ".ci",
    ];

    // What a guide tells its reader to make.
    private static readonly string[] MadeByTheReader =
    [
        "bicep/mine.bicepparam",
        "functions/local.settings.json",
        "functions/Containment/YourAction.cs",
        "functions/packages.servicebus.lock.json",
    ];

    public static TheoryData<string> Workflows() => [.. Files(".github/workflows", "*.yml")];

    public static TheoryData<string> Guides() => [.. Files("docs", "*.md"), "README.md"];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_workflow_is_valid_yaml_with_jobs_and_names_real_files(string path) => Assert.Empty(WorkflowProblems(Text(path)));

    [Theory]
    [InlineData("jobs:", "jobz:")]
    [InlineData("runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04")]
    [InlineData("bicep/main.bicep", "bicep/gone.bicep")]
    [InlineData("    steps:", "    steps: [")]
    [InlineData("uses: actions/checkout@v4", "uses: actions/checkout")]
    public void A_broken_workflow_is_seen(string old, string changed)
    {
        var text = Text(".github/workflows/ci.yml");
        Assert.Contains(old, text, StringComparison.Ordinal);
        Assert.NotEmpty(WorkflowProblems(text.Replace(old, changed, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void A_guide_names_files_and_routes_that_exist(string path) => Assert.Empty(GuideProblems(path, Text(path)));

    [Theory]
    [InlineData("Run `scripts/gone.sh` first.")]
    [InlineData("See [this](gone.md).")]
    [InlineData("curl https://APP-HOST/api/gone")]
    [InlineData("Set the parameter `goneParameter`.\n```bicep\nparam goneParameter = true\n```")]
    public void A_guide_that_names_something_else_is_seen(string text) => Assert.NotEmpty(GuideProblems("docs/x.md", text));

    [Fact]
    public void Scripts_stop_at_the_first_error() =>
        Assert.All(Files("scripts", "*.sh"), s => Assert.Contains("set -euo pipefail", Text(s), StringComparison.Ordinal));

    /// <summary>Only where shellcheck is installed; CI for GitHub always has it.</summary>
    [Fact]
    public void Scripts_pass_shellcheck()
    {
        try
        {
            using var run = Process.Start(
                new ProcessStartInfo("shellcheck", Files("scripts", "*.sh").Select(f => Path.Combine(Sources.Root, f)))
                {
                    RedirectStandardOutput = true,
                }
            )!;
            var output = run.StandardOutput.ReadToEnd();
            run.WaitForExit();
            Assert.True(run.ExitCode == 0, output);
        }
        catch (Win32Exception)
        {
            return; // not on this machine
        }
    }

    [Fact]
    public void No_file_of_the_deployment_holds_a_secret() =>
        Assert.Empty(
            Files("bicep", "*")
                .Concat(Files("scripts", "*"))
                .Concat(Files(".github", "*"))
                .Concat(Files("docs", "*"))
                .Append("functions/local.settings.sample.json")
                .SelectMany(f => Secrets(f, Text(f)))
        );

    [Theory]
    [InlineData("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq")]
    [InlineData("Endpoint=sb://x;SharedAccessKey=abcdefghijklmnopqrstuvwxyz0123456789ABCD=")]
    [InlineData("token: ghp_abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("sig=abcdefghijklmnopqrstuvwxyz0123456789%3D")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    public void A_secret_is_seen(string text) => Assert.Single(Secrets("x", text));

    private static IEnumerable<string> WorkflowProblems(string text)
    {
        var yaml = new YamlStream();
        string? broken = null;
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlDotNet.Core.YamlException e)
        {
            broken = e.Message;
        }
        if (broken is not null)
        {
            yield return broken;
            yield break;
        }
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        if (
            !root.Children.TryGetValue("jobs", out var jobs)
            || !root.Children.ContainsKey("on")
            || !root.Children.ContainsKey("permissions")
        )
        {
            yield return "on, permissions or jobs is missing";
            yield break;
        }
        foreach (var (name, job) in (YamlMappingNode)jobs)
        {
            var keys = ((YamlMappingNode)job).Children;
            foreach (var needed in (string[])["runs-on", "steps", "timeout-minutes"])
                if (!keys.ContainsKey(needed))
                    yield return $"job {name} has no {needed}";
            if (!keys.TryGetValue("steps", out var steps))
                continue;
            foreach (var step in ((YamlSequenceNode)steps).Cast<YamlMappingNode>())
            {
                if (step.Children.TryGetValue("uses", out var uses) && !uses.ToString().Contains('@', StringComparison.Ordinal))
                    yield return $"{uses} names no version";
                if (!step.Children.ContainsKey("uses") && !step.Children.ContainsKey("run"))
                    yield return $"a step of {name} does nothing";
            }
        }
        foreach (var path in NamedPaths(text))
            yield return $"{path} does not exist";
    }

    private IEnumerable<string> GuideProblems(string path, string text)
    {
        foreach (var named in NamedPaths(text))
            yield return $"{named} does not exist";
        foreach (Match link in Link().Matches(text))
        {
            var target = link.Groups[1].Value;
            if (!File.Exists(Path.Combine(Sources.Root, Path.GetDirectoryName(path)!, target)))
                yield return $"the link {target} leads nowhere";
        }
        var routes = Sources
            .Under("functions")
            .SelectMany(f => Route().Matches(f.Text))
            .Select(m => m.Groups[1].Value)
            .Append("messages")
            .ToHashSet();
        foreach (var route in Api().Matches(text).Select(m => m.Groups[1].Value).Distinct().Where(r => !routes.Contains(r)))
            yield return $"/api/{route} is no route";
        var unknown = Param().Matches(text).Select(m => m.Groups[1].Value).Where(p => !bicep.Shipped.Main.Parameters.ContainsKey(p));
        foreach (var param in unknown)
            yield return $"{param} is no parameter of bicep/main.bicep";
    }

    private static IEnumerable<string> NamedPaths(string text) =>
        Named()
            .Matches(text)
            .Select(m => m.Value.TrimEnd('.', ','))
            .Distinct()
            .Where(p => Places.Contains(p.Split('/')[0]) && !MadeByTheReader.Contains(p))
            .Where(p => !File.Exists(Path.Combine(Sources.Root, p)) && !System.IO.Directory.Exists(Path.Combine(Sources.Root, p)));

    private static IEnumerable<string> Secrets(string path, string text) =>
        Secret().Matches(text).Select(m => $"{path}: {m.Value[..12]}...");

    private static IEnumerable<string> Files(string folder, string pattern) =>
        System
            .IO.Directory.EnumerateFiles(Path.Combine(Sources.Root, folder), pattern, SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Sources.Root, f).Replace('\\', '/'))
            .Order();

    private static string Text(string path) => File.ReadAllText(Path.Combine(Sources.Root, path));

    // A path from the root with a file at its end, as commands and guides write it.
    [GeneratedRegex(@"(?<![\w/.:-])\.?[a-zA-Z]+(?:/[\w.-]+)+\.(?:csproj|bicep|bicepparam|sh|json|md|cs|yml|yaml|mjs)\b")]
    private static partial Regex Named();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"Route = ""api/([\w-]+)")]
    private static partial Regex Route();

    [GeneratedRegex(@"(?:APP-HOST|\$APP|127\.0\.0\.1:7071|[\s`(])/api/([a-z][\w-]*)")]
    private static partial Regex Api();

    [GeneratedRegex(@"^param (\w+) =", RegexOptions.Multiline)]
    private static partial Regex Param();

    [GeneratedRegex(
        @"AccountKey=[\w+/=]{20,}|SharedAccessKey=[\w+/=]{30,}|gh[pousr]_\w{30,}|[?&\s]?sig=[\w%]{30,}|-----BEGIN [A-Z ]*PRIVATE "
            + @"KEY|(?i:client_?secret|password)['""]?\s*[:=]\s*['""](?!This machine only: )[^'""$<{]{12,}['""]"
    )]
    private static partial Regex Secret();
}

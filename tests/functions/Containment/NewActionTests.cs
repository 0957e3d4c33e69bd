using System.CommandLine;
using System.Runtime.Loader;
using IRFunctions.Containment;
using IRFunctions.Local.Actions;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;
using IRFunctions.Tests.Style;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IRFunctions.Tests.Containment;

/// <summary>`new action NAME`, in a copy of the three places that it writes to.</summary>
public sealed class NewActionTests : IDisposable
{
    private const string Name = "try_the_template";
    private const string Source = "functions/Containment/Actions/TryTheTemplate.cs";
    private readonly string root = System.IO.Directory.CreateTempSubdirectory("irf-new-action-").FullName;

    public NewActionTests()
    {
        foreach (var folder in (string[])["policies", "functions/Containment/Actions"])
        {
            var copy = System.IO.Directory.CreateDirectory(Path.Combine(root, folder)).FullName;
            foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(Sources.Root, folder)))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }
    }

    public void Dispose() => System.IO.Directory.Delete(root, recursive: true);

    [Fact]
    public void It_touches_three_files_and_disturbs_no_other_byte()
    {
        var before = Tree();
        Assert.Equal((0, ""), (Run(Name, out var said, out var problem), problem));
        Assert.Contains(Source, said, StringComparison.Ordinal);
        var after = Tree();
        string[] changed = [.. after.Where(f => before.GetValueOrDefault(f.Key) != f.Value).Select(f => f.Key).Order()];
        Assert.Equal([Source, NewAction.Cases, NewAction.TierMap], changed);
        foreach (var path in (string[])[NewAction.Cases, NewAction.TierMap])
            Assert.StartsWith(before[path].TrimEnd(), after[path], StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_loads_with_it_its_cases_pass_and_nothing_runs()
    {
        Run(Name, out _, out _);
        var folder = Path.Combine(root, "policies");
        var catalogue = Shipped.Catalogue.Append(new ActionCapability(Name, "account", Reversible: true)).ToList();
        var reading = PolicyLoader.Load(PolicyFolder.Read(folder), catalogue, Shipped.Today);
        Assert.Empty(reading.Errors);
        Assert.Equal((2, ActionMode.Observe), (reading.Policy!.Actions[Name].Tier, reading.Policy.Actions[Name].Mode));
        var cases = Local.CommandLine.PolicyCases.Run(PolicyFolder.ReadCases(folder), reading.Policy);
        Assert.Equal(2, cases.Count(c => c.Name.Contains(Name, StringComparison.Ordinal)));
        Assert.All(cases, c => Assert.Empty(c.Differences));
    }

    [Fact]
    public async Task The_template_compiles_and_is_done_and_undone_in_a_whole_incident_with_no_row_in_any_table()
    {
        Run(Name, out _, out _);
        var type = Compiled();
        var known = ActionCase.For(new ActionCapability(Name, "account", Reversible: true), added: type);
        Assert.Equal(("user.update", "user.update", "PATCH"), (known.Done, known.Undone, known.Rehearsed.Method));
        await using var stage = await Stage.OpenAsync(known);
        await stage.ActAsync();
        Assert.True(stage.InEffect());
        Assert.Equal(ContainmentStatus.Live, (await stage.ContainmentAsync()).Status);
        await stage.World.PassAsync(known.Lasts!.Value + TimeSpan.FromMinutes(1));
        Assert.False(stage.InEffect());
        Assert.Equal(ContainmentStatus.RolledBack, (await stage.ContainmentAsync()).Status);
    }

    [Fact]
    public void An_action_that_asks_for_an_endpoint_the_tenant_lacks_is_told_which_and_where_to_add_it()
    {
        Run(Name, out _, out _);
        var text = File.ReadAllText(Path.Combine(root, Source));
        const string patch = "graph.Users[target.Id].PatchAsync(new User { AccountEnabled = enabled }, cancellationToken: cancellation)";
        Assert.Contains(patch, text, StringComparison.Ordinal);
        var type = Compiled(
            text.Replace(
                    patch,
                    "graph.Users[target.Id].Chats.PostAsync(new Chat(), cancellationToken: cancellation)",
                    StringComparison.Ordinal
                )
                .Replace("Task<User?> SwitchAsync", "Task<Chat?> SwitchAsync", StringComparison.Ordinal)
        );
        var known = ActionCase.For(new ActionCapability(Name, "account", Reversible: true), type) with { Name = "without an endpoint" };
        var problem = Assert.Throws<Xunit.Sdk.XunitException>(() => known.Done).Message;
        Assert.Contains("the simulated tenant has no POST /graph/v1.0/users/", problem, StringComparison.Ordinal);
        Assert.Contains("SimulatedTenant.Graph", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quarantine_email", "exists already")]
    [InlineData("isolate_production_host", "Take that entry and its cases out first")]
    [InlineData("accounts", "Accounts.cs exists already")]
    [InlineData("containment_order", "would be called like IRFunctions.Containment.ContainmentOrder")]
    [InlineData("Block", "is no name of an action")]
    [InlineData("", "is no name of an action")]
    [InlineData("block__it", "is no name of an action")]
    [InlineData("_block", "is no name of an action")]
    [InlineData("2_block", "is no name of an action")]
    [InlineData("block it", "is no name of an action")]
    [InlineData("../block", "is no name of an action")]
    [InlineData("block\u001b[2J", "is no name of an action")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234_", "is no name of an action")]
    public void A_name_that_cannot_be_is_refused_with_what_to_do_and_nothing_is_written(string name, string why)
    {
        var before = Tree();
        Assert.Equal(1, Run(name, out _, out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', problem);
        Assert.Equal(before, Tree());
    }

    [Fact]
    public void The_same_name_twice_is_refused()
    {
        Assert.Equal(0, Run(Name, out _, out _));
        var once = Tree();
        Assert.Equal(1, Run(Name, out _, out var problem));
        Assert.Contains("exists already", problem, StringComparison.Ordinal);
        Assert.Equal(once, Tree());
    }

    [Theory]
    [InlineData(NewAction.TierMap, "    tier: 2\n", "    tier: 5\n", "the policy would not load")]
    [InlineData(NewAction.Cases, "kind: run, reasons: [tier, confidence, context] }", "kind: ask }", "a case of the policy would not pass")]
    [InlineData(NewAction.TierMap, "\nactions:\n", "\nactions: # all\n", "has no line 'actions:'")]
    public void A_policy_that_is_broken_is_mended_first_and_nothing_is_written(string path, string old, string broken, string why)
    {
        var full = Path.Combine(root, path);
        var text = File.ReadAllText(full);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(full, text.Replace(old, broken, StringComparison.Ordinal));
        var before = Tree();
        Assert.Equal(1, Run(Name, out _, out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.Equal(before, Tree());
    }

    [Fact]
    public void Line_ends_of_another_system_and_what_stands_below_the_map_stay()
    {
        var path = Path.Combine(root, NewAction.TierMap);
        var text = File.ReadAllText(path).ReplaceLineEndings("\r\n");
        var (defaults, actions) = (
            text.IndexOf("\r\ndefaults:", StringComparison.Ordinal),
            text.IndexOf("\r\nactions:", StringComparison.Ordinal)
        );
        var moved = text[..defaults] + text[actions..] + "\r\n# Below the map." + text[defaults..actions];
        File.WriteAllText(path, moved);
        Assert.Equal((0, ""), (Run(Name, out _, out var problem), problem));
        var after = File.ReadAllText(path);
        Assert.DoesNotContain('\n', after.Replace("\r\n", "", StringComparison.Ordinal));
        Assert.EndsWith("\r\n# Below the map." + text[defaults..actions], after, StringComparison.Ordinal);
        Assert.StartsWith(text[..defaults] + text[actions..].TrimEnd(), after, StringComparison.Ordinal);
    }

    [Fact]
    public void Outside_a_clone_it_says_where_to_go()
    {
        System.IO.Directory.Delete(Path.Combine(root, "policies"), recursive: true);
        Assert.Equal(1, Run(Name, out _, out var problem));
        Assert.Contains("--root", problem, StringComparison.Ordinal);
    }

    private Dictionary<string, string> Tree() =>
        System
            .IO.Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(root, f).Replace('\\', '/'), File.ReadAllText);

    private int Run(string name, out string said, out string problem)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var command = new RootCommand { NewCommand.Create(Shipped.Catalogue, TimeProvider.System) };
        var code = command
            .Parse(["new", "action", "--root", root, "--", name])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        (said, problem) = (output.ToString(), error.ToString());
        return code;
    }

    private Type Compiled(string? text = null)
    {
        const string usings =
            "global using System; global using System.Collections.Generic; global using System.Linq; global using System.Threading; "
            + "global using System.Threading.Tasks;";
        var compilation = CSharpCompilation.Create(
            $"new-action-{Guid.NewGuid():N}",
            [CSharpSyntaxTree.ParseText(usings), CSharpSyntaxTree.ParseText(text ?? File.ReadAllText(Path.Combine(root, Source)))],
            [
                .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                    .Split(Path.PathSeparator)
                    .Select(path => MetadataReference.CreateFromFile(path)),
            ],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            ).WithSpecificDiagnosticOptions(
            // As every build with the SDK does: the closure of packages has newer assemblies than some were built against.
            [
                KeyValuePair.Create("CS1701", ReportDiagnostic.Suppress),
                KeyValuePair.Create("CS1702", ReportDiagnostic.Suppress),
            ])
        );
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.DoesNotContain(result.Diagnostics, d => d.Severity >= DiagnosticSeverity.Warning);
        image.Position = 0;
        return AssemblyLoadContext
            .Default.LoadFromStream(image)
            .GetType("IRFunctions.Containment.Actions.TryTheTemplate", throwOnError: true)!;
    }
}

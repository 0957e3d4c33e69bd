using System.Reflection;
using System.Text.RegularExpressions;
using IRFunctions.Alerts;
using IRFunctions.Record;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NetArchTest.Rules;

namespace IRFunctions.Tests.Style;

/// <summary>docs/design.md section 2: a room of functions/ uses only those above it; the projects guard the rest.</summary>
public sealed class RoomsTests : IDisposable
{
    /// <summary>From the first to the last. Every namespace of functions/ is in here.</summary>
    private static readonly string[] Rooms =
    [
        "Storage",
        "Connections",
        "Durable",
        "Recording",
        "Directory",
        "People",
        "Http",
        "Limits",
        "PolicyVersions",
        "Assessment",
        "Containment",
        "Approvals",
        "Incidents",
        "Agents",
        "Stories",
        "Health",
        "OperatorConsole",
    ];

    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("irf-rooms-").FullName;

    private static Assembly Functions => typeof(Pipeline).Assembly;

    public void Dispose() => System.IO.Directory.Delete(folder, recursive: true);

    public static TheoryData<string> EveryRoom => [.. Rooms];

    [Theory]
    [MemberData(nameof(EveryRoom))]
    public void A_room_uses_only_those_above_it(string room) => Assert.Empty(Offenders(Types.InAssembly(Functions), room));

    [Theory]
    [MemberData(nameof(EveryRoom))]
    public void A_use_of_each_later_room_is_seen(string room)
    {
        var later = Later(room);
        var types = Types.FromFile(CompileViolations(room, later));
        Assert.Equal(later.Select(l => $"IRFunctions.{room}.Uses{l}").Order(), Offenders(types, room).Order());
    }

    [Fact]
    public void Every_type_of_the_function_app_is_in_a_room()
    {
        var homeless = Functions
            .GetTypes()
            .Where(t => t is { IsNested: false, Namespace: { } name } && name.StartsWith("IRFunctions.", StringComparison.Ordinal))
            .Where(t => !Rooms.Contains(t.Namespace!.Split('.')[1]))
            .Select(t => t.FullName);
        Assert.Empty(homeless);
    }

    /// <summary>What a name alone binds (nameof, constants) leaves no trace in the compiled code, but needs the same directive.</summary>
    [Fact]
    public void No_file_imports_a_later_room()
    {
        var imports = Sources
            .Under("functions")
            .SelectMany(f =>
                Rooms
                    .Where(r => f.Path.StartsWith($"functions/{FolderOf(r)}/", StringComparison.Ordinal))
                    .SelectMany(r => Later(r))
                    .Where(l => Regex.IsMatch(f.Text, $@"\bIRFunctions\.{l}\b"))
                    .Select(l => $"{f.Path} names {l}")
            );
        Assert.Empty(imports);
    }

    [Fact]
    public void The_core_knows_no_Azure_no_clock_and_no_network()
    {
        string[] allowed = ["System", "Microsoft.Win32", "YamlDotNet", "netstandard"];
        var references = References(typeof(Alert).Assembly).ToList();
        Assert.DoesNotContain(references, r => !allowed.Any(a => r == a || r.StartsWith(a + ".", StringComparison.Ordinal)));
        Assert.DoesNotContain(references, r => r.StartsWith("System.Net.", StringComparison.Ordinal) && r != "System.Net.Primitives");
    }

    [Fact]
    public void The_record_needs_the_base_library_and_one_for_the_signature_that_it_lacks() =>
        Assert.DoesNotContain(
            References(typeof(AuditEntry).Assembly),
            r => r is not ("System" or "BouncyCastle.Cryptography") && !r.StartsWith("System.", StringComparison.Ordinal)
        );

    private static string[] Later(string room) => Rooms[(Array.IndexOf(Rooms, room) + 1)..];

    /// <summary>The console's namespace may not be called like a class of the base library.</summary>
    private static string FolderOf(string room) => room == "OperatorConsole" ? "Console" : room;

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(a => a.Name!);

    private static List<string> Offenders(Types types, string room)
    {
        string[] later = [.. Later(room).Select(l => $"IRFunctions.{l}")];
        if (later.Length == 0)
            return [];
        var result = types
            .That()
            .ResideInNamespaceMatching($@"^IRFunctions\.{room}(\.|$)")
            .ShouldNot()
            .HaveDependencyOnAny(later)
            .GetResult();
        return [.. (result.FailingTypes ?? []).Select(t => t.FullName)];
    }

    /// <summary>An assembly in which a type of the room uses each later one.</summary>
    private string CompileViolations(string room, string[] later)
    {
        var text = string.Concat(
            later.Select(l =>
                $"namespace IRFunctions.{l} {{ public class Thing {{ }} }} namespace IRFunctions.{room} {{ public class Uses{l} {{ "
                + $"public IRFunctions.{l}.Thing T; }} }}\n"
            )
        );
        var path = Path.Combine(folder, "Violations.dll");
        var compilation = CSharpCompilation.Create(
            "Violations",
            [CSharpSyntaxTree.ParseText(text)],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        var emitted = compilation.Emit(path);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return path;
    }
}

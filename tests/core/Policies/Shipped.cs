using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Policies;

/// <summary>The shipped policy and what goes with it, for tests.</summary>
internal static class Shipped
{
    /// <summary>The day all tests of the policy live in.</summary>
    public static readonly DateTimeOffset Today = new(2026, 12, 1, 3, 0, 0, TimeSpan.Zero);

    /// <summary>Today's catalogue, as the policy sees it: read off the code, so that a new action needs no line here.</summary>
    public static readonly IReadOnlyList<ActionCapability> Catalogue = ReadCatalogue();

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "policies");

    public static IReadOnlyList<PolicyFile> Files { get; } = PolicyFolder.Read(Folder);

    public static Policy Policy { get; } = Load(Files);

    public static Policy Load(IReadOnlyList<PolicyFile> files)
    {
        var reading = PolicyLoader.Load(files, Catalogue, Today);
        Assert.True(reading.Ok, string.Join('\n', reading.Errors));
        return reading.Policy!;
    }

    /// <summary>The shipped policy with one text replaced, which must be there.</summary>
    public static Policy With(string file, string old, string replacement) => Load(Changed(Files, file, old, replacement));

    public static IReadOnlyList<PolicyFile> Changed(IReadOnlyList<PolicyFile> files, string file, string old, string replacement)
    {
        var text = files.Single(candidate => candidate.Name == file).Text;
        Assert.Contains(old, text, StringComparison.Ordinal);
        return
        [
            .. files.Select(candidate =>
                candidate.Name == file ? candidate with { Text = text.Replace(old, replacement, StringComparison.Ordinal) } : candidate
            ),
        ];
    }

    private static IReadOnlyList<ActionCapability> ReadCatalogue()
    {
        var services = new ServiceCollection();
        LocalMachine.Register(services, World.Options(TimeProvider.System));
        return services.BuildServiceProvider().GetRequiredService<ActionCatalog>().Capabilities;
    }
}

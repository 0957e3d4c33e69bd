using IRFunctions.Containment;
using IRFunctions.Local.Actions;
using IRFunctions.Local.Machine;
using IRFunctions.Tests.Policies;
using IRFunctions.Tests.Style;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>docs/actions.md, docs/permissions.md and the grant script say what the code and the shipped tier map say.</summary>
public sealed class GeneratedPagesTests : IAsyncLifetime
{
    private readonly string root = System.IO.Directory.CreateTempSubdirectory("irf-pages-").FullName;
    private readonly ServiceProvider services;

    public GeneratedPagesTests()
    {
        var registered = new ServiceCollection();
        LocalMachine.Register(registered, new MachineOptions { Time = TimeProvider.System, PolicyFolder = "" });
        services = registered.BuildServiceProvider();
        foreach (var path in (string[])[GeneratedPages.Actions, GeneratedPages.Permissions, GeneratedPages.Script])
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            File.Copy(Path.Combine(Sources.Root, path), Path.Combine(root, path));
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await services.DisposeAsync();
        System.IO.Directory.Delete(root, recursive: true);
    }

    private IReadOnlyList<GeneratedPage> Pages() => GeneratedPages.Of(root, services.GetRequiredService<ActionCatalog>(), Shipped.Policy);

    [Fact]
    public void The_pages_of_this_clone_are_current() => Assert.DoesNotContain(Pages(), p => p.IsStale);

    [Theory]
    [InlineData(GeneratedPages.Actions, "| 72 h |", "| 71 h |")]
    [InlineData(GeneratedPages.Permissions, "| Mail.ReadWrite | quarantine_email |", "| Mail.ReadWrite | nobody |")]
    [InlineData(GeneratedPages.Script, "  Mail.ReadWrite\n", "")]
    public void A_page_that_says_something_else_is_stale_and_is_written_as_it_was(string path, string old, string changed)
    {
        var text = File.ReadAllText(Path.Combine(root, path));
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(root, path), text.Replace(old, changed, StringComparison.Ordinal));
        var stale = Assert.Single(Pages(), p => p.IsStale);
        Assert.Equal((path, text), (stale.Path, stale.Fresh));
    }

    [Fact]
    public void What_a_person_wrote_about_a_permission_stays()
    {
        var path = Path.Combine(root, GeneratedPages.Permissions);
        File.WriteAllText(
            path,
            File.ReadAllText(path).Replace("The least that moves a message.", "My own words.", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Pages(), p => p.IsStale);
    }

    [Fact]
    public void A_page_without_its_marks_is_said_by_name()
    {
        var path = Path.Combine(root, GeneratedPages.Actions);
        File.WriteAllText(path, File.ReadAllText(path).Replace("<!-- end -->", "", StringComparison.Ordinal));
        Assert.Contains(GeneratedPages.Actions, Assert.Throws<IOException>(Pages).Message, StringComparison.Ordinal);
    }
}

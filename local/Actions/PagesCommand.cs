using System.CommandLine;
using IRFunctions.Containment;
using IRFunctions.Local.CommandLine;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Actions;

/// <summary>
/// `pages [--check]`, which the build of tests/ runs. Exit codes: 0 the pages are current now, 1 with --check one is stale, or the policy
/// has errors, 2 something could not be read or written.
/// </summary>
internal static class PagesCommand
{
    public static Command Create(TimeProvider time)
    {
        var root = RepositoryOption();
        var check = new Option<bool>("--check") { Description = "Write nothing; fail where a page is stale" };
        var command = new Command("pages", "Write the parts of pages that follow from the actions and the tier map") { root, check };
        command.SetAction(
            (result, _) =>
                RunAsync(
                    result.GetValue(root)!,
                    result.GetValue(check),
                    time,
                    result.InvocationConfiguration.Output,
                    result.InvocationConfiguration.Error
                )
        );
        return command;
    }

    internal static Option<string> RepositoryOption() =>
        new("--root") { Description = "Root of the repository", DefaultValueFactory = _ => System.IO.Directory.GetCurrentDirectory() };

    private static async Task<int> RunAsync(string root, bool check, TimeProvider time, TextWriter output, TextWriter error)
    {
        try
        {
            await using var services = LocalCatalogue.Provider();
            var catalogue = services.GetRequiredService<ActionCatalog>();
            var reading = PolicyLoader.Load(PolicyFolder.Read(Path.Combine(root, "policies")), catalogue.Capabilities, time.GetUtcNow());
            foreach (var problem in reading.Errors)
                error.WriteLine(problem with { File = $"policies/{problem.File}" });
            if (reading.Policy is not { } policy)
                return 1;
            var stale = GeneratedPages.Of(root, catalogue, policy).Where(p => p.IsStale).ToList();
            foreach (var page in stale)
                if (check)
                    // MSBuild takes a line of this form for an error of the build.
                    error.WriteLine($"{page.Path} : error IRF0001: not what the actions and the tier map say; build tests/ and commit it");
                else
                {
                    File.WriteAllText(Path.Combine(root, page.Path), page.Fresh);
                    output.WriteLine($"wrote {page.Path}");
                }
            return check && stale.Count > 0 ? 1 : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error.WriteLine(exception.Message);
            return 2;
        }
    }
}

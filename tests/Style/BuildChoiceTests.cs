using System.Diagnostics;

namespace IRFunctions.Tests.Style;

/// <summary>DESIGN section 3: which packages each build takes without and with the flag. Asks MSBuild itself; restores nothing.</summary>
public sealed class BuildChoiceTests
{
    [Theory]
    [InlineData("functions/IRFunctions.csproj", "", "official")]                                 // func start, dotnet publish in functions/
    [InlineData("functions/IRFunctions.csproj", "-p:SolutionPath=/any/IRFunctions.sln", "standin")] // dotnet build, dotnet test of the solution
    [InlineData("local/IRFunctions.Local.csproj", "", "standin")]                                // dotnet run --project local
    [InlineData("tests/IRFunctions.Tests.csproj", "", "standin")]
    [InlineData("functions/IRFunctions.csproj", "-p:AzureSdk=official", "official")]
    [InlineData("local/IRFunctions.Local.csproj", "-p:AzureSdk=official", "official")]
    [InlineData("tests/IRFunctions.Tests.csproj", "-p:AzureSdk=official", "official")]
    public async Task Each_project_takes_the_packages_its_use_needs(string project, string flag, string expected)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Sources.Root, project), "-nologo", "-getProperty:AzureSdk", .. flag.Length == 0 ? [] : new[] { flag }])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // A test run hands its own MSBuild settings to child processes; a person's shell has none.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(expected, output.Trim());
    }
}

using System.Diagnostics;

namespace IRFunctions.Tests.Style;

/// <summary>
/// The SDK's own formatter has nothing to change. The layout is CSharpier's, which every build of tests/ checks; where the two would
/// disagree, the code is written so that they agree.
/// </summary>
public sealed class WhitespaceTests : IDisposable
{
    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("irf-whitespace-").FullName;

    [Fact]
    public async Task Dotnet_format_has_nothing_to_change()
    {
        var (exit, said) = await FormatAsync(Sources.Root);

        Assert.True(exit == 0, said);
    }

    [Fact]
    public async Task The_whitespace_test_fails_where_the_layout_is_another()
    {
        File.Copy(Path.Combine(Sources.Root, ".editorconfig"), Path.Combine(folder, ".editorconfig"));
        await File.WriteAllTextAsync(Path.Combine(folder, "X.cs"), "class X\n{\n  int x;\n}\n");

        var (exit, said) = await FormatAsync(folder);

        Assert.NotEqual(0, exit);
        Assert.Contains("X.cs(3,", said, StringComparison.Ordinal);
    }

    public void Dispose() => System.IO.Directory.Delete(folder, recursive: true);

    private static async Task<(int Exit, string Said)> FormatAsync(string folder)
    {
        var how = new ProcessStartInfo("dotnet", ["format", "whitespace", "--folder", "--verify-no-changes", folder])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(how)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }
}

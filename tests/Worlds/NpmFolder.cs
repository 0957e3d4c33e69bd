using System.Diagnostics;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Worlds;

/// <summary>A folder of the clone with a package-lock.json, installed with npm on first use; needs Node.js 20.</summary>
internal sealed class NpmFolder(string folder)
{
    private static readonly SemaphoreSlim Turn = new(1);

    public string Home { get; } = Path.Combine(Sources.Root, folder);

    /// <summary>Path of a file of a package, installed where it was not.</summary>
    public async Task<string> InstalledAsync(string file)
    {
        var path = Path.Combine(Home, "node_modules", file);
        await Turn.WaitAsync();
        try
        {
            // npm writes this file last.
            if (!File.Exists(Path.Combine(Home, "node_modules", ".package-lock.json")))
            {
                var (code, output) = await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
                Assert.True(code == 0, $"npm ci in {folder}: {output}");
            }
        }
        finally
        {
            Turn.Release();
        }
        return path;
    }

    public async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Home,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}

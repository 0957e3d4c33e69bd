using System.ComponentModel;
using System.Diagnostics;

namespace IRFunctions.Local.Azurite;

/// <summary>
/// Azurite, the emulator of Azure Storage, as npm installs it from the lock file in local/Azurite/npm. Installed on first use, in 15
/// seconds to a minute;
/// every run and every test of a clone shares it.
/// </summary>
internal static class AzuritePackage
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Loaded into Azurite's process before it, so that it ends with ours.</summary>
    public static string Preload => Path.Combine(Home, "with-its-parent.cjs");

    private static string Home { get; } = FindHome();

    /// <summary>Path of the program, installed where it was not.</summary>
    /// <param name="tell">Is told of a wait.</param>
    /// <exception cref="InvalidOperationException">Node.js or npm is missing, or npm failed; says what to do.</exception>
    public static async Task<string> InstalledAsync(Action<string> tell, CancellationToken stop = default)
    {
        var program = Path.Combine(Home, "node_modules", "azurite", "dist", "src", "azurite.js");
        if (IsComplete())
            return program;
        // Two programs of one clone may start at once: npm empties the folder that it installs into.
        await using var turn = await TurnAsync(tell, stop);
        if (IsComplete())
            return program;
        tell("installing Azurite with npm, once for this clone; up to a minute");
        using var npm = Start("npm", [], "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        npm.StandardInput.Close();
        var (output, errors) = (npm.StandardOutput.ReadToEndAsync(stop), npm.StandardError.ReadToEndAsync(stop));
        await npm.WaitForExitAsync(stop);
        return npm.ExitCode == 0
            ? program
            : throw new InvalidOperationException($"npm could not install Azurite in local/Azurite/npm:\n{await output}{await errors}");
    }

    /// <exception cref="InvalidOperationException">It is not on the PATH.</exception>
    public static Process Start(string program, IEnumerable<string> first, params string[] more)
    {
        try
        {
            return Process.Start(
                new ProcessStartInfo(program, [.. first, .. more])
                {
                    WorkingDirectory = Home,
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"'{program}' cannot be started. Azurite needs Node.js 20 with npm on the PATH.", e);
        }
    }

    /// <summary>npm writes this file last, so a broken installation does not have it.</summary>
    private static bool IsComplete() => File.Exists(Path.Combine(Home, "node_modules", ".package-lock.json"));

    private static async Task<FileStream> TurnAsync(Action<string> tell, CancellationToken stop)
    {
        for (var told = false; ; told = true)
        {
            try
            {
                return new FileStream(Path.Combine(Home, ".installing"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                if (!told)
                    tell("waiting for another program of this clone that installs Azurite");
                await Task.Delay(Look, TimeProvider.System, stop);
            }
        }
    }

    private static string FindHome()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var home = Path.Combine(folder.FullName, "local", "Azurite", "npm");
            if (File.Exists(Path.Combine(home, "package-lock.json")))
                return home;
        }
        throw new InvalidOperationException(
            "Azurite is installed from local/Azurite/npm of a clone, and this program does not run from one."
        );
    }
}

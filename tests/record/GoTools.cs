using System.Diagnostics;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Record;

/// <summary>
/// Runs only where Debian's or Ubuntu's packages golang and golang-golang-x-mod-dev are; .ci/run installs them where it may.
/// </summary>
public sealed class GoFactAttribute : FactAttribute
{
    public GoFactAttribute()
    {
        if (!GoTools.AreThere)
            Skip =
                "THE RECORD WAS NOT VERIFIED BY THE SECOND PROGRAM: Go is missing. apt-get install golang golang-golang-x-mod-dev "
                + "(as .ci/run does)";
    }
}

/// <summary>The programs in go/, built once with Debian's Go and its copy of golang.org/x/mod: no modules, no network.</summary>
internal static class GoTools
{
    private const string Path = "/usr/share/gocode";
    private static readonly Lazy<Task<string>> Folder = new(BuildAsync);

    public static bool AreThere { get; } =
        System.IO.Directory.Exists($"{Path}/src/golang.org/x/mod/sumdb/tlog")
        && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(System.IO.Path.Combine(p, "go")));

    public static async Task<string> LogCheckAsync() => System.IO.Path.Combine(await Folder.Value, "logcheck");

    public static async Task<string> WitnessAsync() => System.IO.Path.Combine(await Folder.Value, "witness");

    /// <summary>What a program said, and its exit code.</summary>
    public static async Task<(int Code, string Text)> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPATH"] = Path;
        start.Environment["GOFLAGS"] = "";
        start.Environment["GOCACHE"] = System.IO.Path.Combine(AppContext.BaseDirectory, "go-cache");
        return Process.Start(start)!;
    }

    private static async Task<string> BuildAsync()
    {
        var folder = System.IO.Path.Combine(AppContext.BaseDirectory, "go-tools");
        foreach (var tool in (string[])["logcheck", "witness"])
        {
            var sources = System.IO.Directory.GetFiles(System.IO.Path.Combine(Sources.Root, "tests", "record", "go", tool), "*.go");
            var (code, text) = await RunAsync("go", ["build", "-o", System.IO.Path.Combine(folder, tool), .. sources]);
            Assert.True(code == 0, text);
        }
        return folder;
    }
}

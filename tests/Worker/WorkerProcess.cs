using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace IRFunctions.Tests.RealWorker;

/// <summary>The deployable as a process of its own, started as the Functions host starts it.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    // Of the test's own environment the worker gets only what any process needs; the rest it gets told, as app settings.
    private static readonly string[] Kept = ["PATH", "HOME", "DOTNET_ROOT", "TMPDIR", "LANG"];
    private readonly Process process = new();
    private readonly StringBuilder output = new();

    /// <summary>Where functions/ is built: the folder that would be deployed.</summary>
    public static string Folder { get; } =
        Path.GetFullPath(
            typeof(WorkerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Deployable").Value!
        );

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <param name="host">Where the host's stream is.</param>
    /// <param name="settings">App settings, as environment variables.</param>
    /// <param name="ended">Called when the process ends, with its code and what it wrote.</param>
    public void Start(Uri host, string id, IReadOnlyDictionary<string, string> settings, Action<Exception> ended)
    {
        string[] arguments =
        [
            Path.Combine(Folder, "IRFunctions.dll"),
            "--functions-uri",
            host.ToString(),
            "--functions-worker-id",
            id,
            "--functions-request-id",
            Guid.NewGuid().ToString(),
            "--functions-grpc-max-message-length",
            $"{int.MaxValue}",
        ];
        process.StartInfo = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        var environment = process.StartInfo.Environment;
        foreach (var name in environment.Keys.Except(Kept).ToList())
            environment.Remove(name);
        foreach (var (name, value) in settings)
            environment[name] = value;
        process.EnableRaisingEvents = true;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Exited += (_, _) =>
        {
            process.WaitForExit(); // The rest of its output.
            ended(new InvalidOperationException($"the worker ended with code {process.ExitCode}:\n{Output}"));
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Waits for its end.</summary>
    /// <exception cref="OperationCanceledException">It goes on after the limit.</exception>
    public async Task<int> EndAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit);
        await process.WaitForExitAsync(late.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (output)
            output.AppendLine(line.Data);
    }
}

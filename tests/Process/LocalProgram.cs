using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IRFunctions.Local.Host;

namespace IRFunctions.Tests.RealProgram;

/// <summary>The real program as a child process, on a free port of 127.0.0.1, with its state in a folder of the test's own.</summary>
internal sealed class LocalProgram : IAsyncDisposable
{
    // A bound, not a measure: the machine that runs the tests may have other things to do.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly Process process;
    private readonly StringBuilder output = new();

    private LocalProgram(int port, string[] arguments, IEnumerable<KeyValuePair<string, string>>? settings = null)
    {
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        Http.DefaultRequestHeaders.Add(DevelopmentSignIn.Header, World.Alex);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "IRFunctions.Local.dll"), .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in settings ?? [])
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public static Task<LocalProgram> StartAsync(string state, params string[] more) => StartFedAsync(state, ["--no-feed", .. more]);

    /// <summary>The same, with the sample alerts.</summary>
    public static Task<LocalProgram> StartFedAsync(string state, params string[] more) => StartAsync([], ["--state", state, .. more]);

    /// <param name="settings">Environment variables of the program.</param>
    public static async Task<LocalProgram> StartAsync(IEnumerable<KeyValuePair<string, string>> settings, params string[] arguments)
    {
        var port = FreePort();
        var program = new LocalProgram(port, ["--no-staff", "--port", $"{port}", .. arguments], settings);
        try
        {
            await program.UntilAsync(async () => (await program.Http.GetAsync("api/health")).IsSuccessStatusCode, "it answers");
            return program;
        }
        catch
        {
            // Nobody else could end it.
            await program.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs it with arguments that it must refuse, in words.</summary>
    internal static async Task AssertRefusedAsync(string message, params string[] arguments)
    {
        var (code, output) = await RunAsync(arguments);
        Assert.True(code == 1, $"exit code {code}:\n{output}");
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal); // words, not a stack trace
    }

    /// <summary>Runs it on a state folder with options that it must refuse, in words.</summary>
    internal static Task AssertRefusedAsync(TempFolder folder, string message, params string[] options) =>
        AssertRefusedAsync(message, ["--no-feed", "--no-staff", "--port", $"{FreePort()}", "--state", folder.Path, .. options]);

    /// <summary>Runs it to its end, where it is expected to end by itself.</summary>
    public static Task<(int Code, string Output)> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <param name="settings">Environment variables of the program.</param>
    public static async Task<(int Code, string Output)> RunAsync(
        IEnumerable<KeyValuePair<string, string>> settings,
        params string[] arguments
    )
    {
        await using var program = new LocalProgram(1, arguments, settings);
        return (await program.EndAsync(), program.Output);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>As `kill -9`: no chance to tidy up.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Sends SIGTERM or SIGINT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        process.WaitForExit(); // The rest of its output.
        return process.ExitCode;
    }

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(path);

    public async Task SendAlertAsync(System.Text.Json.Nodes.JsonNode alert)
    {
        using var answer = await Http.PostAsync(
            "alerts/messages",
            new StringContent(alert.ToJsonString(), Encoding.UTF8, "application/json")
        );
        Assert.Equal(201, (int)answer.StatusCode);
    }

    public async Task<string> PendingApprovalAsync() => Assert.Single(await PendingApprovalsAsync(1));

    public async Task<string[]> PendingApprovalsAsync(int count)
    {
        string[] ids = [];
        await UntilAsync(
            async () =>
            {
                ids =
                [
                    .. (await GetAsync("api/approvals"))
                        .GetProperty("approvals")
                        .EnumerateArray()
                        .Select(a => a.GetProperty("id").GetString()!),
                ];
                return ids.Length == count;
            },
            $"{count} approvals are pending"
        );
        return ids;
    }

    public async Task PostAsync(string path, object body)
    {
        using var answer = await Http.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Writes that changed something, as the tenant's journal has them.</summary>
    public async Task<int> EffectsAsync(string effect, string target) =>
        (await GetAsync("local/tenant/journal"))
            .EnumerateArray()
            .Count(e =>
                e.GetProperty("effect").GetString() == effect
                && e.GetProperty("target").GetString() == target
                && e.GetProperty("changed").GetBoolean()
            );

    public async Task<string> StatusOfAsync(string containment) =>
        (await GetAsync("api/containments?all=true"))
            .GetProperty("containments")
            .EnumerateArray()
            .Where(c => c.GetProperty("id").GetString() == containment)
            .Select(c => c.GetProperty("state").GetProperty("status").GetString())
            .SingleOrDefault()
        ?? "None";

    /// <summary>The program's time; it has to be healthy, with a fast clock, too.</summary>
    public async Task<DateTimeOffset> TimeAsync() => (await GetAsync("api/health")).GetProperty("time").GetDateTimeOffset();

    /// <summary>Asks again and again, with a deadline.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            do
            {
                Assert.False(process.HasExited, $"the program ended while waiting until {what}:\n{Output}");
                try
                {
                    if (await condition())
                        return;
                }
                catch (HttpRequestException)
                {
                    // Not listening yet.
                }
            } while (await tick.WaitForNextTickAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Patience} passed and still not: {what}\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        lock (output)
            output.AppendLine(e.Data);
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = System.IO.Directory.CreateTempSubdirectory("irf-process-").FullName;

    public void Dispose() => System.IO.Directory.Delete(Path, recursive: true);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Data.Tables;

namespace IRFunctions.Tests.Tables;

/// <summary>
/// The emulator of the Table service, as its own process on a free loopback port. Installs itself on first use (npm, under a minute) from
/// tests/azurite; a machine without Node fails these tests rather than skip them, because then nothing tells whether the embedded tables are true.
/// </summary>
public sealed class Azurite : IAsyncLifetime
{
    private const string Account = "devstoreaccount1";

    // The emulator's published key; it opens nothing else.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly string Home = Path.Combine(RepositoryRoot(), "tests", "azurite");
    private Process? process;

    /// <summary>The account's address, known once it runs.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>As a setting names the account; of tables only.</summary>
    public string ConnectionString => $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint={Endpoint};";

    public TableServiceClient NewClient() => new(Endpoint, new TableSharedKeyCredential(Account, Key));

    public async Task InitializeAsync()
    {
        var program = Path.Combine(Home, "node_modules", "azurite", "dist", "src", "table", "main.js");
        if (!File.Exists(program)) await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        // Another process may take the port between our finding and Azurite's binding it.
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            process = Start(
                "node", program, "--tableHost", "127.0.0.1", "--tablePort", $"{port}", "--inMemoryPersistence", "--disableTelemetry", "--silent");
            Endpoint = new Uri($"http://127.0.0.1:{port}/{Account}");
            if (await AnswersAsync(process)) return;
            if (attempt == 3) throw new InvalidOperationException($"Azurite does not start: {await process.StandardError.ReadToEndAsync()}");
            await DisposeAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (process is null) return;
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    // It says so itself once it listens; its output ends when it could not.
    private static async Task<bool> AnswersAsync(Process process)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            if (line.Contains("successfully", StringComparison.Ordinal)) return true;
        return false;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var run = Start(program, arguments);
        var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' failed in tests/azurite:\n{await output}{await errors}");
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Home,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                $"'{program}' cannot be started. The table contract tests need Node.js 20 with npm on the PATH (tests/azurite/package.json).", e);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "IRFunctions.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }
}

[CollectionDefinition(nameof(Azurite))]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>;

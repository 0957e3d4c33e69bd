using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Azurite;

/// <summary>
/// Azure Storage on this machine: Azurite as a process of its own, its three services on free ports of 127.0.0.1. It ends with the program
/// that started it, also where that is killed; what was acknowledged is in its folder then.
/// </summary>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    /// <summary>The one account there is.</summary>
    public const string Account = "devstoreaccount1";

    /// <summary>The emulator's published key; it opens nothing else.</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string IdFile = "process.id";
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly string? idFile;

    private AzuriteProcess(Process process, string? folder, IReadOnlyDictionary<string, Uri> endpoints)
    {
        this.process = process;
        idFile = folder is null ? null : Path.Combine(folder, IdFile);
        (Blobs, Queues, Tables) = (endpoints["Blob"], endpoints["Queue"], endpoints["Table"]);
    }

    public Uri Blobs { get; }

    public Uri Queues { get; }

    public Uri Tables { get; }

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={Blobs};QueueEndpoint={Queues};"
        + $"TableEndpoint={Tables};";

    /// <summary>Installs it where it is not, starts it and waits until it listens.</summary>
    /// <param name="folder">Where it keeps everything; null: in memory.</param>
    /// <param name="tell">Is told of each wait.</param>
    /// <exception cref="InvalidOperationException">It cannot be installed or does not start; says why.</exception>
    public static async Task<AzuriteProcess> StartAsync(string? folder, Action<string>? tell = null, CancellationToken stop = default)
    {
        tell ??= _ => { };
        var program = await AzuritePackage.InstalledAsync(tell, stop);
        if (folder is not null)
            await WaitForTheLastAsync(System.IO.Directory.CreateDirectory(folder).FullName, tell, stop);
        tell("starting Azurite");
        string[] storage = folder is null ? ["--inMemoryPersistence"] : ["--location", Path.GetFullPath(folder)];
        var process = AzuritePackage.Start(
            "node",
            ["--require", AzuritePackage.Preload, program, "--silent", "--disableTelemetry", "--skipApiVersionCheck"],
            ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0", .. storage]
        );
        try
        {
            var endpoints = await ListeningAsync(process, stop);
            var azurite = new AzuriteProcess(process, folder, endpoints);
            if (azurite.idFile is { } file)
                await File.WriteAllTextAsync(file, process.Id.ToString(CultureInfo.InvariantCulture), stop);
            tell(
                $"Azurite (process {process.Id}) listens: blobs {azurite.Blobs.Authority}, queues {azurite.Queues.Authority}, tables "
                    + $"{azurite.Tables.Authority}"
            );
            return azurite;
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Lets it save and close; ends it where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(LongestEnd, TimeProvider.System);
        try
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        process.Dispose();
        if (idFile is not null)
            File.Delete(idFile);
    }

    /// <summary>It says so itself once it listens; its output ends where it cannot.</summary>
    private static async Task<Dictionary<string, Uri>> ListeningAsync(Process process, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestStart);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var found = new Dictionary<string, Uri>(StringComparer.Ordinal);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (Listens().Match(line) is { Success: true } match)
                found[match.Groups["service"].Value] = new Uri($"{match.Groups["address"].Value.TrimEnd('/')}/{Account}");
            if (found.Count < 3)
                continue;
            // What it prints later is nobody's to read, but a full pipe would stop it.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return found;
        }
        throw new InvalidOperationException($"Azurite does not start: {await errors}");
    }

    /// <summary>A run that was killed left it closing: two on one folder would spoil it.</summary>
    private static async Task WaitForTheLastAsync(string folder, Action<string> tell, CancellationToken stop)
    {
        var file = Path.Combine(folder, IdFile);
        if (!File.Exists(file) || !int.TryParse(await File.ReadAllTextAsync(file, stop), CultureInfo.InvariantCulture, out var id))
            return;
        try
        {
            using var last = Process.GetProcessById(id);
            // The number may be another program's by now.
            if (!last.ProcessName.Contains("node", StringComparison.OrdinalIgnoreCase))
                return;
            tell($"waiting for the last run's Azurite (process {id}) to close");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(LongestEnd);
            await last.WaitForExitAsync(limit.Token);
        }
        catch (ArgumentException)
        {
            // It is gone.
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Process {id} still uses {folder}. End it, then start again.");
        }
    }

    [GeneratedRegex("Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>http://127\\.0\\.0\\.1:\\d+)")]
    private static partial Regex Listens();
}

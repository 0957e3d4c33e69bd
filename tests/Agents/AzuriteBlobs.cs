using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Agents;

/// <summary>Azurite's blob service as a process of its own; tests/Tables/Azurite has installed it.</summary>
internal sealed class AzuriteBlobs : IAsyncDisposable
{
    // The emulator's published key; it opens nothing else.
    private const string Development = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=";

    private readonly Process process;
    private readonly int port;

    private AzuriteBlobs(Process process, int port) => (this.process, this.port) = (process, port);

    public static async Task<AzuriteBlobs> StartAsync()
    {
        var program = Path.Combine(Sources.Root, "tests", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        var process = Process.Start(new ProcessStartInfo("node", [program, "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--inMemoryPersistence", "--disableTelemetry", "--silent", "--skipApiVersionCheck"]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("successfully", StringComparison.Ordinal)) { }
        return new AzuriteBlobs(process, port);
    }

    public async Task<BlobContainerClient> ContainerAsync()
    {
        var container = new BlobContainerClient($"{Development}http://127.0.0.1:{port}/devstoreaccount1;", $"c{Guid.NewGuid():N}");
        await container.CreateIfNotExistsAsync();
        return container;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;
using IRFunctions.Containment;
using IRFunctions.Tests.Style;
using IRFunctions.Tests.Tables;

namespace IRFunctions.Tests.Agents;

/// <summary>The same contract against Azurite's blob service.</summary>
[Collection(nameof(Azurite))]
public sealed class Snapshots_in_Azurite(Azurite azurite) : SnapshotContract, IAsyncLifetime
{
    private const string Development = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=";

    private Process? process;
    private BlobsOfContainer? blobs;

    protected override IWriteOnceBlobs Blobs => blobs!;

    public async Task InitializeAsync()
    {
        Assert.NotNull(azurite.Endpoint); // It is installed.
        var program = Path.Combine(Sources.Root, "tests", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        process = Process.Start(new ProcessStartInfo("node", [program, "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--inMemoryPersistence", "--disableTelemetry", "--silent", "--skipApiVersionCheck"]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("successfully", StringComparison.Ordinal)) { }
        var container = new BlobContainerClient($"{Development}http://127.0.0.1:{port}/devstoreaccount1;", "agents");
        await container.CreateIfNotExistsAsync();
        blobs = new BlobsOfContainer(container);
    }

    public async Task DisposeAsync()
    {
        process!.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}

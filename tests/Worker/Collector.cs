using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using IRFunctions.Local.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace IRFunctions.Tests.RealWorker;

/// <summary>A collector on loopback: takes OTLP as http/protobuf, and what Azure Monitor's exporter posts as lines of JSON.</summary>
internal sealed class Collector : IAsyncDisposable
{
    // opentelemetry-proto 1.x, ExportMetricsServiceRequest and its like: resource_* = 1, scope_* = 2, items = 2, name of a metric = 1, of a
    // span = 5, body of a log line = 5.
    private static readonly int[] Metrics = [1, 2, 2, 1];
    private static readonly int[] Spans = [1, 2, 2, 5];
    private static readonly int[] LogBodies = [1, 2, 2, 5, 1];

    private readonly ConcurrentQueue<(string Path, byte[] Body)> received = [];
    private LoopbackServer? server;

    public Uri Address => server!.Address;

    public IReadOnlyList<(string Path, byte[] Body)> Received => [.. received];

    /// <summary>Everything that arrived, as text: protobuf keeps strings as they are.</summary>
    public string Text => string.Join('\n', received.Select(r => Encoding.UTF8.GetString(r.Body)));

    public IReadOnlyList<string> MetricNames => Named("/v1/metrics", Metrics);

    public IReadOnlyList<string> SpanNames => Named("/v1/traces", Spans);

    public IReadOnlyList<string> LogLines => Named("/v1/logs", LogBodies);

    /// <summary>A collector with a server of its own.</summary>
    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        collector.server = await LoopbackServer.StartAsync(0, null, collector.Map);
        return collector;
    }

    /// <summary>A collector beside whatever else a server answers.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var signal in (string[])["metrics", "traces", "logs"])
        {
            routes.MapPost(
                $"/v1/{signal}",
                async (HttpRequest request) =>
                {
                    await KeepAsync(request);
                    return Results.Bytes([], "application/x-protobuf");
                }
            );
        }
        routes.MapPost(
            "/{version}/track",
            async (HttpRequest request) =>
            {
                await KeepAsync(request);
                return Results.Json(
                    new
                    {
                        itemsReceived = 1,
                        itemsAccepted = 1,
                        errors = Array.Empty<object>(),
                    }
                );
            }
        );
    }

    /// <summary>Waits until what has arrived is enough.</summary>
    /// <exception cref="TimeoutException">It is not within half a minute.</exception>
    public async Task UntilAsync(Func<Collector, bool> enough)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (enough(this))
                reached.TrySetResult();
        }
        Arrived += Look;
        Look();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Arrived -= Look;
    }

    private event Action? Arrived;

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task KeepAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        if (request.Headers.ContentEncoding == "gzip")
        {
            await using var unzipped = new GZipStream(request.Body, CompressionMode.Decompress);
            await unzipped.CopyToAsync(body);
        }
        else
        {
            await request.Body.CopyToAsync(body);
        }
        received.Enqueue((request.Path, body.ToArray()));
        Arrived?.Invoke();
    }

    private List<string> Named(string path, int[] fields) =>
        [.. received.Where(r => r.Path == path).SelectMany(r => At(r.Body, fields)).Select(Encoding.UTF8.GetString)];

    /// <summary>The values of a field within fields, by number, in a protobuf message.</summary>
    private static IEnumerable<byte[]> At(byte[] message, ReadOnlyMemory<int> fields)
    {
        var found = new List<byte[]>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (
                WireFormat.GetTagFieldNumber(tag) == fields.Span[0]
                && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited
            )
                found.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }
        return fields.Length == 1 ? found : found.SelectMany(f => At(f, fields[1..]));
    }
}

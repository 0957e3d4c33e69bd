using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using IRFunctions.Local.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Tests.Telemetry;

/// <summary>A collector on loopback: takes OTLP as http/protobuf, and what Azure Monitor's exporter posts as lines of JSON.</summary>
internal sealed class Collector : IAsyncDisposable
{
    // opentelemetry-proto 1.x, ExportMetricsServiceRequest and its like: resource_* = 1, scope_* = 2, items = 2, name of a metric = 1, of a span = 5, body of a log line = 5.
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

    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        collector.server = await LoopbackServer.StartAsync(0, null, app => app.Map("/{**path}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            if (context.Request.Headers.ContentEncoding == "gzip")
            {
                await using var unzipped = new GZipStream(context.Request.Body, CompressionMode.Decompress);
                await unzipped.CopyToAsync(body);
            }
            else
            {
                await context.Request.Body.CopyToAsync(body);
            }
            collector.received.Enqueue((context.Request.Path, body.ToArray()));
            return context.Request.Path.StartsWithSegments("/v1") ? Results.Bytes([], "application/x-protobuf")
                : Results.Json(new { itemsReceived = 1, itemsAccepted = 1, errors = Array.Empty<object>() });
        }));
        return collector;
    }

    public ValueTask DisposeAsync() => server!.DisposeAsync();

    private List<string> Named(string path, int[] fields) => [.. received.Where(r => r.Path == path).SelectMany(r => At(r.Body, fields)).Select(Encoding.UTF8.GetString)];

    /// <summary>The values of a field within fields, by number, in a protobuf message.</summary>
    private static IEnumerable<byte[]> At(byte[] message, ReadOnlyMemory<int> fields)
    {
        var found = new List<byte[]>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == fields.Span[0] && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited) found.Add(input.ReadBytes().ToByteArray());
            else input.SkipLastField();
        }
        return fields.Length == 1 ? found : found.SelectMany(f => At(f, fields[1..]));
    }
}

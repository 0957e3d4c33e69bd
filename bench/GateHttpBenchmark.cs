using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using IRFunctions.Agents;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Bench;

/// <summary>
/// The gate as callers reach it: `POST /api/identities/{id}/evaluate` on Kestrel, signed in, JSON both ways. The client shares the two
/// cores with the server, so it does as little as can be: ready-made bytes over raw keep-alive sockets, several requests under way on each
/// (pipelined) or one at a time.
/// </summary>
internal static class GateHttpBenchmark
{
    private const string Responder = "00000000-0000-4000-8000-0000000000b1";
    private const string Body = """{"endpoint":"GET /quotes","identityType":"ai_agent"}""";
    private const int Connections = 4;
    private const int UnderWay = 16;
    private const int Rounds = 3;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Report report, params int[] sizes)
    {
        var length = sizes.Length == 0 ? Length : TimeSpan.FromMilliseconds(50);
        if (sizes.Length == 0)
            sizes = [100, 10_000, 100_000];
        var options = new MachineOptions
        {
            Time = TimeProvider.System,
            PolicyFolder = Path.Combine(AppContext.BaseDirectory, "policies"),
            EditPolicy = GateBenchmark.PatientReflex,
        };
        await using var server = await LoopbackServer.StartAsync(
            0,
            builder => LocalMachine.Register(builder.Services, options),
            RunCommand.Map
        );
        await using var machine = await LocalMachine.CreateAsync(server.App.Services);
        var gate = machine.Services.GetRequiredService<Gate>();
        var requests = Enumerable
            .Range(0, sizes.Max())
            .Select(i =>
                Encoding.ASCII.GetBytes(
                    $"POST /api/identities/agent-{i}/evaluate HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Dev-User: "
                        + $"{Responder}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"
                )
            )
            .ToArray();
        for (var i = 0; i < requests.Length; i++)
            await gate.EvaluateAsync($"agent-{i}", new GateRequest("GET /quotes"), machine.Client);
        await LoadAsync(server.Address, requests.AsMemory(0, sizes[0]), UnderWay, length); // Compiles what is measured.

        var (most, single) = (new double[sizes.Length], sizes.Select(_ => new List<double>()).ToArray());
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < sizes.Length; i++)
            {
                most[i] = Math.Max(most[i], (await LoadAsync(server.Address, requests.AsMemory(0, sizes[i]), UnderWay, length)).PerSecond);
                single[i].AddRange((await LoadAsync(server.Address, requests.AsMemory(0, sizes[i]), 1, length)).Micros);
            }
        }
        for (var i = 0; i < sizes.Length; i++)
        {
            report.Add(
                "gate-http",
                Report.Text(
                    $"{sizes[i]:N0} identities, {Connections} connections with {UnderWay} requests under way on each: evaluations a "
                        + $"second, best of {Rounds} rounds"
                ),
                Report.Text($"{most[i]:N0}/s"),
                "20,000/s"
            );
            report.Add(
                "gate-http",
                Report.Text(
                    $"{sizes[i]:N0} identities, {Connections} connections with one request under way on each: median (p99) of an answer"
                ),
                Report.Text($"{Report.Percentile(single[i], 50) / 1000:0.00} ms ({Report.Percentile(single[i], 99) / 1000:0.00} ms)"),
                "median under 1 ms"
            );
        }
        report.Add(
            "gate-http",
            Report.Text($"speed with {sizes[^1]:N0} identities as a share of that with {sizes[0]:N0}"),
            Report.Text($"{most[^1] / most[0]:0.00}"),
            "flat"
        );
    }

    private static async Task<(double PerSecond, List<double> Micros)> LoadAsync(
        Uri address,
        ReadOnlyMemory<byte[]> requests,
        int underWay,
        TimeSpan length
    )
    {
        var watch = Stopwatch.StartNew();
        var connections = Enumerable
            .Range(0, Connections)
            .Select(c => Task.Run(() => ConnectionAsync(address, requests, c * requests.Length / Connections, underWay, watch, length)))
            .ToList();
        var done = await Task.WhenAll(connections);
        return (done.Sum(d => d.Count) / watch.Elapsed.TotalSeconds, [.. done.SelectMany(d => d.Micros)]);
    }

    /// <summary>Sends so many at once and reads as many answers, again and again.</summary>
    private static async Task<(long Count, List<double> Micros)> ConnectionAsync(
        Uri address,
        ReadOnlyMemory<byte[]> requests,
        int at,
        int underWay,
        Stopwatch watch,
        TimeSpan length
    )
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port);
        var (count, micros, sent, answers) = (0L, new List<double>(), new MemoryStream(), new AnswerReader(socket));
        while (watch.Elapsed < length)
        {
            sent.SetLength(0);
            for (var i = 0; i < underWay; i++)
                sent.Write(requests.Span[at = (at + 7_919) % requests.Length]);
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(sent.GetBuffer().AsMemory(0, (int)sent.Length));
            for (var i = 0; i < underWay; i++)
                await answers.ReadAsync();
            micros.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            count += underWay;
        }
        return (count, micros);
    }

    /// <summary>Finds where one answer ends and the next begins, and that each is a yes.</summary>
    private sealed class AnswerReader(Socket socket)
    {
        private static readonly byte[] Good = "HTTP/1.1 200"u8.ToArray();
        private static readonly byte[] Let = "\"Allow\""u8.ToArray();
        private static readonly byte[] Length = "Content-Length: "u8.ToArray();
        private readonly byte[] buffer = new byte[256 * 1024];
        private int start,
            end;

        public async ValueTask ReadAsync()
        {
            int size;
            while ((size = SizeOf(buffer.AsSpan(start, end - start))) < 0)
            {
                if (start > 0)
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                var read = await socket.ReceiveAsync(buffer.AsMemory(end));
                if (read == 0)
                    throw new InvalidOperationException("the server closed the connection");
                end += read;
            }
            var answer = buffer.AsSpan(start, size);
            if (!answer.StartsWith(Good) || answer.IndexOf(Let) < 0)
                throw new InvalidOperationException($"not an allow: {Encoding.UTF8.GetString(answer)}");
            start += size;
        }

        /// <summary>Bytes of the first whole answer; -1 where it is not whole yet. With a length, or in chunks.</summary>
        private static int SizeOf(ReadOnlySpan<byte> bytes)
        {
            var head = bytes.IndexOf("\r\n\r\n"u8);
            if (head < 0)
                return -1;
            var at = bytes[..head].IndexOf(Length);
            if (at >= 0)
            {
                _ = System.Buffers.Text.Utf8Parser.TryParse(bytes[(at + Length.Length)..], out int length, out _);
                return bytes.Length >= head + 4 + length ? head + 4 + length : -1;
            }
            var last = bytes[head..].IndexOf("\r\n0\r\n\r\n"u8);
            return last < 0 ? -1 : head + last + 7;
        }
    }
}

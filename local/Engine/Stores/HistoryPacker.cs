using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Compression;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// Packs histories. Those of one orchestrator are much alike, so what waits is packed as the continuation of a sample, which is kept once:
/// 46 KB of an incident take 1.7 KB instead of 6. .NET's Brotli takes no dictionary; compressing the sample before the history has the same
/// effect.
/// </summary>
internal sealed class HistoryPacker
{
    private const int Window = 18;

    /// <summary>Sample and history are to fit into the window.</summary>
    private const int LongestSample = 1 << 17;

    /// <summary>Characters and events of an ended history below which packing it costs more time than the memory is worth.</summary>
    private const int SmallPayload = 1024,
        SmallHistory = 32;

    /// <summary>For what nobody is expected to read.</summary>
    private const int Fastest = 0;

    /// <summary>The fastest level that looks for matches in what went before.</summary>
    private const int AfterSample = 2;
    private readonly ConcurrentDictionary<string, Sample> samples = new(StringComparer.Ordinal);

    /// <summary>An ended history that takes no more memory as it is than packed and described.</summary>
    public static bool IsSmall(List<IReadOnlyList<HistoryEvent>> steps)
    {
        var (events, payload) = (0, 0);
        foreach (var step in steps)
        {
            foreach (var e in step)
                payload += PayloadOf(e);
            events += step.Count;
            if (events > SmallHistory || payload > SmallPayload)
                return false;
        }
        return true;
    }

    /// <param name="waits">The run goes on some time, and there may be very many like it; otherwise it has ended.</param>
    public Packed Pack(string orchestrator, byte[] plain, bool waits)
    {
        var sample = waits ? samples.GetValueOrDefault(orchestrator) : null;
        // A longer sample says more of what others hold. What was packed with the shorter one keeps that.
        if (waits && plain.Length <= LongestSample && plain.Length > (sample?.Plain.Length ?? 0) * 3 / 2)
            samples[orchestrator] = sample = new Sample(plain, Compress(plain, AfterSample, null, isWhole: false));
        return new Packed(Compress(plain, waits ? AfterSample : Fastest, sample), plain.Length, sample);
    }

    public static byte[] Unpack(Packed packed)
    {
        var decoder = new BrotliDecoder();
        try
        {
            if (packed.After is { } sample)
                Decompress(ref decoder, sample.Head, sample.Plain.Length);
            return Decompress(ref decoder, packed.Bytes, packed.Length);
        }
        finally
        {
            decoder.Dispose();
        }
    }

    private static int PayloadOf(HistoryEvent e) =>
        e switch
        {
            OrchestratorStartedEvent or OrchestratorCompletedEvent or TimerCreatedEvent or TimerFiredEvent => 0,
            ExecutionStartedEvent x => x.Input?.Length ?? 0,
            TaskScheduledEvent x => x.Input?.Length ?? 0,
            TaskCompletedEvent x => x.Result?.Length ?? 0,
            ExecutionCompletedEvent { FailureDetails: null } x => x.Result?.Length ?? 0,
            SubOrchestrationInstanceCreatedEvent x => x.Input?.Length ?? 0,
            SubOrchestrationInstanceCompletedEvent x => x.Result?.Length ?? 0,
            EventRaisedEvent x => x.Input?.Length ?? 0,
            EventSentEvent x => x.Input?.Length ?? 0,
            // Failures, and what else is rare.
            _ => SmallPayload + 1,
        };

    /// <param name="isWhole">Otherwise more is to follow.</param>
    private static byte[] Compress(byte[] plain, int quality, Sample? after, bool isWhole = true)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(Math.Max(plain.Length, after?.Plain.Length ?? 0)));
        var encoder = new BrotliEncoder(quality, Window);
        try
        {
            if (after is not null)
                Write(ref encoder, after.Plain, buffer, isLast: false);
            return buffer[..Write(ref encoder, plain, buffer, isWhole)];
        }
        finally
        {
            encoder.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Write(ref BrotliEncoder encoder, byte[] plain, byte[] buffer, bool isLast)
    {
        var (status, flushed) = (encoder.Compress(plain, buffer, out _, out var written, isLast), 0);
        if (status == OperationStatus.Done && !isLast)
            status = encoder.Flush(buffer.AsSpan(written), out flushed);
        return status == OperationStatus.Done
            ? written + flushed
            : throw new InvalidDataException($"A history cannot be packed: {status}.");
    }

    private static byte[] Decompress(ref BrotliDecoder decoder, byte[] bytes, int length)
    {
        var plain = new byte[length];
        decoder.Decompress(bytes, plain, out _, out var written);
        return written == length ? plain : throw new InvalidDataException("A packed history is damaged.");
    }

    /// <param name="Head">What the compression of <paramref name="Plain"/> begins with, whatever follows.</param>
    internal sealed record Sample(byte[] Plain, byte[] Head);

    /// <param name="Length">Bytes of the history.</param>
    internal readonly record struct Packed(byte[] Bytes, int Length, Sample? After);
}

namespace IRFunctions.OperatorConsole;

/// <summary>
/// What many people look at at once is read once: a reading is shared for a moment, the longer the more it cost, so that a large list and
/// many open pages cannot keep the storage busy.
/// </summary>
/// <remarks>By the real clock, whatever the pipeline's says: it is about people at screens and requests to a service.</remarks>
internal sealed class Glance<T>(Func<CancellationToken, Task<T>> read) : IDisposable
    where T : class
{
    private const int Rest = 8; // A reading that took 100 ms is good for 800 ms.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

#pragma warning disable RS0030 // No orchestration and no decision depends on it.
    private static readonly TimeProvider Real = TimeProvider.System;
#pragma warning restore RS0030

    private readonly SemaphoreSlim gate = new(1);
    private T? last;
    private long readAt;
    private TimeSpan good;

    public async Task<T> ReadAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (last is { } known && Real.GetElapsedTime(readAt) < good)
                return known;
            var begun = Real.GetTimestamp();
            var now = await read(cancellation);
            var took = Real.GetElapsedTime(begun) * Rest;
            (last, readAt, good) = (
                now,
                Real.GetTimestamp(),
                took < Least ? Least
                : took > Most ? Most
                : took
            );
            return now;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}

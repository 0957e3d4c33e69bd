using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Recording;

/// <summary>
/// What this process knows by chain and would otherwise read again, bounded: where it is full it begins anew. Losing it costs a read, never
/// an entry.
/// </summary>
/// <remarks>
/// Counts for itself: asking a concurrent dictionary for its length takes all of its locks, and on the way of every append that was most of
/// the waiting.
/// </remarks>
/// <param name="most">How many chains are remembered at once.</param>
internal sealed class Remembered<T>(int most)
{
    private readonly ConcurrentDictionary<string, T> known = new(StringComparer.Ordinal);
    private int count;

    public bool TryGet(string chain, [MaybeNullWhen(false)] out T value) => known.TryGetValue(chain, out value);

    public void Set(string chain, T value)
    {
        if (!known.TryAdd(chain, value))
        {
            known[chain] = value;
            return;
        }
        if (Interlocked.Increment(ref count) <= most)
            return;
        // Writers that come between may be forgotten or counted twice: then it begins anew a little sooner.
        Interlocked.Exchange(ref count, 1);
        known.Clear();
        known[chain] = value;
    }

    public void Forget(string chain)
    {
        if (known.TryRemove(chain, out _))
            Interlocked.Decrement(ref count);
    }
}

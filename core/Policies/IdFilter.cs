using System.Numerics;
using System.Runtime.InteropServices;

namespace IRFunctions.Policies;

/// <summary>
/// Says of most ids that they are not registered, from one bit: with 100,000 registrations the tables no longer fit a processor's caches,
/// and nearly every question is about something that nobody registered. Never says so of an id that is; six bits an id or a little more, so
/// at most one of six others passes as well.
/// </summary>
internal sealed class IdFilter
{
    private const int BitsEach = 6;
    private const ulong NotAscii = 0xFF80_FF80_FF80_FF80;
    private const ulong LowerCase = 0x0020_0020_0020_0020;
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;
    private readonly ulong[] bits;
    private readonly int shift;

    /// <param name="ids">All that are registered; one that is not ASCII makes everything pass, since its cases are not a matter of one
    /// bit.</param>
    public IdFilter(IReadOnlyCollection<string> ids)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, ids.Count * BitsEach));
        bits = new ulong[size / 64];
        shift = 64 - BitOperations.TrailingZeroCount(size);
        foreach (var id in ids)
        {
            if (Place(id) is not { } place)
            {
                bits.AsSpan().Fill(ulong.MaxValue);
                return;
            }
            bits[place >> 6] |= 1UL << (place & 63);
        }
    }

    public bool MayHold(string id) => Place(id) is not { } place || (bits[place >> 6] & (1UL << (place & 63))) != 0;

    /// <summary>Null where the id is not ASCII. Ids that differ in case only have the same place.</summary>
    private int? Place(string id)
    {
        var words = MemoryMarshal.Cast<char, ulong>(id.AsSpan());
        var (mixed, seen) = ((ulong)id.Length * Odd, 0UL);
        foreach (var word in words)
        {
            seen |= word;
            mixed = BitOperations.RotateLeft((mixed ^ (word | LowerCase)) * Odd, 29);
        }
        foreach (var letter in id.AsSpan(words.Length * 4))
        {
            seen |= letter;
            mixed = BitOperations.RotateLeft((mixed ^ (letter | 0x20UL)) * Odd, 29);
        }
        return (seen & NotAscii) != 0 ? null : (int)((mixed * Odd) >> shift);
    }
}

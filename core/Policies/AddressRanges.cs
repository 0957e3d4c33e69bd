using System.Net;
using System.Net.Sockets;

namespace IRFunctions.Policies;

/// <summary>
/// Things registered by address range. One hash set per prefix length, so that a lookup costs one probe for each length in use, however
/// many ranges there are; and none for an IPv4 address whose /16 holds nothing, as for most. IPv4 lives in its IPv4-mapped IPv6 form, so
/// that ::ffff:10.0.0.1 cannot slip past 10.0.0.0/8.
/// </summary>
internal sealed class AddressRanges<T>
    where T : class
{
    private readonly (int Length, Dictionary<UInt128, T[]> Prefixes)[] _byLength;

    /// <summary>One bit for each IPv4 /16: whether any range lies in it or around it.</summary>
    private readonly ulong[] _inhabited = new ulong[(1 << 16) / 64];

    public AddressRanges(IReadOnlyCollection<(AddressRange Range, T Value)> ranges)
    {
        foreach (var (range, _) in ranges)
            Inhabit(range);
        _byLength =
        [
            .. ranges
                .GroupBy(item => item.Range.Length)
                .OrderByDescending(group => group.Key)
                .Select(group =>
                    (
                        group.Key,
                        group
                            .GroupBy(item => item.Range.Prefix)
                            .ToDictionary(same => same.Key, same => same.Select(item => item.Value).ToArray())
                    )
                ),
        ];
    }

    /// <summary>Adds what contains the address to <paramref name="found"/>, narrowest range first.</summary>
    public void Find(UInt128 address, ref List<T>? found)
    {
        if (AddressRange.IsMapped(address) && (_inhabited[(uint)address >> 22] & (1UL << (int)(((uint)address >> 16) & 63))) == 0)
            return;
        foreach (var (length, prefixes) in _byLength)
            if (prefixes.TryGetValue(AddressRange.Mask(address, length), out var values))
                (found ??= []).AddRange(values);
    }

    private void Inhabit(AddressRange range)
    {
        var (first, count) =
            AddressRange.IsMapped(range.Prefix) && range.Length >= AddressRange.MappedOffset
                ? ((int)((uint)range.Prefix >> 16), 1 << Math.Max(0, AddressRange.MappedOffset + 16 - range.Length))
                : (
                    0,
                    range.Length < AddressRange.MappedOffset && AddressRange.Mask((UInt128)0xffff << 32, range.Length) == range.Prefix
                        ? 1 << 16
                        : 0
                );
        for (var block = first; block < first + count; block++)
            _inhabited[block >> 6] |= 1UL << (block & 63);
    }
}

/// <summary>An address range; lengths count in IPv6 terms (an IPv4 /8 is 104).</summary>
internal readonly record struct AddressRange(UInt128 Prefix, int Length)
{
    /// <summary>Bits before those of an IPv4 address in IPv6 form.</summary>
    public const int MappedOffset = 96;

    /// <summary>The address as a number in IPv6 form; null where the text is no address.</summary>
    public static UInt128? Number(string address)
    {
        if (!IPAddress.TryParse(address, out var parsed) || parsed.ScopeIdOrZero() != 0)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        if (parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            parsed.TryWriteBytes(bytes[12..], out _);
            bytes[10] = bytes[11] = 0xff;
        }
        else
        {
            parsed.TryWriteBytes(bytes, out _);
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Reads "10.0.0.0/8" or "2001:db8::/32"; null where it is neither, or where bits are set behind the prefix.</summary>
    public static AddressRange? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || Number(text[..slash]) is not { } number)
            return null;
        var isV4 = !text.Contains(':', StringComparison.Ordinal);
        if (
            !int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out var length)
            || length > (isV4 ? 32 : 128)
        )
            return null;
        if (isV4)
            length += MappedOffset;
        return Mask(number, length) == number ? new AddressRange(number, length) : null;
    }

    /// <summary>The range that contains an address, in the form people write it.</summary>
    public static string Canonical(string address, int length)
    {
        var isV4 = !address.Contains(':', StringComparison.Ordinal);
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(
            bytes,
            Mask(Number(address)!.Value, isV4 ? length + MappedOffset : length)
        );
        return $"{new IPAddress(isV4 ? bytes[12..] : bytes)}/{length}";
    }

    /// <summary>Whether it is an IPv4 address in IPv6 form.</summary>
    public static bool IsMapped(UInt128 address) => address >> 32 == 0xffff;

    public static UInt128 Mask(UInt128 address, int length) => length == 0 ? UInt128.Zero : address & (UInt128.MaxValue << (128 - length));
}

file static class Scope
{
    public static long ScopeIdOrZero(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}

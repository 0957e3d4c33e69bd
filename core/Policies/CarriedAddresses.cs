using System.Net;

namespace IRFunctions.Policies;

/// <summary>
/// IPv4 addresses that stand inside IPv6 ones: blocking or watching one is blocking or watching the other. Numbers are those of <see
/// cref="AddressRange"/>, IPv4 in its mapped form.
/// </summary>
internal static class CarriedAddresses
{
    /// <summary>Every IPv4 address that this one could carry; none for IPv4 itself.</summary>
    public static IEnumerable<UInt128> Of(UInt128 address)
    {
        if (AddressRange.IsMapped(address))
            yield break;
        var high = (ulong)(address >> 64);
        var low = (uint)address;
        if (address >> 32 == 0 && low > 1)
            yield return Mapped(low); // ::a.b.c.d, IPv4-compatible (RFC 4291 2.5.5.1)
        if (address >> 32 == (UInt128)0xffff_0000)
            yield return Mapped(low); // ::ffff:0:a.b.c.d, IPv4-translated (RFC 2765)
        if (high >> 48 == 0x2002)
            yield return Mapped((uint)(high >> 16)); // 6to4 (RFC 3056)
        if (address >> 32 == (UInt128)0x0064_ff9b_0000_0000 << 32)
            yield return Mapped(low); // NAT64, well-known prefix (RFC 6052)
        if (high >> 16 == 0x0064_ff9b_0001)
        {
            // NAT64, local-use prefix (RFC 8215): how long the operator's prefix is inside it nobody can see (RFC 6052 2.2).
            yield return Mapped(low); // /96
            yield return Mapped((uint)(high << 16) | (uint)((ulong)address >> 40 & 0xffff)); // /48
            yield return Mapped((uint)((high & 0xff) << 24) | (uint)((ulong)address >> 32 & 0xffffff)); // /56
            yield return Mapped((uint)((ulong)address >> 24)); // /64
        }
        if (high >> 32 == 0x2001_0000)
        {
            yield return Mapped((uint)high); // Teredo: its server (RFC 4380)
            yield return Mapped(~low); // and the client, whose bits are inverted
        }
        if (((ulong)address >> 32 & 0xfdff_ffff) == 0x0000_5efe)
            yield return Mapped(low); // ISATAP (RFC 5214)
    }

    /// <summary>Why an address belongs to no machine that could be contained; null where it may.</summary>
    public static string? WhyNobodys(string text)
    {
        if (AddressRange.Number(text) is not { } number)
            return null;
        return Why(number) ?? Of(number).Select(Why).FirstOrDefault(why => why is not null);
    }

    private static string? Why(UInt128 number)
    {
        if (AddressRange.IsMapped(number))
        {
            var first = (byte)(number >> 24);
            return first switch
            {
                0 => "it is in 0.0.0.0/8, which means \"this network\"",
                127 => "it is a loopback address, which means the machine itself",
                169 when (byte)(number >> 16) == 254 => "it is link-local: it means another machine in every network",
                >= 224 and < 240 => "it is a multicast address",
                >= 240 => "it is in 240.0.0.0/4, which belongs to nobody",
                _ => null,
            };
        }
        var address = new IPAddress(BytesOf(number));
        return number == 0 ? "it is the unspecified address"
            : number == 1 ? "it is the loopback address, which means the machine itself"
            : address.IsIPv6LinkLocal ? "it is link-local: it means another machine in every network"
            : address.IsIPv6Multicast ? "it is a multicast address"
            : null;
    }

    private static byte[] BytesOf(UInt128 number)
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return bytes;
    }

    private static UInt128 Mapped(uint address) => ((UInt128)0xffff << 32) | address;
}

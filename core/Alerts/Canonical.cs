using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace IRFunctions.Alerts;

/// <summary>One way to write each value that may become a target (S4), and a refusal for everything that is only nearly one.</summary>
internal static class Canonical
{
    /// <summary>
    /// A GUID in lower case with hyphens; null for anything else and for the all-zero GUID, which sources write for "none".
    /// </summary>
    public static string? Guid(string? text) =>
        System.Guid.TryParseExact(text?.Trim(), "D", out var guid) && guid != System.Guid.Empty ? guid.ToString("D") : null;

    /// <summary>An id as written, except that GUIDs become lower case.</summary>
    public static string Identifier(string text) => Guid(text) ?? text.Trim();

    /// <summary>
    /// An address in the form of RFC 5952, IPv4-mapped IPv6 as IPv4; null for everything else: short forms ("10.1"), leading zeros (octal
    /// to some readers), ranges, ports, zones. IPAddress.Parse alone accepts several of those and reads them differently from other
    /// programs.
    /// </summary>
    public static string? Address(string? text)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text) || text.Length > 45)
            return null;
        if (!text.Contains(':', StringComparison.Ordinal))
            return IsPlainIPv4(text) ? text : null;
        var embedded = text.LastIndexOf(':') + 1;
        if (text.AsSpan().IndexOfAny("[]%/") >= 0 || (text.Contains('.', StringComparison.Ordinal) && !IsPlainIPv4(text.AsSpan(embedded))))
            return null;
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static bool IsPlainIPv4(ReadOnlySpan<char> text)
    {
        var octets = 0;
        foreach (var range in text.Split('.'))
        {
            var octet = text[range];
            octets++;
            if (octet.Length is < 1 or > 3 || octet.IndexOfAnyExceptInRange('0', '9') >= 0 || (octet.Length > 1 && octet[0] == '0'))
                return false;
            if (int.Parse(octet, CultureInfo.InvariantCulture) > 255)
                return false;
        }
        return octets == 4;
    }

    /// <summary>Defender for Endpoint machine id: 40 hex digits, lower case.</summary>
    public static string? DefenderDeviceId(string? text) => Hex(text, 40);

    /// <summary>A hash of <paramref name="digits"/> hex digits in lower case; null for anything else.</summary>
    public static string? Hex(string? text, int digits) =>
        text?.Trim() is { } hex && hex.Length == digits && hex.All(char.IsAsciiHexDigit) ? hex.ToLowerInvariant() : null;

    /// <summary>An Azure resource id as written (Azure compares them without case); null for anything that is not a path of one.</summary>
    public static string? ResourceId(string? text) =>
        text?.Trim() is { } id
        && id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
        && id.Length <= 1024
        && id.All(c => c is > ' ' and < '\x7f' || c > '\xA0' && char.IsLetterOrDigit(c) || c == ' ')
        && !id.Contains("/../", StringComparison.Ordinal)
            ? id
            : null;

    /// <summary>The subscription of an Azure resource id, lower case.</summary>
    public static string? Subscription(string? resourceId) =>
        ResourceId(resourceId)?.Split('/') is [_, _, { Length: > 0 } subscription, ..] ? subscription.ToLowerInvariant() : null;

    /// <summary>The last segment of a path.</summary>
    public static string? LastSegment(string? path) =>
        path?.TrimEnd('/') is { Length: > 0 } whole ? whole[(whole.LastIndexOf('/') + 1)..] : null;

    /// <summary>The tenant that Microsoft's portals write into their links (?tid=GUID).</summary>
    public static string? TenantOfLink(string? link)
    {
        var at = link?.IndexOf("tid=", StringComparison.OrdinalIgnoreCase) ?? -1;
        return at > 0 && link![at - 1] is '?' or '&' && link.Length >= at + 40 ? Guid(link.Substring(at + 4, 36)) : null;
    }

    /// <inheritdoc cref="TimeForms.Read"/>
    public static DateTimeOffset? Time(string? text) => TimeForms.Read(text);

    /// <summary>
    /// The Entra object id that a cloud SID (S-1-12-1-a-b-c-d) writes as four numbers of 32 bits; null for every other SID.
    /// </summary>
    public static string? ObjectIdOfSid(string? sid)
    {
        const string cloud = "S-1-12-1-";
        if (sid?.StartsWith(cloud, StringComparison.OrdinalIgnoreCase) != true || sid[cloud.Length..].Split('-') is not { Length: 4 } parts)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        for (var i = 0; i < 4; i++)
        {
            if (!uint.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes[(4 * i)..], number);
        }
        return Guid(new System.Guid(bytes).ToString("D"));
    }
}

using System.Net;

namespace IRFunctions.Connections;

/// <summary>Addresses that secrets and tokens may be sent to.</summary>
internal static class SafeAddress
{
    /// <summary>
    /// Whether our own token or a metadata address may travel to this place: https, or http that never leaves the machine.
    /// </summary>
    public static bool Is(Uri address) =>
        address.IsAbsoluteUri
        && (
            address.Scheme == Uri.UriSchemeHttps
            || (
                address.Scheme == Uri.UriSchemeHttp
                && (
                    address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip))
                )
            )
        );
}

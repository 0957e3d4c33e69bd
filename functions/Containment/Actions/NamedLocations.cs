using System.Net;
using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Containment.Actions;

/// <summary>Addresses in Conditional Access named locations. Reads and writes a location's list as a whole, as Graph does.</summary>
public sealed class NamedLocations(GraphServiceClient graph, GrantedPermissions granted)
{
    /// <remarks>Least privilege for writing, by the reference of ipNamedLocation update.</remarks>
    public const string Permission = "Policy.ReadWrite.ConditionalAccess and Policy.Read.All";

    private const int MostRanges = 2_000; // Graph's own limit of one named location.
    private static readonly string[] Enough = ["Policy.ReadWrite.ConditionalAccess"];

    public Task<string> ProbeAsync(CancellationToken cancellation) =>
        granted.ProbeAsync("taking the address off the named location again", Enough, cancellation);

    /// <summary>Name of a trusted location that the address lies in; null for none.</summary>
    public async Task<string?> TrustedAroundAsync(IPAddress address, CancellationToken cancellation)
    {
        var all = await Faults.CallGraphAsync(
            "reading the named locations",
            Permission,
            () => graph.Identity.ConditionalAccess.NamedLocations.GetAsync(r => r.QueryParameters.Top = 999, cancellation)
        );
        return (all?.Value ?? [])
            .OfType<IpNamedLocation>()
            .FirstOrDefault(l =>
                l.IsTrusted == true
                && (l.IpRanges ?? []).Any(r => IPNetwork.TryParse(CidrOf(r), out var network) && network.Contains(address))
            )
            ?.DisplayName;
    }

    public async Task<bool> HoldsAsync(string location, string address, CancellationToken cancellation) =>
        (await ReadAsync(location, cancellation)).Any(r => CidrOf(r) == Cidr(address));

    public async Task AddAsync(string location, string address, CancellationToken cancellation)
    {
        var ranges = await ReadAsync(location, cancellation);
        if (ranges.Any(r => CidrOf(r) == Cidr(address)))
            return;
        if (ranges.Count >= MostRanges)
            throw new PermanentFaultException($"the named location holds {ranges.Count} ranges, which is all it can; take old ones out");
        await WriteAsync(location, [.. ranges, RangeOf(address)], cancellation);
    }

    /// <summary>False where it was not there.</summary>
    public async Task<bool> RemoveAsync(string location, string address, CancellationToken cancellation)
    {
        var ranges = await ReadAsync(location, cancellation);
        var rest = ranges.Where(r => CidrOf(r) != Cidr(address)).ToList();
        if (rest.Count == ranges.Count)
            return false;
        if (rest.Count == 0)
            throw new PermanentFaultException(
                "a named location cannot be empty: put a range nobody uses (192.0.2.255/32) into it, then this undo goes on"
            );
        await WriteAsync(location, rest, cancellation);
        return true;
    }

    private async Task<List<IpRange>> ReadAsync(string location, CancellationToken cancellation)
    {
        var found = await Faults.CallGraphAsync(
            $"reading the named location {location}",
            Permission,
            () => graph.Identity.ConditionalAccess.NamedLocations[location].GetAsync(cancellationToken: cancellation)
        );
        return (found as IpNamedLocation)?.IpRanges
            ?? throw new PermanentFaultException($"the named location {location} is not one of addresses; check Firewall__NamedLocation");
    }

    private Task<NamedLocation?> WriteAsync(string location, List<IpRange> ranges, CancellationToken cancellation) =>
        Faults.CallGraphAsync(
            $"changing the named location {location}",
            Permission,
            () =>
                graph
                    .Identity.ConditionalAccess.NamedLocations[location]
                    .PatchAsync(new IpNamedLocation { IpRanges = ranges }, cancellationToken: cancellation)
        );

    private static IpRange RangeOf(string address) =>
        address.Contains(':', StringComparison.Ordinal)
            ? new IPv6CidrRange { OdataType = "#microsoft.graph.iPv6CidrRange", CidrAddress = Cidr(address) }
            : new IPv4CidrRange { OdataType = "#microsoft.graph.iPv4CidrRange", CidrAddress = Cidr(address) };

    private static string Cidr(string address) => address.Contains(':', StringComparison.Ordinal) ? $"{address}/128" : $"{address}/32";

    private static string CidrOf(IpRange range) =>
        range switch
        {
            IPv4CidrRange four => four.CidrAddress ?? "",
            IPv6CidrRange six => six.CidrAddress ?? "",
            _ => "",
        };
}

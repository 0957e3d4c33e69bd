using System.Buffers;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Policies;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Directory;

/// <summary>
/// Finds hosts by Defender machine id, Entra device id, Azure resource id, full or short name: in Defender's inventory, whose record of a
/// device joins them all, and in Entra, which knows whose device it is.
/// </summary>
public sealed class DirectoryHosts(GraphServiceClient graph, Hunting hunting)
{
    /// <summary>Least privilege for reading devices and their registered owners.</summary>
    public const string Permission = "Device.Read.All";

    private static readonly string[] Fields = ["id", "deviceId", "displayName"];

    /// <summary>What may stand in a query: no quote, no backslash, no line break.</summary>
    private static readonly SearchValues<char> Harmless = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/()"
    );

    /// <exception cref="PermanentFaultException">The directory cannot be asked.</exception>
    /// <exception cref="TransientFaultException">It cannot be asked now.</exception>
    public async Task<DirectoryIdentity> FindAsync(HostEntity host, CancellationToken cancellation)
    {
        var name = NameOf(host);
        var known = host.DefenderDeviceId ?? host.EntraDeviceId ?? name;
        if (Criterion(host, name) is not { } wanted)
            return DirectoryIdentity.Unresolved(known, "the alert names it by nothing that could be looked up");
        var machines = await hunting.DevicesAsync(wanted.Column, wanted.Value, cancellation);
        if (machines.Count > 1)
            return DirectoryIdentity.Unresolved(known, $"{machines.Count} devices in Defender's inventory have this name");
        if (machines is [var machine])
            return await DescribeAsync(machine, cancellation);
        return host.EntraDeviceId is { } entra && await DeviceAsync(entra, cancellation) is { } device
            ? Describe(entra, device, [])
            : DirectoryIdentity.Unresolved(known, "no such device is found in Defender's inventory");
    }

    /// <summary>The strongest of what the alert says: an id before a name.</summary>
    private static (DeviceColumn Column, string Value)? Criterion(HostEntity host, string? name) =>
        host switch
        {
            { DefenderDeviceId: { } id } => (DeviceColumn.DeviceId, id),
            { EntraDeviceId: { } id } => (DeviceColumn.AadDeviceId, id),
            { AzureResourceId: { Length: <= 500 } id } when !id.AsSpan().ContainsAnyExcept(Harmless) => (DeviceColumn.AzureResourceId, id),
            _ when name is { Length: > 0 and <= 255 } && !name.AsSpan().ContainsAnyExcept(Harmless) => (DeviceColumn.DeviceName, name),
            _ => null,
        };

    private static string? NameOf(HostEntity host) =>
        host.HostName is not { Length: > 0 } name ? null
        : host.DnsDomain is { Length: > 0 } domain ? HostNames.Plain($"{HostNames.Plain(name)}.{domain}")
        : HostNames.Plain(name);

    private async Task<DirectoryIdentity> DescribeAsync(KnownDevice machine, CancellationToken cancellation)
    {
        string?[] names = [machine.DeviceId, machine.Name, machine.EntraDeviceId, machine.AzureResourceId];
        if (machine.EntraDeviceId is { Length: > 0 } entra && await DeviceAsync(entra, cancellation) is { } device)
            return Describe(machine.DeviceId, device, names) with { Name = machine.Name ?? machine.DeviceId };
        return new DirectoryIdentity(machine.DeviceId, machine.Name ?? machine.DeviceId) { Names = Clean(names) };
    }

    private static DirectoryIdentity Describe(string id, Device device, string?[] names) =>
        new(id, device.DisplayName ?? id)
        {
            Names = Clean([.. names, device.Id, device.DeviceId, device.DisplayName]),
            People = [.. (device.RegisteredOwners ?? []).Select(o => o.Id).OfType<string>()],
        };

    private async Task<Device?> DeviceAsync(string deviceId, CancellationToken cancellation) =>
        Guid.TryParseExact(deviceId, "D", out _)
            ? (
                await Faults.CallGraphAsync(
                    $"reading device {deviceId}",
                    Permission,
                    () =>
                        graph.Devices.GetAsync(
                            r =>
                            {
                                r.QueryParameters.Filter = $"deviceId eq '{deviceId}'";
                                r.QueryParameters.Select = Fields;
                                r.QueryParameters.Expand = ["registeredOwners($select=id)"];
                            },
                            cancellation
                        )
                )
            )?.Value?.FirstOrDefault()
            : null;

    private static string[] Clean(IEnumerable<string?> names) =>
        [.. names.OfType<string>().Where(n => n.Length > 0).Select(HostNames.Plain).Distinct(StringComparer.OrdinalIgnoreCase)];
}

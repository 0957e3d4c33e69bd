namespace IRFunctions.Alerts;

/// <summary>Machines, addresses and resources.</summary>
internal static class Devices
{
    public static List<Entity> Host(Fields fields, References references)
    {
        fields.Include("additionalData");
        var full = fields.Line("deviceDnsName", "computerDnsName", "fqdn", "deviceFqdn", "dnsName");
        var written =
            fields.Line("hostName", "deviceName", "computerName", "machineName") ?? full ?? fields.Line("netBiosName", "computer");
        var (name, domain) = HostParts(written);
        var machine = fields.Open("vmMetadata");
        var host = new HostEntity
        {
            Id = "",
            HostName = name,
            DnsDomain = fields.Line("dnsDomain", "hostDnsDomain") ?? domain ?? HostParts(full).Domain,
            DefenderDeviceId = fields.Valid(
                Canonical.DefenderDeviceId,
                "mdeDeviceId",
                "mdatpDeviceId",
                "machineId",
                "deviceId",
                "senseMachineId",
                "defenderDeviceId"
            ),
            EntraDeviceId = fields.ObjectId("azureAdDeviceId", "aadDeviceId", "entraDeviceId"),
            AzureResourceId =
                fields.Valid(Canonical.ResourceId, "azureID", "azureResourceId", "resourceId", "vmResourceId")
                ?? machine?.Valid(Canonical.ResourceId, "resourceId"),
            OsPlatform = fields.Line("osPlatform", "osFamily", "os"),
            TenantId = fields.Valid(Canonical.Guid, "tenantId", "aadTenantId"),
        };
        // The device's own addresses (ipInterfaces, lastIpAddress) stay in Extra on purpose: an entity can be blocked, and that would be
        // us.
        fields.Skip("netBiosName", "friendlyName", "fqdn");
        var display = host.HostName is null ? null : HostDisplay(host);
        display ??= Canonical.LastSegment(host.AzureResourceId) ?? host.DefenderDeviceId ?? host.EntraDeviceId;
        return display is null ? [] : [host with { Display = display }];
    }

    private static string HostDisplay(HostEntity host) => host.DnsDomain is null ? host.HostName! : $"{host.HostName}.{host.DnsDomain}";

    /// <summary>
    /// "pc7.contoso.example" is pc7 in contoso.example, "pc7$" its account, "CONTOSO\\pc7" its short name in a domain of Windows; an
    /// address in place of a name is kept whole.
    /// </summary>
    internal static (string? Name, string? Domain) HostParts(string? written)
    {
        var name = written?.Trim().TrimEnd('.');
        if (string.IsNullOrEmpty(name))
            return (null, null);
        name = name[(name.LastIndexOf('\\') + 1)..].TrimEnd('$');
        if (name.Length == 0 || Canonical.Address(name) is not null || name.Contains(' ', StringComparison.Ordinal))
            return (written, null);
        return name.Split('.', 2) is [{ Length: > 0 } label, { Length: > 0 } domain] ? (label, domain) : (name, null);
    }

    public static IpEntity IpOf(string address) =>
        new()
        {
            Id = "",
            Address = address,
            Display = address,
        };

    public static List<Entity> Ip(Fields fields, References references)
    {
        fields.Skip("friendlyName");
        return fields.Valid(Canonical.Address, "ipAddress", "address", "ip", "remoteIP", "sourceIp") is { } address ? [IpOf(address)] : [];
    }

    public static List<Entity> AzureResource(Fields fields, References references)
    {
        if (fields.Valid(Canonical.ResourceId, "resourceId", "azureResourceId", "azureID", "armId", "resourceUri", "id") is not { } id)
            return [];
        var name = fields.Line("resourceName", "friendlyName") ?? Canonical.LastSegment(id)!;
        return
        [
            new AzureResourceEntity
            {
                Id = "",
                ResourceId = id,
                Display = name,
            },
        ];
    }
}

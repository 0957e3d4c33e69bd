namespace IRFunctions.Alerts;

/// <summary>Machines, addresses, resources and what ran on them.</summary>
internal static class Devices
{
    public static List<Entity> Host(Fields fields, References references)
    {
        var dnsName = fields.Line("deviceDnsName", "computerDnsName", "fqdn");
        var name = fields.Line("hostName", "netBiosName", "deviceName") ?? dnsName?.Split('.', 2)[0];
        var machine = fields.Open("vmMetadata");
        var host = new HostEntity
        {
            Id = "",
            HostName = name,
            DnsDomain = fields.Line("dnsDomain") ?? (dnsName?.Split('.', 2) is [_, var domain] ? domain : null),
            DefenderDeviceId = fields.Valid(Canonical.DefenderDeviceId, "mdeDeviceId", "mdatpDeviceId", "machineId", "deviceId"),
            EntraDeviceId = fields.ObjectId("azureAdDeviceId", "aadDeviceId", "entraDeviceId"),
            AzureResourceId =
                fields.Valid(Canonical.ResourceId, "azureID", "azureResourceId", "resourceId")
                ?? machine?.Valid(Canonical.ResourceId, "resourceId"),
            OsPlatform = fields.Line("osPlatform", "osFamily"),
        };
        // The device's own addresses (ipInterfaces, lastIpAddress) stay in Extra on purpose: an entity can be blocked, and that would be
        // us.
        fields.Skip("netBiosName", "friendlyName");
        var display =
            name is null ? null
            : host.DnsDomain is null ? name
            : $"{name}.{host.DnsDomain}";
        display ??= Canonical.LastSegment(host.AzureResourceId) ?? host.DefenderDeviceId ?? host.EntraDeviceId;
        return display is null ? [] : [host with { Display = display }];
    }

    public static List<Entity> Ip(Fields fields, References references)
    {
        fields.Skip("friendlyName");
        return fields.Valid(Canonical.Address, "ipAddress", "address") is { } address
            ?
            [
                new IpEntity
                {
                    Id = "",
                    Address = address,
                    Display = address,
                },
            ]
            : [];
    }

    public static List<Entity> AzureResource(Fields fields, References references)
    {
        if (fields.Valid(Canonical.ResourceId, "resourceId", "azureResourceId") is not { } id)
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

    public static List<Entity> Process(Fields fields, References references)
    {
        var image =
            references.Follow(fields, "imageFile", "imageFileEntityId") is { } file
                ? References.Text(file, "fileName") ?? References.Text(file, "name")
            : fields.Peek("fileName")?.ToString() is { Length: > 0 } flat ? SafeText.Line(flat, AlertLimits.MaxName, out _)
            : null;
        var process = new ProcessEntity
        {
            Id = "",
            CommandLine = fields.LongLine("processCommandLine", "commandLine"),
            ProcessId = fields.Line("processId"),
            ImageName = image,
        };
        if (process is { CommandLine: null, ProcessId: null, ImageName: null })
            return [];
        var display = process.ImageName ?? process.CommandLine ?? "process";
        List<Entity> made = [process with { Display = process.ProcessId is null ? display : $"{display} ({process.ProcessId})" }];
        // The older APIs write the image file flat into the process.
        if (fields.HasScalar("fileName") || fields.HasScalar("sha256"))
            made.AddRange(File(fields, references));
        return made;
    }

    public static List<Entity> File(Fields outer, References references)
    {
        var fields = outer.Open("fileDetails") ?? outer;
        var (sha256, sha1) = Hashes(fields);
        var file = new FileEntity
        {
            Id = "",
            Name = fields.Line("fileName", "name"),
            Path = fields.LongLine("filePath", "directory", "folderPath"),
            Sha256 = fields.Valid(Sha256, "sha256") ?? sha256,
            Sha1 = fields.Valid(Sha1, "sha1") ?? sha1,
        };
        fields.Skip("friendlyName");
        var display = file.Name ?? file.Path ?? file.Sha256 ?? file.Sha1;
        return display is null ? [] : [file with { Display = display }];
    }

    /// <summary>Sentinel writes hashes as entities: on their own, or in a list inside the file.</summary>
    private static (string? Sha256, string? Sha1) Hashes(Fields fields)
    {
        string? sha256 = fields.Valid(Sha256, "hashValue"),
            sha1 = fields.Valid(Sha1, "hashValue");
        if (fields.List("fileHashes") is not { } list)
            return (sha256, sha1);
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != System.Text.Json.JsonValueKind.Object)
                continue;
            var value = References.Text(item, "value") ?? References.Text(item, "hashValue");
            (sha256, sha1) = (sha256 ?? Sha256(value), sha1 ?? Sha1(value));
        }
        return (sha256, sha1);
    }

    private static string? Sha256(string? text) => Canonical.Hex(text, 64);

    private static string? Sha1(string? text) => Canonical.Hex(text, 40);

    public static List<Entity> Registry(Fields fields, References references)
    {
        // A Sentinel registry value refers to its key; Graph writes both into one.
        var parent = references.Follow(fields, "key", "keyEntityId");
        var hive = fields.Line("registryHive", "hive") ?? (parent is { } up ? References.Text(up, "hive") : null);
        var key = fields.Line("registryKey", "key") ?? (parent is { } above ? References.Text(above, "key") : null);
        var name = fields.Line("registryValueName", "valueName", "name");
        var data = fields.LongLine("registryValue", "valueData", "value");
        if (key is null && name is null)
            return [];
        var path = hive is null || key?.StartsWith(hive, StringComparison.OrdinalIgnoreCase) == true ? key : $"{hive}\\{key}";
        var value =
            name is null ? data
            : data is null ? name
            : $"{name} = {data}";
        return
        [
            new RegistryEntity
            {
                Id = "",
                Key = path,
                Value = value,
                Display = name is null ? path! : $"{path}\\{name}",
            },
        ];
    }
}

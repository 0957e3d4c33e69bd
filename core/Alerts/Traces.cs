using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>What ran on machines and what it left: processes, files, registry.</summary>
internal static class Traces
{
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
            ProcessId = fields.Line("processId", "pid"),
            ImageName = image ?? fields.Line("imageName", "processName", "name"),
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
            Path = fields.LongLine("filePath", "directory", "folderPath", "path"),
            Sha256 = fields.Valid(Sha256, "sha256", "fileHashSha256") ?? sha256,
            Sha1 = fields.Valid(Sha1, "sha1", "fileHashSha1") ?? sha1,
        };
        fields.Skip("friendlyName");
        var display = file.Name ?? file.Path ?? file.Sha256 ?? file.Sha1 ?? Md5(fields);
        return display is null ? [] : [file with { Display = display }];
    }

    /// <summary>Sentinel writes hashes as entities: on their own, or in a list inside the file.</summary>
    private static (string? Sha256, string? Sha1) Hashes(Fields fields)
    {
        string? sha256 = fields.Valid(Sha256, "hashValue", "value"),
            sha1 = fields.Valid(Sha1, "hashValue", "value");
        // One or several, under both names; references to hashes elsewhere in the list are read there.
        if ((fields.List("fileHashes") ?? fields.List("fileHash") ?? fields.List("hashes")) is not { } list)
            return (sha256, sha1);
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
                continue;
            var value = References.Text(item, "value") ?? References.Text(item, "hashValue");
            (sha256, sha1) = (sha256 ?? Sha256(value), sha1 ?? Sha1(value));
        }
        return (sha256, sha1);
    }

    /// <summary>Shown where there is nothing better; the field itself stays in Extra, since no action takes it.</summary>
    private static string? Md5(Fields fields)
    {
        foreach (var name in (ReadOnlySpan<string>)["md5", "value", "hashValue"])
        {
            if (fields.Peek(name) is { ValueKind: JsonValueKind.String } value && Canonical.Hex(value.GetString(), 32) is { } md5)
                return md5;
        }
        return null;
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

using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace IRFunctions.OperatorConsole;

/// <summary>A script, style or drawing of the console, as it is in the assembly.</summary>
/// <param name="Tag">Its ETag: browsers keep it and ask whether it still is the same.</param>
internal sealed record ConsoleFile(string Type, byte[] Content, string Tag);

/// <summary>What the pages load, all of it from here: nothing comes from elsewhere.</summary>
internal static class ConsoleFiles
{
    private const string Prefix = "console/";

    private static readonly Lazy<FrozenDictionary<string, ConsoleFile>> Files = new(Load);

    public static ConsoleFile? Find(string name) => Files.Value.GetValueOrDefault(name);

    private static FrozenDictionary<string, ConsoleFile> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly
            .GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(n => n[Prefix.Length..], n => Read(assembly, n), StringComparer.Ordinal);
    }

    private static ConsoleFile Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        var bytes = buffer.ToArray();
        var type = Path.GetExtension(name) switch
        {
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        return new ConsoleFile(type, bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..20]}\"");
    }
}

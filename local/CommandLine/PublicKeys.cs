using System.Security.Cryptography;

namespace IRFunctions.Local.CommandLine;

/// <summary>Public keys as people keep them.</summary>
internal static class PublicKeys
{
    /// <summary>The key of a PEM file, as SubjectPublicKeyInfo.</summary>
    /// <exception cref="FormatException">It is no key in PEM form.</exception>
    public static byte[] Read(string path)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"{path} is no key in PEM form: {e.Message}", e);
        }
        return key.ExportSubjectPublicKeyInfo();
    }
}

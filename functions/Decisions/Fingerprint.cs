using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Decisions;

/// <summary>Short derived ids: the same parts always give the same id, different parts practically never do (DESIGN section 4).</summary>
public static class Fingerprint
{
    /// <summary>First 24 hex digits (96 bits) of the SHA-256 over the parts, each ended by a NUL so that no two splits collide.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
    }
}

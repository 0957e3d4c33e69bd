using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Alerts;

/// <summary>
/// Short derived ids: the same parts always give the same id, different parts practically never do (docs/design.md section 4).
/// </summary>
public static class Fingerprint
{
    private const int OnStack = 512;

    /// <summary>First 24 hex digits (96 bits) of the SHA-256 over the parts, each ended by a NUL so that no two splits collide.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var length = parts.Length;
        foreach (var part in parts)
            length += Encoding.UTF8.GetByteCount(part);
        var rented = length <= OnStack ? null : ArrayPool<byte>.Shared.Rent(length);
        var bytes = rented is null ? stackalloc byte[OnStack] : rented;
        var at = 0;
        foreach (var part in parts)
        {
            at += Encoding.UTF8.GetBytes(part, bytes[at..]);
            bytes[at++] = 0;
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..at], hash);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return Convert.ToHexStringLower(hash[..12]);
    }
}

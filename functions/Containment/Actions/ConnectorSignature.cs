using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Signature of a connector command: HMAC-SHA256 over the timestamp, a dot and the body's bytes. The receiver recomputes it and compares in
/// constant time, so that an answer's delay tells an attacker nothing.
/// </summary>
public static class ConnectorSignature
{
    public const string KeyHeader = "X-IRFunctions-Key";
    public const string TimestampHeader = "X-IRFunctions-Timestamp";
    public const string SignatureHeader = "X-IRFunctions-Signature";
    private const string Version = "v1=";

    /// <param name="key">At least 32 bytes.</param>
    /// <param name="timestamp">Seconds since the Unix epoch.</param>
    /// <param name="body">The body as sent.</param>
    public static string Of(byte[] key, long timestamp, ReadOnlySpan<byte> body) =>
        Version + Convert.ToHexStringLower(Compute(key, timestamp, body));

    /// <summary>Whether it is the signature of exactly this; takes as long for a wrong one as for the right one.</summary>
    public static bool Matches(byte[] key, long timestamp, ReadOnlySpan<byte> body, string? signature)
    {
        var given = Encoding.ASCII.GetBytes(signature ?? "");
        return CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(Of(key, timestamp, body)));
    }

    private static byte[] Compute(byte[] key, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.ASCII.GetBytes(timestamp.ToString(CultureInfo.InvariantCulture) + "."));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}

using System.Buffers;
using IRFunctions.Alerts;

namespace IRFunctions.Durable;

/// <summary>
/// Keys of entities from what alerts name. An entity's id is a partition key of Azure Storage, which holds 512 characters; and it is part
/// of an address of the API. Ids that are longer than any real one, or hold what addresses and keys may not, are hashed.
/// </summary>
internal static class EntityKeys
{
    private const int Longest = 200;

    private static readonly SearchValues<char> Awkward = SearchValues.Create([
        .. "/\\#?%^",
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Select(code => (char)code),
    ]);

    /// <param name="start">What stays readable in front of a hash.</param>
    public static string Of(string key, string start = "") =>
        key.Length <= Longest && !key.AsSpan().ContainsAny(Awkward) ? key : $"{start}sha256-{Fingerprint.Of(key)}";
}

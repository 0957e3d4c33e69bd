using System.Diagnostics.CodeAnalysis;

namespace IRFunctions.Policies;

/// <summary>Reads ids of people and things, and brings them into the one form that lookups use.</summary>
[SuppressMessage("Globalization", "CA1308", Justification = "Ids are kept in lower case throughout, as Entra shows them.")]
internal static class Ids
{
    public static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["account"] = "account",
        ["application"] = "application",
        ["host"] = "host",
        ["ip"] = "ip",
        ["range"] = "range",
        ["mailbox"] = "mailbox",
        ["workload"] = "workload",
    };

    /// <summary>An Entra object id.</summary>
    public static string ReadGuid(Section section, string key)
    {
        var text = section.Text(key);
        if (text.Length == 0 || IsGuid(text))
            return text.ToLowerInvariant();
        section.Problem(key, $"an object id is expected, such as 00000000-0000-4000-8000-000000000001, not {PolicyErrors.Quote(text)}");
        return "";
    }

    /// <summary>Kind and id of something registered or excepted; the id is empty where it was not understood.</summary>
    public static (string Kind, string Id) ReadThing(Section section)
    {
        string? kind = null;
        if (section.Has("kind") && section.PlaceOf("kind") is YamlText { Value: var word } && Kinds.ContainsKey(word))
            kind = word;
        else
            ReadKind(section);
        var id = section.Text("id").ToLowerInvariant();
        if (kind is null || id.Length == 0)
            return ("account", "");
        if (Problem(kind, id) is not { } problem)
            return (kind, id);
        section.Problem("id", problem.Text, problem.Intent);
        return (kind, "");
    }

    private static void ReadKind(Section section)
    {
        var text = section.Text("kind");
        if (text.Length > 0)
            section.Problem(
                "kind",
                $"one of {string.Join(", ", Kinds.Keys)} is expected, not {PolicyErrors.Quote(text)}",
                DidYouMean.Guess(text, Kinds.Keys)
            );
    }

    private static (string Text, string? Intent)? Problem(string kind, string id) =>
        kind switch
        {
            "account" or "mailbox" when !IsGuid(id) && !IsMailAddress(id) => (
                $"an object id or a name with @ is expected, not {PolicyErrors.Quote(id)}",
                null
            ),
            "application" when !IsGuid(id) => ($"an object id or application id is expected, not {PolicyErrors.Quote(id)}", null),
            "ip" when id.Contains('/', StringComparison.Ordinal) => ("this is a range, not one address", "kind: range"),
            "ip" when AddressRange.Number(id) is null => ($"an IP address is expected, not {PolicyErrors.Quote(id)}", null),
            "range" => RangeProblem(id),
            "workload" when !IsWorkload(id) => (
                $"an identity id of letters, digits and . _ : - is expected, at most 128, not {PolicyErrors.Quote(id)}",
                null
            ),
            "host" when id.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)) => (
                "a host name or device id has no spaces",
                null
            ),
            _ => null,
        };

    private static (string Text, string? Intent)? RangeProblem(string id)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return ("a range needs a prefix length", AddressRange.Number(id) is null ? null : "kind: ip");
        if (AddressRange.Parse(id) is { } range)
            return RangeSize(id, range);
        if (
            AddressRange.Number(id[..slash]) is null
            || !int.TryParse(id[(slash + 1)..], out var length)
            || length < 0
            || length > (IsV6(id) ? 128 : 32)
        )
            return ($"an address range such as 10.20.0.0/16 is expected, not {PolicyErrors.Quote(id)}", null);
        return (
            "the address has bits set behind the prefix, so it is unclear which range is meant",
            AddressRange.Canonical(id[..slash], length)
        );
    }

    // Wider ranges are slips of the pen: they would put most of the internet, or of the company, under one entry.
    private static (string Text, string? Intent)? RangeSize(string id, AddressRange range)
    {
        if (IsV6(id) && range.Length >= 96 && (range.Prefix >> 32) == 0xffff)
            return ("an IPv4 range is written as IPv4", null);
        return range.Length < (IsV6(id) ? 16 : 104) ? ($"{id} is too wide; the widest range is /8 for IPv4 and /16 for IPv6", null) : null;
    }

    private static bool IsV6(string id) => id.Contains(':', StringComparison.Ordinal);

    private static bool IsGuid(string id) => Guid.TryParseExact(id, "D", out _);

    private static bool IsWorkload(string id) =>
        id.Length <= 128 && id.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or ':' or '-');

    private static bool IsMailAddress(string id) =>
        id.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < id.Length - 1 && !id.Any(char.IsWhiteSpace);
}

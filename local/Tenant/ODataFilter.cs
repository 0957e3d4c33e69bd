using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// $filter as far as this tenant understands it: PROPERTY eq VALUE and COLLECTION/any(x:x eq VALUE), joined by "or". Text compares without
/// case, as Entra's directory does.
/// </summary>
internal sealed partial class ODataFilter
{
    private readonly List<(string Property, string Value, bool Any)> clauses = [];

    private ODataFilter() { }

    /// <summary>Null where it is not understood, or names a property that the type does not have.</summary>
    public static ODataFilter? Parse(string text, EntityType type)
    {
        var filter = new ODataFilter();
        var at = 0;
        while (true)
        {
            if (Clause().Match(text, at) is not { Success: true } match || type.Find(match.Groups["name"].Value) is not { } name)
                return null;
            var value = match.Groups["text"].Success
                ? match.Groups["text"].Value.Replace("''", "'", StringComparison.Ordinal)
                : match.Groups["bool"].Value;
            filter.clauses.Add((name, value, match.Groups["any"].Success));
            at = match.Index + match.Length;
            if (at == text.Length)
                return filter;
            if (!text.AsSpan(at).StartsWith(" or ", StringComparison.Ordinal))
                return null;
            at += 4;
        }
    }

    public bool Accepts(JsonObject document) => clauses.Exists(c => c.Any ? Contains(document, c) : Same(document[c.Property], c.Value));

    private static bool Contains(JsonObject document, (string Property, string Value, bool Any) clause) =>
        document[clause.Property] is JsonArray all && all.Any(item => Same(item, clause.Value));

    private static bool Same(JsonNode? value, string wanted) =>
        string.Equals(value?.ToString(), wanted, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(
        @"\G(?:(?<name>\w+)(?<any>)/any\((?<v>\w+):\k<v> eq '(?<text>(?:[^']|'')*)'\)|(?<name>\w+) eq (?:'(?<text>(?:[^']|'')*)'"
            + @"|(?<bool>true|false)))",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Clause();
}

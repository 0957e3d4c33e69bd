using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// The one form of query in which signals are asked for (functions/Directory/Signals/Habit.cs), understood and run over rows: which
/// identities, what they used and how, counted over an hour, a day and 30 days. Any other query is refused by whoever parses it.
/// </summary>
internal sealed partial class KustoHabits
{
    private readonly Match query;
    private readonly HashSet<string> keys;

    private KustoHabits(Match query)
    {
        this.query = query;
        keys = Quoted().Matches(query.Groups["list"].Value).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    public static IReadOnlyList<(string Name, string Type)> Columns { get; } =
    [
        ("Key", "string"),
        ("Thing", "string"),
        ("Way", "string"),
        ("Hour", "long"),
        ("Day", "long"),
        ("Month", "long"),
        ("First", "datetime"),
        ("Last", "datetime"),
    ];

    public string Table => query.Groups["table"].Value;

    public static KustoHabits? Parse(string text) => Query().Match(text) is { Success: true } match ? new KustoHabits(match) : null;

    public IEnumerable<JsonObject> Run(IEnumerable<JsonObject> rows, DateTimeOffset now) =>
        rows.Where(Meets)
            .Select(row =>
                (
                    Key: Value(row, query.Groups["key"].Value),
                    Thing: Value(row, query.Groups["thing"].Value),
                    Way: Value(row, query.Groups["way"].Value),
                    At: DateTimeOffset.Parse((string)row["_at"]!, CultureInfo.InvariantCulture)
                )
            )
            .Where(r => keys.Contains(r.Key) && r.At > now.AddDays(-30) && r.At <= now)
            .GroupBy(r => (r.Key, r.Thing, r.Way))
            .Select(g => new JsonObject
            {
                ["Key"] = g.Key.Key,
                ["Thing"] = g.Key.Thing,
                ["Way"] = g.Key.Way,
                ["Hour"] = g.Count(r => r.At > now.AddHours(-1)),
                ["Day"] = g.Count(r => r.At > now.AddDays(-1)),
                ["Month"] = g.Count(),
                ["First"] = g.Min(r => r.At).UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
                ["Last"] = g.Max(r => r.At).UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            })
            .OrderByDescending(r => (string)r["Last"]!, StringComparer.Ordinal)
            .Take(int.Parse(query.Groups["top"].Value, CultureInfo.InvariantCulture));

    private bool Meets(JsonObject row) =>
        !query.Groups["where"].Success
        || query.Groups["where"].Value.Split(" and ").All(c => Condition().Match(c) is { Success: true } m && Meets(row, m));

    private static bool Meets(JsonObject row, Match condition)
    {
        var value = row[condition.Groups["column"].Value]?.ToString() ?? "";
        return condition.Groups["in"].Success
            ? Quoted().Matches(condition.Groups["in"].Value).Any(m => m.Groups[1].Value == value)
            : condition.Groups["value"].Value.Trim('"') == value;
    }

    /// <summary>A column, or one of the functions that the queries use.</summary>
    private static string Value(JsonObject row, string expression)
    {
        if (expression.StartsWith('"'))
            return expression.Trim('"');
        if (Call().Match(expression) is not { Success: true } call)
            return Path(row, expression);
        var arguments = Arguments(call.Groups["arguments"].Value);
        return call.Groups["name"].Value switch
        {
            "strcat" => string.Concat(arguments.Select(a => Value(row, a))),
            "iff" => Path(row, arguments[0]) == "true" ? Value(row, arguments[1]) : Value(row, arguments[2]),
            "coalesce" => arguments.Select(a => Value(row, a)).FirstOrDefault(v => v.Length > 0) ?? "",
            _ => Path(row, arguments[0]), // tostring
        };
    }

    /// <summary>"Identity.claim.oid" and "Identity.claim[\"name\"]".</summary>
    private static string Path(JsonObject row, string path)
    {
        JsonNode? at = row;
        foreach (Match part in Part().Matches(path))
            at = (at as JsonObject)?[part.Value.Trim('[', ']', '"')];
        return at?.ToString() ?? "";
    }

    private static List<string> Arguments(string text)
    {
        var (found, depth, start, quoted) = (new List<string>(), 0, 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
                quoted = !quoted;
            if (quoted)
                continue;
            depth +=
                text[i] is '(' or '[' ? 1
                : text[i] is ')' or ']' ? -1
                : 0;
            if (text[i] != ',' || depth > 0)
                continue;
            found.Add(text[start..i].Trim());
            start = i + 1;
        }
        return [.. found, text[start..].Trim()];
    }

    [GeneratedRegex(
        @"^(?<table>\w+) \| where (?<time>\w+) > ago\(30d\)(?: \| where (?<where>[^|]+))? \| extend Key = (?<key>[^|]+) \| where Key in "
            + @"\((?<list>(?:""[0-9a-fA-F-]+""(?:, )?)+)\) \| summarize Hour = countif\(\k<time> > ago\(1h\)\), Day = countif\(\k<time> > "
            + @"ago\(1d\)\), Month = count\(\), First = min\(\k<time>\), Last = max\(\k<time>\) by Key, Thing = (?<thing>[^|]+?), Way = "
            + @"(?<way>.+) \| top (?<top>\d+) by Last desc$"
    )]
    private static partial Regex Query();

    [GeneratedRegex(@"^(?<column>\w+) (?:== (?<value>""[^""]*""|\w+)|in \((?<in>[^)]+)\))$")]
    private static partial Regex Condition();

    [GeneratedRegex(@"^(?<name>strcat|iff|coalesce|tostring)\((?<arguments>.*)\)$")]
    private static partial Regex Call();

    [GeneratedRegex(@"\[""[^""]+""\]|\w+")]
    private static partial Regex Part();

    [GeneratedRegex(@"""([^""]*)""")]
    private static partial Regex Quoted();
}

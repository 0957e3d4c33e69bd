using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// /security/alerts_v2 and /security/incidents: lists by time of change, single ones, changes of what people may change, comments.
/// </summary>
internal sealed partial class GraphSecurity(TenantState state)
{
    /// <summary>What people may change, per Graph's reference.</summary>
    private static readonly HashSet<string> Changeable = new(StringComparer.Ordinal)
    {
        "assignedTo",
        "classification",
        "determination",
        "status",
        "customTags",
        "displayName",
        "description",
        "severity",
        "resolvingComment",
        "summary",
    };

    /// <param name="exchange">The request.</param>
    /// <param name="set">"alerts_v2" or "incidents".</param>
    /// <param name="path">Segments after the set.</param>
    public TenantResponse Handle(Exchange exchange, string set, ReadOnlySpan<string> path)
    {
        var kind = set == "incidents" ? Kind.SecurityIncident : Kind.SecurityAlert;
        if (path.IsEmpty)
            return exchange.Request.Method == "GET" ? List(exchange, kind) : exchange.MethodNotAllowed();
        if (state.Find(kind, path[0]) is not { } item)
            return exchange.NotFound(path[0]);
        return (exchange.Request.Method, path.Length) switch
        {
            ("GET", 1) => exchange.Json(200, item.DeepClone()),
            ("PATCH", 1) => Change(exchange, kind, item),
            ("POST", 2) when path[1] == "comments" => Comment(exchange, kind, item),
            (_, 1) => exchange.MethodNotAllowed(),
            _ => exchange.NoSuchSegment(path[1]),
        };
    }

    private TenantResponse List(Exchange exchange, string kind)
    {
        IEnumerable<JsonObject> items = state.All(kind);
        if (exchange.Request.Parameter("$filter") is { Length: > 0 } filter)
        {
            if (Window().Match(filter) is not { Success: true } window)
                return exchange.Error(400, "BadRequest", "Invalid filter clause: this tenant understands a window of lastUpdateDateTime.");
            var (from, to) = (At(window.Groups["from"].Value), At(window.Groups["to"].Value));
            items = items.Where(i => At((string)i["lastUpdateDateTime"]!) is var at && at >= from && at < to);
        }
        var top = Number(exchange, "$top") ?? 50;
        var skip = Number(exchange, "$skiptoken") ?? Number(exchange, "$skip") ?? 0;
        // In no order that says anything, as Graph's are.
        var all = items.OrderByDescending(i => (string)i["id"]!, StringComparer.Ordinal).ToList();
        var answer = new JsonObject { ["value"] = new JsonArray([.. all.Skip(skip).Take(top).Select(i => i.DeepClone())]) };
        if (all.Count > skip + top)
            answer["@odata.nextLink"] = exchange.NextLink(skip + top);
        return exchange.Json(200, answer);
    }

    private TenantResponse Change(Exchange exchange, string kind, JsonObject item)
    {
        if (exchange.ReadBody() is not { } body || body.Count == 0)
            return exchange.BadBody();
        if (body.FirstOrDefault(p => !Changeable.Contains(p.Key) && !p.Key.StartsWith('@')).Key is { } unknown)
            return exchange.Error(400, "BadRequest", $"The property '{unknown}' cannot be changed.");
        foreach (var (name, value) in body.Where(p => !p.Key.StartsWith('@')))
            item[name] = value?.DeepClone();
        Keep(exchange, kind, item, "change", body.ToJsonString());
        return exchange.Json(200, item.DeepClone());
    }

    private TenantResponse Comment(Exchange exchange, string kind, JsonObject item)
    {
        if (exchange.ReadBody() is not { } body || (string?)body["comment"] is not { Length: > 0 } comment)
            return exchange.BadBody();
        var comments = item["comments"] as JsonArray ?? [];
        comments.Add(
            new JsonObject
            {
                ["comment"] = comment,
                ["createdByDisplayName"] = "API-App:irfunctions",
                ["createdDateTime"] = GraphUsers.Stamp(exchange.Now),
            }
        );
        item["comments"] = comments.DeepClone();
        Keep(exchange, kind, item, "comment", comment);
        return exchange.Json(200, new JsonObject { ["value"] = comments.DeepClone() });
    }

    private void Keep(Exchange exchange, string kind, JsonObject item, string what, string detail)
    {
        item["lastUpdateDateTime"] = exchange.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var id = (string)item["id"]!;
        state.Put(kind, id, item);
        state.Record($"{kind}.{what}", id, detail, changed: true);
    }

    private static int? Number(Exchange exchange, string name) =>
        int.TryParse(exchange.Request.Parameter(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    [GeneratedRegex(
        @"^lastUpdateDateTime ge (?<from>[0-9T:.Z-]+) and lastUpdateDateTime lt (?<to>[0-9T:.Z-]+)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Window();
}

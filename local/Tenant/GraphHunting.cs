using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// Advanced hunting over the simulated tenant's sign-ins and connections: it understands the queries that functions/ asks (a table, one `in` list and one
/// `summarize` by that column over the last day) and answers 400 to any other, as Defender does to a query it cannot parse.
/// </summary>
internal sealed partial class GraphHunting(TenantState state)
{
    public static void AddSignIn(TenantState state, string user, string address, string country, int errorCode, DateTimeOffset at)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks:x}-{user}-{address}");
        state.Put(Kind.SignIn, id, new JsonObject
        {
            ["AccountObjectId"] = user, ["IPAddress"] = address, ["Country"] = country, ["ErrorCode"] = errorCode, ["_at"] = at.ToString("O", CultureInfo.InvariantCulture),
        });
    }

    public TenantResponse Handle(Exchange exchange)
    {
        if (exchange.Request.Method != "POST") return exchange.MethodNotAllowed();
        if (exchange.ReadBody() is not { } body || ((string?)body["query"] ?? (string?)body["Query"]) is not { Length: > 0 } query) return exchange.BadBody();
        if (Known().Match(query) is not { Success: true } asked) return exchange.Error(400, "BadRequest", "Query could not be parsed.");
        var (table, column) = (asked.Groups["table"].Value, asked.Groups["column"].Value);
        var wanted = Quoted().Matches(asked.Groups["list"].Value).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var since = exchange.Now.AddDays(-1);
        var rows = state.All(table == "EntraIdSignInEvents" ? Kind.SignIn : Kind.Connection)
            .Where(r => wanted.Contains((string?)r[column] ?? "") && DateTimeOffset.Parse((string)r["_at"]!, CultureInfo.InvariantCulture) >= since)
            .GroupBy(r => (string)r[column]!, StringComparer.OrdinalIgnoreCase);
        var results = new JsonArray([.. rows.Select(g => (JsonNode)(table == "EntraIdSignInEvents" ? SignIns(g, column) : new JsonObject { ["Key"] = g.Key, ["Connections"] = g.Count() }))]);
        return exchange.Json(200, new JsonObject
        {
            ["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults", ["schema"] = new JsonArray(), ["results"] = results,
        });
    }

    private static JsonObject SignIns(IGrouping<string, JsonObject> rows, string column) => new()
    {
        ["Key"] = rows.Key,
        ["SignIns"] = rows.Count(r => (int)r["ErrorCode"]! == 0),
        ["Failed"] = rows.Count(r => (int)r["ErrorCode"]! != 0),
        ["Countries"] = rows.Select(r => (string?)r["Country"]).Distinct().Count(),
        ["Others"] = rows.Select(r => (string?)r[column == "IPAddress" ? "AccountObjectId" : "IPAddress"]).Distinct().Count(),
    };

    [GeneratedRegex(@"^(?<table>EntraIdSignInEvents|DeviceNetworkEvents)\s*\| where Timestamp > ago\(1d\)\s*\| where (?<column>AccountObjectId|IPAddress|RemoteIP) in \((?<list>(?:""[0-9a-fA-F.:-]+""(?:, )?)+)\)\s*\| summarize [\s\w=,()!]+ by Key = \k<column>$")]
    private static partial Regex Known();

    [GeneratedRegex(@"""([^""]+)""")]
    private static partial Regex Quoted();
}

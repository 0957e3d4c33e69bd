using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// Advanced hunting over the simulated tenant's sign-ins, connections and criticality levels: it understands the queries that functions/
/// asks (a table, one `in` list and one `summarize` by that column) and answers 400 to any other, as Defender does to a query it cannot
/// parse.
/// </summary>
internal sealed partial class GraphHunting(TenantState state)
{
    public static void AddSignIn(TenantState state, string user, string address, string country, int errorCode, DateTimeOffset at)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks:x}-{user}-{address}");
        state.Put(
            Kind.SignIn,
            id,
            new JsonObject
            {
                ["AccountObjectId"] = user,
                ["IPAddress"] = address,
                ["Country"] = country,
                ["ErrorCode"] = errorCode,
                ["_at"] = at.ToString("O", CultureInfo.InvariantCulture),
            }
        );
    }

    /// <param name="level">0 (very high) to 3 (low); null for an asset that is known and has no level.</param>
    public static void SetCriticality(TenantState state, string id, int? level) =>
        state.Put(Kind.Criticality, id, new JsonObject { ["Level"] = level });

    public TenantResponse Handle(Exchange exchange)
    {
        if (exchange.Request.Method != "POST")
            return exchange.MethodNotAllowed();
        if (exchange.ReadBody() is not { } body || ((string?)body["query"] ?? (string?)body["Query"]) is not { Length: > 0 } query)
            return exchange.BadBody();
        if (KustoHabits.Parse(query) is { } habits)
            return Results(exchange, habits.Run(RowsOf(habits.Table), exchange.Now));
        if (Devices().Match(query) is { Success: true } devices)
            return Results(exchange, DevicesOf(devices));
        if (Levels().Match(query) is { Success: true } levels)
            return Results(exchange, LevelsOf(levels.Groups["list"].Value));
        if (Known().Match(query) is not { Success: true } asked)
            return exchange.Error(400, "BadRequest", "Query could not be parsed.");
        var (table, column) = (asked.Groups["table"].Value, asked.Groups["column"].Value);
        var wanted = Wanted(asked.Groups["list"].Value);
        var since = exchange.Now.AddDays(-1);
        var rows = state
            .All(table == "EntraIdSignInEvents" ? Kind.SignIn : Kind.Connection)
            .Where(r =>
                wanted.Contains((string?)r[column] ?? "") && DateTimeOffset.Parse((string)r["_at"]!, CultureInfo.InvariantCulture) >= since
            )
            .GroupBy(r => (string)r[column]!, StringComparer.OrdinalIgnoreCase);
        return Results(
            exchange,
            rows.Select(g =>
                table == "EntraIdSignInEvents" ? SignIns(g, column) : new JsonObject { ["Key"] = g.Key, ["Connections"] = g.Count() }
            )
        );
    }

    /// <summary>The Log Analytics query API: the same queries over the workspace's tables, answered as columns and rows.</summary>
    public TenantResponse HandleWorkspace(Exchange exchange)
    {
        if (exchange.Request.Method != "POST")
            return exchange.MethodNotAllowed();
        if ((string?)exchange.ReadBody()?["query"] is not { Length: > 0 } query || KustoHabits.Parse(query) is not { } habits)
            return exchange.Error(400, "BadArgumentError", "The request had some invalid properties");
        var columns = KustoHabits.Columns;
        return exchange.Json(
            200,
            new JsonObject
            {
                ["tables"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = "PrimaryResult",
                        ["columns"] = new JsonArray([
                            .. columns.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["type"] = c.Type }),
                        ]),
                        ["rows"] = new JsonArray([
                            .. habits
                                .Run(RowsOf(habits.Table), exchange.Now)
                                .Select(row => (JsonNode)new JsonArray([.. columns.Select(c => row[c.Name]?.DeepClone())])),
                        ]),
                    }
                ),
            }
        );
    }

    /// <summary>Sign-ins of people are kept as they were before there were other logs.</summary>
    private IEnumerable<JsonObject> RowsOf(string table) =>
        state
            .All(Kind.LogRow)
            .Where(r => (string?)r["_table"] == table)
            .Concat(table == "EntraIdSignInEvents" ? state.All(Kind.SignIn) : []);

    private IEnumerable<JsonObject> LevelsOf(string list) =>
        Wanted(list)
            .Where(id => state.Find(Kind.Criticality, id) is not null)
            .Select(id => new JsonObject { ["Key"] = id, ["Level"] = state.Find(Kind.Criticality, id)!["Level"]?.DeepClone() });

    private IEnumerable<JsonObject> DevicesOf(Match asked) =>
        state
            .All(Kind.Machine)
            .Where(m =>
                Is(m, asked.Groups["column"].Value, asked.Groups["value"].Value)
                || (
                    asked.Groups["start"].Success
                    && ((string?)m["DeviceName"])?.StartsWith(asked.Groups["start"].Value, StringComparison.OrdinalIgnoreCase) == true
                )
            )
            .Take(10)
            .Select(m => m.DeepClone().AsObject());

    private static bool Is(JsonObject machine, string column, string value) =>
        value.Equals((string?)machine[column], StringComparison.OrdinalIgnoreCase);

    private static HashSet<string> Wanted(string list) =>
        Quoted().Matches(list).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static TenantResponse Results(Exchange exchange, IEnumerable<JsonObject> rows) =>
        exchange.Json(
            200,
            new JsonObject
            {
                ["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",
                ["schema"] = new JsonArray(),
                ["results"] = new JsonArray([.. rows]),
            }
        );

    private static JsonObject SignIns(IGrouping<string, JsonObject> rows, string column) =>
        new()
        {
            ["Key"] = rows.Key,
            ["SignIns"] = rows.Count(r => (int)r["ErrorCode"]! == 0),
            ["Failed"] = rows.Count(r => (int)r["ErrorCode"]! != 0),
            ["Countries"] = rows.Select(r => (string?)r["Country"]).Distinct().Count(),
            ["Others"] = rows.Select(r => (string?)r[column == "IPAddress" ? "AccountObjectId" : "IPAddress"]).Distinct().Count(),
        };

    [GeneratedRegex(
        @"^(?<table>EntraIdSignInEvents|DeviceNetworkEvents)\s*\| where Timestamp > ago\(1d\)\s*\| where (?<column>AccountObjectId|"
            + @"IPAddress|RemoteIP) in \((?<list>(?:""[0-9a-fA-F.:-]+""(?:, )?)+)\)\s*\| summarize [\s\w=,()!]+ by Key = \k<column>$"
    )]
    private static partial Regex Known();

    [GeneratedRegex(
        @"^(?:IdentityInfo|ExposureGraphNodes \| where NodeLabel == ""device"" \| mv-expand EntityId = EntityIds \| where "
            + @"tostring\(EntityId\.type\) == ""DeviceInventoryId"" \| extend DeviceId = tostring\(EntityId\.id\)) \| where (?"
            + @"<column>AccountObjectId|DeviceId) in \((?<list>(?:""[0-9a-fA-F-]+""(?:, )?)+)\) \| summarize Level = "
            + @"min\([\w.()]+\) by Key = \k<column>$"
    )]
    private static partial Regex Levels();

    [GeneratedRegex(
        @"^DeviceInfo \| summarize arg_max\(Timestamp, DeviceName, AadDeviceId, AzureResourceId\) by DeviceId \| where "
            + @"(?<column>DeviceId|AadDeviceId|AzureResourceId|DeviceName) =~ ""(?<value>[\w.\-/()]+)"""
            + @"(?: or DeviceName startswith ""(?<start>[\w.\-/()]+)"")? \| take 10$"
    )]
    private static partial Regex Devices();

    [GeneratedRegex(@"""([^""]+)""")]
    private static partial Regex Quoted();
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// Sentinel's watchlists as Azure Resource Manager serves them. Shapes follow the examples of Azure/azure-rest-api-specs,
/// securityinsights 2023-11-01, watchlists/{Create,Get}Watchlist*.json.
/// </summary>
internal sealed class ArmWatchlists(TenantState state)
{
    private readonly ArmIncidents incidents = new(state);

    private static readonly JsonObject Caller = new()
    {
        ["objectId"] = TenantSeed.PipelineObjectId,
        ["email"] = null,
        ["name"] = "irfunctions",
    };

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "arm".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (exchange.Request.Parameter("api-version") is not { Length: > 0 })
        {
            return Error(
                exchange,
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests."
            );
        }
        if (path.Length > 10 && path[8] == "providers" && path[10].Equals("incidents", StringComparison.OrdinalIgnoreCase))
            return incidents.Handle(exchange, path[11..]);
        if (!IsWatchlists(path))
        {
            return Error(
                exchange,
                404,
                "InvalidResourceType",
                "The resource type could not be found in the namespace 'Microsoft.SecurityInsights'."
            );
        }
        var workspace = "/" + string.Join('/', path[..8]).Replace("providers/microsoft", "providers/Microsoft", StringComparison.Ordinal);
        path = path[11..];
        var method = exchange.Request.Method;
        if (path.IsEmpty)
            return method == "GET" ? exchange.Json(200, List(state.All(Kind.Watchlist))) : MethodNotAllowed(exchange);
        if (path.Length == 1)
            return Watchlist(exchange, workspace, path[0]);
        if (!path[1].Equals("watchlistItems", StringComparison.OrdinalIgnoreCase) || path.Length > 3)
            return NotFound(exchange, path[^1]);
        if (state.Find(Kind.Watchlist, path[0]) is null)
            return NotFound(exchange, $"watchlist '{path[0]}'");
        if (path.Length == 2)
        {
            var alias = path[0];
            var items = state.All(Kind.WatchlistItem).Where(i => alias.Equals((string?)i["_alias"], StringComparison.OrdinalIgnoreCase));
            return method == "GET" ? exchange.Json(200, List(items)) : MethodNotAllowed(exchange);
        }
        return Item(exchange, workspace, path[0], path[2]);
    }

    /// <summary>
    /// subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.OperationalInsights/workspaces/{w}/
    /// providers/Microsoft.SecurityInsights/watchlists.
    /// </summary>
    private static bool IsWatchlists(ReadOnlySpan<string> path) =>
        path.Length >= 11
        && Is(path[0], "subscriptions")
        && Is(path[2], "resourceGroups")
        && Is(path[4], "providers")
        && Is(path[5], "Microsoft.OperationalInsights")
        && Is(path[6], "workspaces")
        && Is(path[8], "providers")
        && Is(path[9], "Microsoft.SecurityInsights")
        && Is(path[10], "watchlists");

    private TenantResponse Watchlist(Exchange exchange, string workspace, string alias)
    {
        var found = state.Find(Kind.Watchlist, alias);
        switch (exchange.Request.Method)
        {
            case "GET":
                return found is null ? NotFound(exchange, $"watchlist '{alias}'") : exchange.Json(200, Shown(found));
            case "PUT":
                if (
                    exchange.ReadBody()?["properties"] is not JsonObject properties
                    || (string?)properties["displayName"] is not { Length: > 0 } name
                )
                {
                    return Error(exchange, 400, "BadRequest", "properties.displayName is required.");
                }
                var watchlist = NewWatchlist(workspace, alias, name, exchange.Now);
                state.Put(Kind.Watchlist, alias, watchlist);
                state.Record("watchlist.put", alias, exchange.BodyText, changed: true);
                return exchange.Json(found is null ? 201 : 200, Shown(watchlist));
            default:
                return MethodNotAllowed(exchange);
        }
    }

    private TenantResponse Item(Exchange exchange, string workspace, string alias, string id)
    {
        var key = $"{alias}/{id}";
        var found = state.Find(Kind.WatchlistItem, key);
        switch (exchange.Request.Method)
        {
            case "GET":
                return found is null ? NotFound(exchange, $"watchlist item '{id}'") : exchange.Json(200, Shown(found));
            case "DELETE":
                if (!state.Remove(Kind.WatchlistItem, key))
                    return exchange.NoContent();
                state.Record("watchlistItem.delete", key, "", changed: true);
                return exchange.Respond(new TenantResponse(200, []));
            case "PUT":
                return PutItem(exchange, workspace, alias, id, found);
            default:
                return MethodNotAllowed(exchange);
        }
    }

    private TenantResponse PutItem(Exchange exchange, string workspace, string alias, string id, JsonObject? found)
    {
        if (!Guid.TryParse(id, out _))
            return Error(exchange, 400, "BadRequest", "The watchlist item id must be a GUID.");
        if (exchange.ReadBody()?["properties"]?["itemsKeyValue"] is not JsonObject { Count: > 0 } values)
        {
            return Error(exchange, 400, "BadRequest", "properties.itemsKeyValue is required.");
        }
        var changed = found is null || !JsonNode.DeepEquals(found["properties"]!["itemsKeyValue"], values);
        var item = new JsonObject
        {
            ["_alias"] = alias,
            ["id"] = $"{workspace}/providers/Microsoft.SecurityInsights/Watchlists/{alias}/WatchlistItems/{id}",
            ["name"] = id,
            ["etag"] = $"\"{state.NextSequence.ToString("x8", CultureInfo.InvariantCulture)}-0000-0d00-0000-000000000000\"",
            ["type"] = "Microsoft.SecurityInsights/Watchlists/WatchlistItems",
            ["properties"] = new JsonObject
            {
                ["watchlistItemType"] = "watchlist-item",
                ["watchlistItemId"] = id,
                ["tenantId"] = TenantSeed.TenantId,
                ["isDeleted"] = false,
                ["created"] = (string?)found?["properties"]?["created"] ?? GraphUsers.Stamp(exchange.Now),
                ["updated"] = GraphUsers.Stamp(exchange.Now),
                ["createdBy"] = Caller.DeepClone(),
                ["updatedBy"] = Caller.DeepClone(),
                ["itemsKeyValue"] = values.DeepClone(),
                ["entityMapping"] = new JsonObject(),
            },
        };
        state.Put(Kind.WatchlistItem, $"{alias}/{id}", item);
        state.Record("watchlistItem.put", $"{alias}/{id}", values.ToJsonString(), changed);
        return exchange.Json(found is null ? 201 : 200, Shown(item));
    }

    internal static JsonObject NewWatchlist(string workspace, string alias, string name, DateTimeOffset now) =>
        new()
        {
            ["id"] = $"{workspace}/providers/Microsoft.SecurityInsights/Watchlists/{alias}",
            ["name"] = alias,
            ["type"] = "Microsoft.SecurityInsights/Watchlists",
            ["properties"] = new JsonObject
            {
                ["displayName"] = name,
                ["provider"] = "IRFunctions",
                ["source"] = "Local file",
                ["itemsSearchKey"] = "IPAddress",
                ["watchlistAlias"] = alias,
                ["tenantId"] = TenantSeed.TenantId,
                ["isDeleted"] = false,
                ["created"] = GraphUsers.Stamp(now),
                ["updated"] = GraphUsers.Stamp(now),
            },
        };

    private static JsonObject List(IEnumerable<JsonObject> documents) => new() { ["value"] = new JsonArray([.. documents.Select(Shown)]) };

    private static JsonObject Shown(JsonObject document)
    {
        var shown = document.DeepClone().AsObject();
        shown.Remove("_alias");
        return shown;
    }

    private static TenantResponse NotFound(Exchange exchange, string what) =>
        Error(exchange, 404, "NotFound", $"The {what} was not found.");

    private static TenantResponse MethodNotAllowed(Exchange exchange) =>
        Error(exchange, 405, "MethodNotAllowed", $"{exchange.Request.Method} is not allowed here.");

    private static TenantResponse Error(Exchange exchange, int status, string code, string message) =>
        exchange.Json(
            status,
            new JsonObject
            {
                ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
            }
        );

    private static bool Is(string segment, string name) => segment.Equals(name, StringComparison.OrdinalIgnoreCase);
}

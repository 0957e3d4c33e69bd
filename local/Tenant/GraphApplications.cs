using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// /applications and /servicePrincipals, as far as password credentials go. A secret itself is never kept, not even here.
/// </summary>
internal sealed class GraphApplications(TenantState state)
{
    private const string Owners = "owners";

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "applications".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        var method = exchange.Request.Method;
        if (path.IsEmpty)
            return method == "GET"
                ? exchange.Collection(
                    "applications",
                    EntityType.Application,
                    state.All(Kind.Application).Select(Shown),
                    also: Also(exchange)
                )
                : exchange.MethodNotAllowed();
        if (state.Find(Kind.Application, path[0]) is not { } application)
            return exchange.NotFound(path[0]);
        return (method, path.Length) switch
        {
            ("GET", 1) => exchange.Entity(200, "applications", EntityType.Application, Shown(application), Also(exchange)),
            ("POST", 2) when path[1] is "removePassword" or "microsoft.graph.removePassword" => RemovePassword(exchange, application),
            (_, 1) => exchange.MethodNotAllowed(),
            _ => exchange.NoSuchSegment(path[1]),
        };
    }

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "servicePrincipals".</param>
    public TenantResponse HandlePrincipal(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (exchange.Request.Method != "GET")
            return exchange.MethodNotAllowed();
        if (path.IsEmpty)
            return exchange.Collection(
                "servicePrincipals",
                EntityType.ServicePrincipal,
                state.All(Kind.ServicePrincipal).Select(Shown),
                also: Also(exchange)
            );
        return path.Length == 1 && state.Find(Kind.ServicePrincipal, path[0]) is { } principal
            ? exchange.Entity(200, "servicePrincipals", EntityType.ServicePrincipal, Shown(principal), Also(exchange))
            : exchange.NotFound(path[0]);
    }

    /// <summary>The one thing that may be expanded here; null where the request wants nothing.</summary>
    private static string? Also(Exchange exchange) =>
        exchange.Request.Parameter("$expand") is Owners or Owners + "($select=id)" ? Owners : null;

    /// <summary>With the owners, who are people or service principals.</summary>
    private JsonObject Shown(JsonObject document)
    {
        if (document["_owners"] is not JsonArray owners)
            return document;
        var shown = document.DeepClone().AsObject();
        shown[Owners] = new JsonArray([
            .. owners.Select(o =>
                (JsonNode)
                    new JsonObject
                    {
                        ["@odata.type"] = state.Find(Kind.User, (string)o!) is null
                            ? "#microsoft.graph.servicePrincipal"
                            : "#microsoft.graph.user",
                        ["id"] = (string)o!,
                    }
            ),
        ]);
        return shown;
    }

    /// <param name="type">"Application", "ManagedIdentity"; "AgentIdentity" for an agent, which is a type of its own.</param>
    internal static JsonObject NewPrincipal(string id, string? appId, string name, string type)
    {
        var principal = new JsonObject();
        if (type == "AgentIdentity")
            principal["@odata.type"] = "#microsoft.graph.agentIdentity";
        principal["id"] = id;
        principal["appId"] = appId;
        principal["displayName"] = name;
        principal["accountEnabled"] = true;
        principal["servicePrincipalType"] = type == "AgentIdentity" ? "ServiceIdentity" : type;
        return principal;
    }

    internal static JsonObject NewApplication(string id, string appId, string name, DateTimeOffset now, params string[] keyIds) =>
        new()
        {
            ["id"] = id,
            ["appId"] = appId,
            ["displayName"] = name,
            ["createdDateTime"] = GraphUsers.Stamp(now.AddDays(-400)),
            ["keyCredentials"] = new JsonArray(),
            ["passwordCredentials"] = new JsonArray([
                .. keyIds.Select(
                    (keyId, i) =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["customKeyIdentifier"] = null,
                                ["displayName"] = $"secret {i + 1}",
                                ["endDateTime"] = GraphUsers.Stamp(now.AddDays(90)),
                                ["hint"] = "Xy7",
                                ["keyId"] = keyId,
                                ["secretText"] = null,
                                ["startDateTime"] = GraphUsers.Stamp(now.AddDays(-90)),
                            }
                ),
            ]),
        };

    private TenantResponse RemovePassword(Exchange exchange, JsonObject application)
    {
        if ((string?)exchange.ReadBody()?["keyId"] is not { } keyId || !Guid.TryParse(keyId, out _))
            return exchange.BadBody();
        var keys = application["passwordCredentials"]!.AsArray();
        var id = (string)application["id"]!;
        if (keys.FirstOrDefault(k => keyId.Equals((string?)k!["keyId"], StringComparison.OrdinalIgnoreCase)) is not { } key)
        {
            return exchange.Error(400, "Request_BadRequest", $"No password credential found with keyId '{keyId}'.");
        }
        keys.Remove(key);
        state.Put(Kind.Application, id, application);
        state.Record("application.removePassword", id, keyId, changed: true);
        return exchange.NoContent();
    }
}

using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>Microsoft.SecurityInsights incidents and their comments, as far as they are read, commented and labelled.</summary>
internal sealed class ArmIncidents(TenantState state)
{
    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "incidents".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty || state.Find(Kind.SentinelIncident, path[0]) is not { } incident)
            return exchange.NotFound(path.IsEmpty ? "" : path[0]);
        return (exchange.Request.Method, path.Length) switch
        {
            ("GET", 1) => exchange.Json(200, incident.DeepClone()),
            ("PUT", 1) => Change(exchange, path[0], incident),
            ("PUT", 3) when path[1] == "comments" => Comment(exchange, path[0], path[2]),
            _ => exchange.MethodNotAllowed(),
        };
    }

    private TenantResponse Change(Exchange exchange, string name, JsonObject incident)
    {
        if (exchange.ReadBody() is not { } body || body["properties"] is not JsonObject properties)
            return exchange.BadBody();
        if ((string?)body["etag"] is { } etag && etag != (string?)incident["etag"])
            return exchange.Error(412, "PreconditionFailed", "The etag does not match.");
        incident["properties"] = properties.DeepClone();
        incident["etag"] = $"\"{exchange.RequestId}\"";
        state.Put(Kind.SentinelIncident, name, incident);
        state.Record("sentinelIncident.change", name, properties.ToJsonString(), changed: true);
        return exchange.Json(200, incident.DeepClone());
    }

    private TenantResponse Comment(Exchange exchange, string name, string id)
    {
        if (exchange.ReadBody() is not { } body || (string?)body["properties"]?["message"] is not { Length: > 0 } message)
            return exchange.BadBody();
        var key = $"{name}/{id}";
        var known = state.Find(Kind.SentinelComment, key) is { } before && (string?)before["message"] == message;
        state.Put(Kind.SentinelComment, key, new JsonObject { ["message"] = message });
        state.Record("sentinelIncident.comment", name, message, changed: !known);
        var answer = new JsonObject
        {
            ["name"] = id,
            ["properties"] = new JsonObject { ["message"] = message },
        };
        return exchange.Json(known ? 200 : 201, answer);
    }
}

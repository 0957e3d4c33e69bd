using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// Paging in the form of PagerDuty's Events API v2: `POST /pager/v2/enqueue`. Events with the same dedup_key are one page; `GET
/// /pager/pages` shows them.
/// </summary>
internal sealed class Pager(TenantState state)
{
    private static readonly string[] Severities = ["critical", "error", "warning", "info"];

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "pager".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path) =>
        (exchange.Request.Method, string.Join('/', path)) switch
        {
            ("POST", "v2/enqueue") => Enqueue(exchange),
            ("GET", "pages") => exchange.Json(
                200,
                new JsonObject { ["pages"] = new JsonArray([.. state.All(Kind.Page).Select(p => p.DeepClone())]) }
            ),
            _ => exchange.Json(404, new JsonObject { ["status"] = "not found" }),
        };

    private TenantResponse Enqueue(Exchange exchange)
    {
        if (exchange.ReadBody() is not { } body)
            return Invalid(exchange, ["Event is not a JSON object"]);
        if (Check(body) is { Count: > 0 } errors)
            return Invalid(exchange, errors);
        var action = (string)body["event_action"]!;
        var key = (string?)body["dedup_key"] ?? string.Create(CultureInfo.InvariantCulture, $"{state.NextSequence:x32}");
        var page = state.Find(Kind.Page, key);
        var status = action switch
        {
            "trigger" => "triggered",
            "acknowledge" => "acknowledged",
            _ => "resolved",
        };
        // As PagerDuty does: acknowledging or resolving what is not open is accepted and does nothing.
        var open = page is not null && (string?)page["status"] != "resolved";
        var changed = action == "trigger" ? !open : open && (string?)page!["status"] != status;
        if (action == "trigger" && !open)
        {
            page = new JsonObject
            {
                ["dedup_key"] = key,
                ["status"] = status,
                ["first"] = GraphUsers.Stamp(exchange.Now),
                ["events"] = 0,
            };
        }
        if (page is not null)
        {
            if (changed)
                page["status"] = status;
            page["events"] = (int)page["events"]! + 1;
            if (body["payload"] is { } payload)
                page["payload"] = payload.DeepClone();
            state.Put(Kind.Page, key, page);
        }
        state.Record($"page.{action}", key, (string?)body["payload"]?["summary"] ?? "", changed);
        return exchange.Json(
            202,
            new JsonObject
            {
                ["status"] = "success",
                ["message"] = "Event processed",
                ["dedup_key"] = key,
            }
        );
    }

    private static List<string> Check(JsonObject body)
    {
        var errors = new List<string>();
        var action = (string?)body["event_action"];
        if ((string?)body["routing_key"] is not { Length: 32 })
            errors.Add("Length of 'routing_key' is incorrect (should be 32 characters)");
        if (action is not ("trigger" or "acknowledge" or "resolve"))
            errors.Add("'event_action' is invalid (must be one of: trigger, acknowledge, resolve)");
        if ((string?)body["dedup_key"] is { Length: > 255 })
            errors.Add("Length of 'dedup_key' is incorrect (should be at most 255 characters)");
        if (action is "acknowledge" or "resolve" && body["dedup_key"] is null)
            errors.Add("'dedup_key' is missing or blank");
        if (action != "trigger")
            return errors;
        if (body["payload"] is not JsonObject payload)
            return [.. errors, "'payload' is missing or blank"];
        if ((string?)payload["summary"] is not { Length: > 0 and <= 1024 })
            errors.Add("'payload.summary' is missing or longer than 1024 characters");
        if ((string?)payload["source"] is not { Length: > 0 })
            errors.Add("'payload.source' is missing or blank");
        if (!Severities.Contains((string?)payload["severity"]))
            errors.Add("'payload.severity' is invalid (must be one of: critical, error, warning, info)");
        return errors;
    }

    private static TenantResponse Invalid(Exchange exchange, IEnumerable<string> errors) =>
        exchange.Json(
            400,
            new JsonObject
            {
                ["status"] = "invalid event",
                ["message"] = "Event object is invalid",
                ["errors"] = new JsonArray([.. errors.Select(e => (JsonNode)e)]),
            }
        );
}

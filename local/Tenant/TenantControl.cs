using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// `/local/tenant`: orders to misbehave and a look at what happened. `PUT /local/tenant/faults` takes one fault or a list and replaces all.
/// </summary>
internal sealed class TenantControl(TenantFaults faults, TenantJournal journal)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public TenantResponse Handle(Exchange exchange) =>
        (exchange.Request.Method, string.Join('/', exchange.Request.Segments)) switch
        {
            ("GET", "local/tenant/faults") => Shown(exchange),
            ("PUT", "local/tenant/faults") => Replace(exchange),
            ("DELETE", "local/tenant/faults") => Clear(exchange),
            ("GET", "local/tenant/journal") => exchange.Json(200, JsonSerializer.SerializeToNode(journal.Entries, Options)!),
            _ => exchange.Error(404, "NotFound", "There are /local/tenant/faults and /local/tenant/journal."),
        };

    private TenantResponse Replace(Exchange exchange)
    {
        Fault[] wanted;
        try
        {
            var node = JsonNode.Parse(exchange.Request.Body.Span);
            wanted = node is JsonArray ? node.Deserialize<Fault[]>(Options)! : [node.Deserialize<Fault>(Options)!];
        }
        catch (JsonException e)
        {
            const string example = """{"kind": "Throttle", "path": "/graph/*", "method": "PATCH", "count": 2, "seconds": 1}""";
            return exchange.Error(400, "BadRequest", $"A fault is {example}: {e.Message}");
        }
        if (wanted.Contains(null!))
            return exchange.Error(400, "BadRequest", "A fault is an object.");
        var before = faults.Planned;
        faults.Clear();
        try
        {
            foreach (var fault in wanted)
                faults.Add(fault);
        }
        catch (ArgumentException e)
        {
            faults.Clear();
            foreach (var fault in before)
                faults.Add(fault);
            return exchange.Error(400, "BadRequest", e.Message);
        }
        return Shown(exchange);
    }

    private TenantResponse Clear(Exchange exchange)
    {
        faults.Clear();
        return exchange.NoContent();
    }

    private TenantResponse Shown(Exchange exchange) => exchange.Json(200, JsonSerializer.SerializeToNode(faults.Planned, Options)!);
}

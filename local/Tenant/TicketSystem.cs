using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// A small ticket system: `POST /itsm/tickets` with any fields and a title. The same Idempotency-Key gives the same ticket (201 the first
/// time, then 200), whatever the later body says. `POST /itsm/tickets/ID/comments` adds a comment, once for each Idempotency-Key.
/// </summary>
internal sealed class TicketSystem(TenantState state)
{
    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "itsm".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty || path[0] != "tickets" || path.Length > 3 || (path.Length == 3 && path[2] != "comments"))
            return Problem(exchange, 404, "not_found", "There are only /itsm/tickets here.");
        switch (exchange.Request.Method, path.Length)
        {
            case ("POST", 1):
                return Create(exchange);
            case ("GET", 1):
                return exchange.Json(
                    200,
                    new JsonObject { ["tickets"] = new JsonArray([.. state.All(Kind.Ticket).Select(t => t.DeepClone())]) }
                );
            case ("POST", 3):
                return Comment(exchange, path[1]);
            case ("GET", 2):
                return state.Find(Kind.Ticket, path[1]) is { } ticket
                    ? exchange.Json(200, ticket)
                    : Problem(exchange, 404, "not_found", $"There is no ticket {path[1]}.");
            default:
                return Problem(exchange, 405, "method_not_allowed", $"{exchange.Request.Method} is not allowed here.");
        }
    }

    private TenantResponse Create(Exchange exchange)
    {
        if (exchange.ReadBody() is not { } body || (string?)body["title"] is not { Length: > 0 })
        {
            return Problem(exchange, 400, "invalid_ticket", "A ticket is a JSON object with a title.");
        }
        var key = exchange.Request.IdempotencyKey;
        if (key is not null && state.Find(Kind.TicketKey, key) is { } earlier)
        {
            var same = state.Find(Kind.Ticket, (string)earlier["id"]!)!;
            state.Record("ticket.create", (string)same["id"]!, key, changed: false);
            return exchange.Json(200, same);
        }
        var id = string.Create(CultureInfo.InvariantCulture, $"INC{state.NextSequence:D7}");
        var ticket = body.DeepClone().AsObject();
        ticket["id"] = id;
        ticket["status"] = "open";
        ticket["createdAt"] = GraphUsers.Stamp(exchange.Now);
        if (key is not null)
            state.Put(Kind.TicketKey, key, new JsonObject { ["id"] = id });
        state.Put(Kind.Ticket, id, ticket);
        state.Record("ticket.create", id, key ?? "", changed: true);
        return exchange.Json(201, ticket);
    }

    private TenantResponse Comment(Exchange exchange, string id)
    {
        if (state.Find(Kind.Ticket, id)?.DeepClone() is not JsonObject ticket)
            return Problem(exchange, 404, "not_found", $"There is no ticket {id}.");
        if (exchange.ReadBody() is not { } body)
            return Problem(exchange, 400, "invalid_comment", "A comment is a JSON object.");
        var key = exchange.Request.IdempotencyKey ?? "";
        var comments = ticket["comments"] as JsonArray ?? [];
        var known = key.Length > 0 && comments.Any(c => (string?)c!["key"] == key);
        if (!known)
        {
            var comment = body.DeepClone().AsObject();
            comment["key"] = key;
            comments.Add(comment);
            ticket["comments"] = comments.DeepClone();
            state.Put(Kind.Ticket, id, ticket);
        }
        state.Record("ticket.comment", id, key, changed: !known);
        return exchange.Json(known ? 200 : 201, body);
    }

    private static TenantResponse Problem(Exchange exchange, int status, string code, string message) =>
        exchange.Json(
            status,
            new JsonObject
            {
                ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
            }
        );
}

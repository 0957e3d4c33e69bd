using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.People;

/// <summary>Where tickets go: POST JSON with an Idempotency-Key header; the answer carries "id".</summary>
public sealed record TicketPlace(Uri Tickets);

/// <summary>The ticket system.</summary>
public sealed class Tickets([FromKeyedServices(Tickets.Http)] HttpClient http, TicketPlace place)
{
    /// <summary>Name of its HTTP client.</summary>
    public const string Http = "tickets";

    // The narrowest of the usual ticket systems (Jira: summary 255 characters, description 32,767).
    private const int MaxTitle = 255;
    private const int MaxNote = 32_000;

    /// <summary>Opens a ticket; the same key is the same ticket.</summary>
    public async Task<string> OpenAsync(
        string key,
        string title,
        string note,
        string incident,
        string alertId,
        CancellationToken cancellation
    )
    {
        var body = new JsonObject
        {
            ["title"] = TextBounds.Cut(title, MaxTitle),
            ["description"] = TextBounds.Cut(note, MaxNote),
            ["incident"] = incident,
            ["alert"] = alertId,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Tickets) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await Faults.SendAsync(http, "opening a ticket", "access to the ticket system", request, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new PermanentFaultException("opening a ticket: the ticket system's address does not exist; check Tickets__Endpoint");
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return json.RootElement.TryGetProperty("id", out var id) ? $"ticket {id} opened" : "ticket opened";
    }
}

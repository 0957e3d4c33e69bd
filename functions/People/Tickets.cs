using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.People;

/// <summary>
/// Where tickets go: POST JSON with an Idempotency-Key header; the answer carries "id". Comments go to the same address with "/ID/comments"
/// behind it; a system that answers 404 or 405 there has none, and gets a ticket for each.
/// </summary>
public sealed record TicketPlace(Uri Tickets);

/// <summary>
/// The ticket system. Of tickets with the same title the first of an hour are opened for themselves; the others become comments of one
/// ticket, each with its incident and alert.
/// </summary>
public sealed class Tickets([FromKeyedServices(Tickets.Http)] HttpClient http, TicketPlace place, NoticeGroups groups)
{
    /// <summary>Name of its HTTP client.</summary>
    public const string Http = "tickets";

    // The narrowest of the usual ticket systems (Jira: summary 255 characters, description 32,767).
    private const int MaxTitle = 255;
    private const int MaxNote = 32_000;

    /// <summary>Tickets with one title that are opened for themselves in <see cref="Window"/>.</summary>
    public const int Alone = 5;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Opens a ticket, or in a flood adds to one; the same key is the same ticket.</summary>
    /// <returns>What was done, in words.</returns>
    /// <exception cref="TransientFaultException">The ticket system does not answer; it may later.</exception>
    /// <exception cref="PermanentFaultException">It refuses, or is not there.</exception>
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
        if (
            await JoinAsync(title, key, cancellation) is { } joined
            && await IdOfManyAsync(joined, title, cancellation) is { } many
            && await TryCommentAsync(many, key, body, cancellation)
        )
            return $"added to ticket {many}, which has all with this title since {TimeText.Utc(joined.Since)}";
        return await CreateAsync(key, body, cancellation) is { } id ? $"ticket {id} opened" : "ticket opened";
    }

    private async Task<JoinedNotice?> JoinAsync(string title, string key, CancellationToken cancellation)
    {
        try
        {
            return await groups.JoinAsync(new NoticeGroup($"ticket|{title}", Alone, Window), key, cancellation);
        }
        catch (Exception e) when (TableTrouble.Is(e))
        {
            return null;
        }
    }

    /// <summary>The ticket of this flood, opened by whoever needs it first.</summary>
    private Task<string?> IdOfManyAsync(JoinedNotice joined, string title, CancellationToken cancellation) =>
        CreateAsync(
            joined.Key,
            new JsonObject
            {
                ["title"] = TextBounds.Cut($"Many at once: {title}", MaxTitle),
                ["description"] =
                    $"From {TimeText.Utc(joined.Since)} to {TimeText.Utc(joined.Until)} more than {Alone} tickets with this title "
                    + "were to be opened. Each further one is a comment here, with its incident and its alert; "
                    + "where comments are refused, a ticket.",
            },
            cancellation
        );

    /// <returns>Its id; null where the answer has none.</returns>
    private async Task<string?> CreateAsync(string key, JsonObject body, CancellationToken cancellation)
    {
        using var response = await SendAsync(place.Tickets, key, body, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new PermanentFaultException("opening a ticket: the ticket system's address does not exist; check Tickets__Endpoint");
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return json.RootElement.TryGetProperty("id", out var id) ? id.ToString() : null;
    }

    /// <returns>False where the ticket system has no comments.</returns>
    private async Task<bool> TryCommentAsync(string ticket, string key, JsonObject body, CancellationToken cancellation)
    {
        var at = new UriBuilder(place.Tickets);
        at.Path = $"{at.Path.TrimEnd('/')}/{Uri.EscapeDataString(ticket)}/comments";
        using var response = await SendAsync(at.Uri, key, body, cancellation);
        return response.IsSuccessStatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(Uri to, string key, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, to) { Content = JsonContent.Create(body.DeepClone()) };
        request.Headers.Add("Idempotency-Key", key);
        return await Faults.SendAsync(
            http,
            "opening a ticket",
            "access to the ticket system",
            request,
            cancellation,
            HttpStatusCode.MethodNotAllowed
        );
    }
}

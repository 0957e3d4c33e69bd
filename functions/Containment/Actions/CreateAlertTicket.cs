using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Safeguards;
using IRFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Containment;

/// <summary>Where tickets go: POST JSON with an Idempotency-Key header; the answer carries "id".</summary>
public sealed record TicketPlace(Uri Tickets);

/// <summary>Opens a ticket for an analyst. Nothing to undo: a ticket is closed by people.</summary>
public sealed class CreateAlertTicket([FromKeyedServices(CreateAlertTicket.Http)] HttpClient http, TicketPlace place) : IContainmentAction
{
    /// <summary>Name of its HTTP client.</summary>
    public const string Http = "tickets";

    // The narrowest of the usual ticket systems (Jira: summary 255 characters, description 32,767).
    private const int MaxTitle = 255;
    private const int MaxNote = 32_000;

    public ActionCapability Capability { get; } = new("create_alert_ticket", "alert", Reversible: false);

    public string Permission => "access to the ticket system";

    public string Captures => "nothing";

    public string Through => "ticket system";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody"));

    public Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new PriorState { AlreadySo = false, Summary = "no ticket yet" });

    public Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        OpenAsync(order.Id, order.Title, order.Note, order.Incident, order.Decision.Target.Id, cancellation);

    /// <summary>Opens a ticket; the same key is the same ticket.</summary>
    public async Task<string> OpenAsync(string key, string title, string note, string incident, string alertId, CancellationToken cancellation)
    {
        var body = new JsonObject { ["title"] = TextBounds.Cut(title, MaxTitle), ["description"] = TextBounds.Cut(note, MaxNote), ["incident"] = incident, ["alert"] = alertId };
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Tickets) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await Faults.SendAsync(http, "opening a ticket", Permission, request, cancellation);
        if (!response.IsSuccessStatusCode) throw new PermanentFaultException("opening a ticket: the ticket system's address does not exist; check Tickets__Endpoint");
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        return json.RootElement.TryGetProperty("id", out var id) ? $"ticket {id} opened" : "ticket opened";
    }

    /// <summary>The ticket id in its answer is all the contract gives; it cannot be read back.</summary>
    public Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) => Task.FromResult<bool?>(null);

    public Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation) =>
        Task.FromResult(new RollbackReport(false, "a ticket is closed by people, not undone"));
}

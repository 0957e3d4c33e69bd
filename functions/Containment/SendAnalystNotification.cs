using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IRFunctions.Policies;

namespace IRFunctions.Containment;

/// <summary>Where people are paged: PagerDuty Events API v2 form, which most pagers accept.</summary>
/// <param name="Enqueue">POST address.</param>
/// <param name="RoutingKey">Integration key; a secret, from configuration only.</param>
public sealed record PagerPlace(Uri Enqueue, string RoutingKey);

/// <summary>Sends one page; the same key twice is one page.</summary>
public sealed class Pager(HttpClient http, PagerPlace place)
{
    private const int MaxSummary = 1024; // PagerDuty Events API v2: payload.summary is cut at 1,024 characters.

    public async Task PageAsync(string key, string summary, string severity, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["routing_key"] = place.RoutingKey, ["event_action"] = "trigger", ["dedup_key"] = key,
            ["payload"] = new JsonObject
            {
                ["summary"] = summary.Length > MaxSummary ? summary[..MaxSummary] : summary, ["source"] = "IRFunctions", ["severity"] = severity,
            },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Enqueue) { Content = JsonContent.Create(body) };
        using var response = await Faults.SendAsync(http, "paging", "a valid routing key", request, cancellation);
        if (!response.IsSuccessStatusCode) throw new PermanentFault("paging: the pager's address does not exist; check Pager__Endpoint");
    }
}

/// <summary>Tells an analyst. Nothing to undo.</summary>
public sealed class SendAnalystNotification(Pager pager) : IContainmentAction
{
    public ActionCapability Capability { get; } = new("send_analyst_notification", "alert", Reversible: false);

    public string Permission => "access to the pager";

    public Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new PriorState { AlreadySo = false, Summary = "nobody was told yet" });

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        await pager.PageAsync(order.Id, $"{order.Title}: {order.Note}", "warning", cancellation);
        return "the analyst on call was notified";
    }

    /// <summary>The pager's acceptance (202) is the proof there is.</summary>
    public Task<bool> VerifyAsync(ContainmentOrder order, CancellationToken cancellation) => Task.FromResult(true);

    public Task<UndoReport> UndoAsync(UndoOrder order, CancellationToken cancellation) =>
        Task.FromResult(new UndoReport(false, "a notification cannot be taken back"));
}

using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Samples;

/// <summary>
/// What the caller does while nobody can be asked. A choice of the caller's, for each kind of request, written down before it is needed.
/// </summary>
public enum WhenUnreachable
{
    /// <summary>Deny: for whatever moves money, data or rights.</summary>
    FailClosed,

    /// <summary>Let it through: only for reads whose absence would hurt more than a stolen key.</summary>
    FailOpen,
}

/// <summary>The gate's answer, or the caller's own where there was none.</summary>
/// <param name="Verdict">"Allow", "Limited" or "Deny".</param>
/// <param name="IsOwn">True where the gate could not be asked.</param>
public sealed record GateReply(string Verdict, string Reason, double? ForSeconds, [property: JsonIgnore] bool IsOwn = false);

/// <summary>
/// A client of the gate to copy from: asks before each request, waits 50 ms at most, keeps a deny for as long as the gate said, and while
/// the gate cannot be reached does what the caller decided beforehand. A deny that still stands outlives the gate: an attacker gains
/// nothing by cutting it off.
/// </summary>
public sealed class GateClient(HttpClient http, string identity, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private readonly Lock gate = new();
    private (GateReply Reply, DateTimeOffset Until)? denied;

    public async Task<GateReply> AskAsync(string endpoint, WhenUnreachable policy, CancellationToken cancellation = default)
    {
        if (StillDenied() is { } kept)
            return kept;
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var answer = await http.PostAsJsonAsync(
                $"api/identities/{Uri.EscapeDataString(identity)}/evaluate",
                new { endpoint, identityType = "ai_agent" },
                both.Token
            );
            answer.EnsureSuccessStatusCode();
            var reply =
                await answer.Content.ReadFromJsonAsync<GateReply>(both.Token)
                ?? throw new HttpRequestException("the gate answered nothing");
            Keep(reply);
            return reply;
        }
        catch (Exception e)
            when (e is HttpRequestException or System.Text.Json.JsonException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            return policy == WhenUnreachable.FailClosed
                ? new GateReply("Deny", $"the gate cannot be reached ({e.Message}); this kind of request fails closed", null, IsOwn: true)
                : new GateReply("Limited", $"the gate cannot be reached ({e.Message}); this kind of request fails open", null, IsOwn: true);
        }
    }

    private GateReply? StillDenied()
    {
        lock (gate)
            return denied is { } known && time.GetUtcNow() < known.Until ? known.Reply : null;
    }

    private void Keep(GateReply reply)
    {
        lock (gate)
            denied = reply is { Verdict: "Deny", ForSeconds: { } seconds }
                ? (reply, time.GetUtcNow() + TimeSpan.FromSeconds(seconds))
                : null;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;

namespace IRFunctions.Containment.Actions;

/// <summary>Where the connector is and what its commands are signed with.</summary>
/// <param name="Endpoint">POST address, https except on this machine; null where there is no connector.</param>
/// <param name="KeyId">Tells the receiver which key; no secret.</param>
/// <param name="Key">Secret, from configuration only; at least 32 bytes.</param>
public sealed record ConnectorPlace(Uri? Endpoint, string KeyId, byte[] Key)
{
    private const int LeastKey = 32;

    /// <exception cref="InvalidOperationException">The settings cannot be used; the message names them.</exception>
    public static ConnectorPlace From(string? endpoint, string? keyId, string? key)
    {
        if (string.IsNullOrWhiteSpace(endpoint))
            return new ConnectorPlace(null, "", []);
        var address = new Uri(endpoint);
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
            throw new InvalidOperationException("Connector__Endpoint must be https.");
        var secret = new byte[key?.Length ?? 0];
        if (!Convert.TryFromBase64String(key ?? "", secret, out var length) || length < LeastKey)
            throw new InvalidOperationException($"Connector__Key must be base64 of at least {LeastKey} random bytes.");
        return new ConnectorPlace(address, keyId ?? "1", secret[..length]);
    }
}

/// <summary>
/// Speaks to what Graph does not reach: firewalls, logging, in-house systems. One signed HTTPS request a command; the same idempotency key
/// is the same effect. A receiver that does not answer in time counts as not reached, and reading tells what became of it.
/// </summary>
public sealed class Connector(HttpClient http, ConnectorPlace place, TimeProvider time)
{
    /// <summary>Name of its HTTP client.</summary>
    public const string Http = "connector";

    /// <summary>Longest wait for one answer.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public const string Permission = "a connector key that the receiver accepts for this command (Connector__Key)";

    public Task<ConnectorState> ReadAsync(string what, JsonObject target, CancellationToken cancellation) =>
        StateAsync($"reading {what}", OpenC2.Query(Fingerprint.Of("query", target.ToJsonString()), target), cancellation);

    /// <summary>
    /// Who holds what we change, as the receiver is told: the containment, not one incident's order. What was put back by hand and done
    /// again for a second incident is thus still ours to undo with the state that the first one captured.
    /// </summary>
    public static string HolderOf(Decision decision) => Fingerprint.Of("holder", decision.Action, decision.Target.Key);

    /// <param name="prior">As captured; its value is the <see cref="ConnectorState"/> before, held by whom the restore will name.</param>
    public Task<ConnectorState> DoAsync(
        string what,
        string action,
        JsonObject target,
        ContainmentOrder order,
        PriorState prior,
        CancellationToken cancellation
    )
    {
        var holder = JsonSerializer.Deserialize<ConnectorState>(prior.Value!)!.HeldBy!;
        return StateAsync(what, OpenC2.Do(action, $"{order.Id}-do", target, holder, order.Decision.MaxDuration), cancellation);
    }

    /// <summary>Restores; null where the receiver says that somebody else changed it meanwhile.</summary>
    public async Task<ConnectorState?> RestoreAsync(
        string what,
        JsonObject target,
        ConnectorState prior,
        RollbackOrder order,
        CancellationToken cancellation
    )
    {
        // The same for every attempt of one undo and for none after it: what was done again meanwhile needs a restore of its own.
        var once = string.Create(CultureInfo.InvariantCulture, $"{prior.HeldBy}-undo-{order.Generation}-{order.AskedAt?.UtcTicks}");
        var (status, results) = await SendAsync(what, OpenC2.Restore(once, target, prior.HeldBy!, prior.State), cancellation);
        return status == HttpStatusCode.Conflict ? null : ConnectorState.Of(results);
    }

    /// <summary>Asks whether the reverse would be permitted.</summary>
    /// <exception cref="PermanentFaultException">It would not.</exception>
    public async Task<string> ProbeAsync(JsonObject target, CancellationToken cancellation)
    {
        var kind = target.First().Key;
        var (_, results) = await SendAsync("asking the connector what it permits", OpenC2.QueryPairs("pairs"), cancellation);
        var permitted =
            results.ValueKind == JsonValueKind.Object
            && results.TryGetProperty("pairs", out var pairs)
            && pairs.TryGetProperty("restore", out var kinds)
            && kinds.EnumerateArray().Any(k => k.GetString() == kind);
        return permitted
            ? $"the connector permits restore on {kind}"
            : throw new PermanentFaultException(
                $"the connector does not permit restore on {kind}. Nothing was done, since it could not be undone"
            );
    }

    private async Task<ConnectorState> StateAsync(string what, JsonObject command, CancellationToken cancellation)
    {
        var (status, results) = await SendAsync(what, command, cancellation);
        return status == HttpStatusCode.Conflict
            ? throw new PermanentFaultException($"{what}: the connector says that somebody else changed it meanwhile")
            : ConnectorState.Of(results);
    }

    private async Task<(HttpStatusCode Status, JsonElement Results)> SendAsync(
        string what,
        JsonObject command,
        CancellationToken cancellation
    )
    {
        if (place.Endpoint is not { } endpoint)
            throw new PermanentFaultException($"{what}: no connector is configured; set Connector__Endpoint and Connector__Key");
        var body = JsonSerializer.SerializeToUtf8Bytes(command);
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/openc2-cmd+json;version=1.0");
        request.Headers.Add(ConnectorSignature.KeyHeader, place.KeyId);
        request.Headers.Add(ConnectorSignature.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(ConnectorSignature.SignatureHeader, ConnectorSignature.Of(place.Key, timestamp, body));
        request.Headers.Add("Idempotency-Key", (string)command["command_id"]!);
        using var response = await Faults.SendAsync(http, what, Permission, request, cancellation, HttpStatusCode.Conflict);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new PermanentFaultException($"{what}: the connector's address does not exist; check Connector__Endpoint");
        try
        {
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
            return (response.StatusCode, json.RootElement.TryGetProperty("results", out var results) ? results.Clone() : default);
        }
        catch (JsonException e)
        {
            throw new PermanentFaultException($"{what}: the connector's answer is not JSON; see docs/connector.md", e);
        }
    }
}

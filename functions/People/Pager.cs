using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Connections;

namespace IRFunctions.People;

/// <summary>Where people are paged: PagerDuty Events API v2 form, which most pagers accept.</summary>
/// <param name="Enqueue">POST address.</param>
/// <param name="RoutingKey">Integration key; a secret, from configuration only.</param>
public sealed record PagerPlace(Uri Enqueue, string RoutingKey)
{
    /// <summary>Integration keys of rungs that have one of their own, by name: each rung's own phones ring.</summary>
    public IReadOnlyDictionary<string, string> RungKeys { get; init; } = new Dictionary<string, string>();

    /// <summary>"secondary=KEY;manager=KEY".</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static IReadOnlyDictionary<string, string> KeysOf(string? text)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (
                part.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } rung, { Length: > 0 } key]
                || !keys.TryAdd(rung, key)
            )
                throw new FormatException("Pager__RungKeys: write RUNG=KEY, separated by semicolons, each rung once.");
        return keys;
    }
}

/// <summary>How urgent a page is: the severities of PagerDuty Events v2.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageSeverity>))]
public enum PageSeverity
{
    Info,
    Warning,
    Error,
    Critical,
}

/// <summary>Sends one page; the same key twice is one page.</summary>
public sealed class Pager(HttpClient http, PagerPlace place)
{
    private const int MaxSummary = 1024; // PagerDuty Events API v2: payload.summary is cut at 1,024 characters.
    private const int MaxKey = 255; // and dedup_key holds 255.

    public async Task PageAsync(string key, string summary, PageSeverity severity, CancellationToken cancellation, string? rung = null)
    {
        var body = new JsonObject
        {
            ["routing_key"] = rung is null ? place.RoutingKey : place.RungKeys.GetValueOrDefault(rung, place.RoutingKey),
            ["event_action"] = "trigger",
            ["dedup_key"] = key.Length <= MaxKey ? key : $"{key[..TextBounds.Whole(key, MaxKey - 40)]}-{Fingerprint.Of(key)}",
            ["payload"] = new JsonObject
            {
                ["summary"] = TextBounds.Cut(summary, MaxSummary),
                ["source"] = "IRFunctions",
                ["severity"] = severity.ToString().ToLowerInvariant(),
            },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Enqueue) { Content = JsonContent.Create(body) };
        using var response = await Faults.SendAsync(http, "paging", "a valid routing key", request, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new PermanentFaultException("paging: the pager's address does not exist; check Pager__Endpoint");
    }
}

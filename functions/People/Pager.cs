using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Storage;

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

/// <summary>
/// Sends one page; the same key twice is one page. In a flood, pages of one kind and severity ring once more and then no longer: each is
/// still sent, under one key, so that the pager's log has them all.
/// </summary>
public sealed class Pager(HttpClient http, PagerPlace place, NoticeGroups groups)
{
    /// <summary>Pages of one kind and severity that ring for themselves in <see cref="Window"/>.</summary>
    public const int Alone = 3;

    /// <summary>Shorter than the 15 minutes of a request: whoever does not hear of one was rung before its deadline.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private const int MaxSummary = 1024; // PagerDuty Events API v2: payload.summary is cut at 1,024 characters.
    private const int MaxKey = 255; // and dedup_key holds 255.

    /// <param name="about">What pages that may be joined have in common besides kind and severity; never an attacker's words.</param>
    /// <param name="rung">Whose phones ring where the rung has a key of its own; null for the usual one.</param>
    /// <returns>Whether it goes out for itself, or as the first of those that are joined.</returns>
    /// <exception cref="TransientFaultException">The pager does not answer; it may later.</exception>
    /// <exception cref="PermanentFaultException">It refuses, or is not there.</exception>
    public async Task<bool> PageAsync(
        string key,
        string summary,
        PageSeverity severity,
        CancellationToken cancellation,
        PageKind kind = PageKind.Unjoined,
        string about = "",
        string? rung = null
    )
    {
        var joined = kind == PageKind.Unjoined ? null : await JoinAsync(key, $"page|{kind}|{severity}|{about}|{rung}", cancellation);
        await SendAsync(joined?.Key ?? key, joined is null ? summary : Joined(joined, summary), severity, rung, cancellation);
        return joined is null or { First: true };
    }

    private async Task<JoinedNotice?> JoinAsync(string key, string group, CancellationToken cancellation)
    {
        try
        {
            return await groups.JoinAsync(new NoticeGroup(group, Alone, Window), key, cancellation);
        }
        catch (Exception e) when (TableTrouble.Is(e))
        {
            return null; // Rather once too often.
        }
    }

    private static string Joined(JoinedNotice joined, string summary) =>
        joined.First
            ? $"MANY AT ONCE: until {TimeText.Utc(joined.Until)} further pages like this one are joined to it and do not ring. "
                + $"Look at what waits and at what is in effect. Now: {summary}"
            : $"(number {joined.Number} since {TimeText.Utc(joined.Since)}) {summary}";

    private async Task SendAsync(string key, string summary, PageSeverity severity, string? rung, CancellationToken cancellation)
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

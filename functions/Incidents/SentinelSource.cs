using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Incidents;

/// <summary>
/// Incidents of our own Sentinel workspace, whose address is that of the watchlist setting: never one that an alert names. Source:
/// Microsoft.SecurityInsights 2024-09-01, Incident Comments - Create Or Update, Incidents - Create Or Update.
/// </summary>
public sealed class SentinelSource([FromKeyedServices(SentinelSource.Arm)] HttpClient arm)
{
    /// <summary>Name of the HTTP client, which is the watchlist's.</summary>
    public const string Arm = "arm";

    private const string ApiVersion = "2024-09-01";
    private const string Role = "the role Microsoft Sentinel Contributor on the workspace";

    /// <param name="incident">The incident's name, a GUID.</param>
    /// <exception cref="PermanentFaultException">It is not there, or may not be changed.</exception>
    /// <exception cref="TransientFaultException">It cannot be changed now.</exception>
    public async Task TellAsync(string incident, SourceNote note, CancellationToken cancellation)
    {
        if (!Guid.TryParseExact(incident, "D", out _))
            throw new PermanentFaultException("telling Sentinel what was done: the incident's name is no GUID");
        // The comment's id is derived, so that a second PUT is the same comment.
        var comment = new Guid(Convert.FromHexString(Fingerprint.Of(incident, note.Mark) + "00000000"));
        await SendAsync(
            HttpMethod.Put,
            $"{incident}/comments/{comment}",
            new JsonObject { ["properties"] = new JsonObject { ["message"] = note.Comment } },
            cancellation
        );
        if (note.Tags.Count == 0 && !note.InProgress && !note.TruePositive)
            return;
        var now = await SendAsync(HttpMethod.Get, incident, null, cancellation);
        if (Changed(now, note) is { } changed)
            await SendAsync(HttpMethod.Put, incident, changed, cancellation);
    }

    /// <summary>The incident with what is ours; null where it has all of it. Its etag keeps what somebody else changes meanwhile.</summary>
    private static JsonObject? Changed(JsonObject now, SourceNote note)
    {
        var properties = now["properties"]!.DeepClone().AsObject();
        var labels = (properties["labels"] as JsonArray)?.DeepClone().AsArray() ?? [];
        var known = labels.Select(l => (string?)l?["labelName"] ?? "").ToList();
        var changes = 0;
        foreach (var tag in note.Tags.Except(known, StringComparer.OrdinalIgnoreCase))
        {
            labels.Add(new JsonObject { ["labelName"] = tag, ["labelType"] = "User" });
            changes++;
        }
        properties["labels"] = labels;
        if (note.InProgress && (string?)properties["status"] == "New")
        {
            properties["status"] = "Active";
            changes++;
        }
        // Sentinel classifies what is closed only, and closing is people's.
        return changes == 0 ? null : new JsonObject { ["etag"] = now["etag"]?.DeepClone(), ["properties"] = properties };
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, AddressOf(path));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var response = await Faults.SendAsync(arm, "telling Sentinel what was done", Role, request, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new PermanentFaultException("telling Sentinel what was done: the workspace has no such incident");
        return await response.Content.ReadFromJsonAsync<JsonObject>(cancellation) ?? [];
    }

    private Uri AddressOf(string path)
    {
        var list = arm.BaseAddress!.ToString();
        var at = list.LastIndexOf("/watchlists/", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            throw new PermanentFaultException("telling Sentinel what was done: Sentinel__Watchlist is no address of a watchlist");
        return new Uri($"{list[..at]}/incidents/{path}?api-version={ApiVersion}");
    }
}

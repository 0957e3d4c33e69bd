using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Serialization;

namespace IRFunctions.Incidents;

/// <summary>
/// Alerts and incidents of Defender XDR, as Graph lets them be changed. Reads first, so that a second call changes nothing. Source: Graph
/// v1.0, "Update alert", "Update incident", "Create comment for alert", "Create comment for incident".
/// </summary>
public sealed class GraphSource(GraphServiceClient graph, GraphConnection connection)
{
    /// <summary>Least privilege for changing alerts.</summary>
    public const string AlertsPermission = "SecurityAlert.ReadWrite.All";

    /// <summary>Least privilege for changing incidents.</summary>
    public const string IncidentsPermission = "SecurityIncident.ReadWrite.All";

    private static readonly Dictionary<string, ParsableFactory<IParsable>> Errors = new()
    {
        ["XXX"] = ODataError.CreateFromDiscriminatorValue,
    };

    /// <exception cref="PermanentFaultException">It is not there, or may not be changed.</exception>
    /// <exception cref="TransientFaultException">It cannot be changed now.</exception>
    public Task TellAlertAsync(string id, SourceNote note, CancellationToken cancellation) =>
        TellAsync("alerts_v2", id, AlertsPermission, note, cancellation);

    /// <inheritdoc cref="TellAlertAsync"/>
    public Task TellIncidentAsync(string id, SourceNote note, CancellationToken cancellation) =>
        TellAsync("incidents", id, IncidentsPermission, note, cancellation);

    /// <summary>Tags belong to incidents; their alerts have none.</summary>
    /// <inheritdoc cref="TellAlertAsync"/>
    public async Task TagIncidentAsync(string id, SourceNote note, CancellationToken cancellation)
    {
        var now = await SendAsync(Method.GET, $"incidents/{Uri.EscapeDataString(id)}", IncidentsPermission, null, cancellation);
        if (TagsOf(now, note) is { } tags)
            await SendAsync(
                Method.PATCH,
                $"incidents/{Uri.EscapeDataString(id)}",
                IncidentsPermission,
                new JsonObject { ["customTags"] = tags },
                cancellation
            );
    }

    private async Task TellAsync(string set, string id, string permission, SourceNote note, CancellationToken cancellation)
    {
        var path = $"{set}/{Uri.EscapeDataString(id)}";
        var now = await SendAsync(Method.GET, path, permission, null, cancellation);
        if (!Has(now, note.Mark))
            await SendAsync(
                Method.POST,
                $"{path}/comments",
                permission,
                new JsonObject { ["@odata.type"] = "microsoft.graph.security.alertComment", ["comment"] = note.Comment },
                cancellation
            );
        var changes = new JsonObject();
        if (note.InProgress && Word(now, "status") is "new" or "active")
            changes["status"] = "inProgress";
        if (note.TruePositive && Word(now, "classification") is "" or "unknown")
            changes["classification"] = "truePositive";
        if (set == "incidents" && TagsOf(now, note) is { } tags)
            changes["customTags"] = tags;
        if (changes.Count > 0)
            await SendAsync(Method.PATCH, path, permission, changes, cancellation);
    }

    private static bool Has(JsonObject? item, string mark) =>
        (item?["comments"] as JsonArray)?.Any(c => ((string?)c?["comment"])?.Contains(mark, StringComparison.Ordinal) == true) == true;

    private static string Word(JsonObject? item, string name) => ((string?)item?[name] ?? "").ToLowerInvariant();

    /// <summary>Every tag there is and ours; null where ours are there already.</summary>
    private static JsonArray? TagsOf(JsonObject? item, SourceNote note)
    {
        var known = ((item?["customTags"] as JsonArray) ?? []).Select(t => (string?)t ?? "").ToList();
        var missing = note.Tags.Except(known, StringComparer.OrdinalIgnoreCase).ToList();
        return missing.Count == 0 ? null : [.. known.Concat(missing).Select(t => (JsonNode)t)];
    }

    private Task<JsonObject?> SendAsync(Method method, string path, string permission, JsonObject? body, CancellationToken cancellation) =>
        Faults.CallGraphAsync(
            $"telling {path[..path.IndexOf('/', StringComparison.Ordinal)]} of Defender XDR what was done",
            permission,
            async () =>
            {
                var request = new RequestInformation { HttpMethod = method, URI = new Uri($"{connection.Endpoint}/security/{path}") };
                request.Headers.Add("Accept", "application/json");
                if (body is not null)
                    request.SetStreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body.ToJsonString())), "application/json");
                await using var answer = await graph.RequestAdapter.SendPrimitiveAsync<Stream>(request, Errors, cancellation);
                return answer is null ? null : await ReadAsync(answer, cancellation);
            }
        );

    private static async Task<JsonObject?> ReadAsync(Stream answer, CancellationToken cancellation)
    {
        try
        {
            return await JsonNode.ParseAsync(answer, cancellationToken: cancellation) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // No body is an answer, too.
        }
    }
}

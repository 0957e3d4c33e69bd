using System.Globalization;
using System.Text.Json;
using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Serialization;

namespace IRFunctions.Incidents;

/// <summary>What Graph's security API can be asked for by time of change.</summary>
public enum DefenderFeedKind
{
    /// <summary>security/alerts_v2: each alert with its evidence.</summary>
    Alerts,

    /// <summary>security/incidents, without their alerts: where each stands, and into which it was merged.</summary>
    Incidents,
}

/// <summary>One alert or incident as Graph wrote it.</summary>
/// <param name="Changed">Its lastUpdateDateTime.</param>
public sealed record FeedItem(string Id, DateTimeOffset Changed, byte[] Body);

/// <summary>
/// Reads windows of time from Graph, as the bytes Graph sent. Neither list can be ordered by time of change, so that a window is read
/// whole or counts as unread. Source: Graph v1.0, "List alerts_v2" and "List incidents" ($filter on lastUpdateDateTime; $top to 2,000
/// and 50).
/// </summary>
public sealed class DefenderFeedReader(GraphServiceClient graph, GraphConnection connection)
{
    /// <summary>Least privilege for alerts.</summary>
    public const string AlertsPermission = "SecurityAlert.Read.All";

    /// <summary>Least privilege for incidents.</summary>
    public const string IncidentsPermission = "SecurityIncident.Read.All";

    /// <summary>More pages than this are a window too wide.</summary>
    public const int MostPages = 20;

    private const int Top = 50;

    private static readonly Dictionary<string, ParsableFactory<IParsable>> Errors = new()
    {
        ["XXX"] = ODataError.CreateFromDiscriminatorValue,
    };

    /// <summary>Everything that changed in the window, oldest first; null where it does not fit into the pages that are read.</summary>
    /// <param name="from">Included.</param>
    /// <param name="to">Not included.</param>
    /// <exception cref="PermanentFaultException">It cannot be read.</exception>
    /// <exception cref="TransientFaultException">It cannot be read now; the message may say how long to wait.</exception>
    public async Task<IReadOnlyList<FeedItem>?> ReadAsync(
        DefenderFeedKind kind,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        var items = new List<FeedItem>();
        var request = First(kind, $"lastUpdateDateTime ge {Stamp(from)} and lastUpdateDateTime lt {Stamp(to)}");
        for (var page = 1; ; page++)
        {
            if (page > MostPages)
                return null;
            var next = await ReadPageAsync(kind, request, items, cancellation);
            if (next is null)
                return [.. items.OrderBy(i => i.Changed)];
            // Where the next page is, is an answer's word: our token goes to Graph and nowhere else.
            if (!Uri.TryCreate(next, UriKind.Absolute, out var address) || address.Host != connection.Endpoint.Host)
                throw new PermanentFaultException($"reading {kind} from Graph: the next page is said to be at another host");
            request = new RequestInformation { HttpMethod = Method.GET, URI = address };
            request.Headers.Add("Accept", "application/json");
        }
    }

    private RequestInformation First(DefenderFeedKind kind, string filter) =>
        kind == DefenderFeedKind.Alerts
            ? graph.Security.Alerts_v2.ToGetRequestInformation(r =>
            {
                r.QueryParameters.Filter = filter;
                r.QueryParameters.Top = Top;
            })
            : graph.Security.Incidents.ToGetRequestInformation(r =>
            {
                r.QueryParameters.Filter = filter;
                r.QueryParameters.Top = Top;
            });

    /// <returns>Where the next page is; null after the last.</returns>
    private async Task<string?> ReadPageAsync(
        DefenderFeedKind kind,
        RequestInformation request,
        List<FeedItem> items,
        CancellationToken cancellation
    )
    {
        await using var body = await Faults.CallGraphAsync(
            $"reading {kind.ToString().ToLowerInvariant()} from Graph",
            kind == DefenderFeedKind.Alerts ? AlertsPermission : IncidentsPermission,
            async () =>
                await graph.RequestAdapter.SendPrimitiveAsync<Stream>(request, Errors, cancellation)
                ?? throw new TransientFaultException("reading from Graph: it answered without a body")
        );
        try
        {
            using var page = await JsonDocument.ParseAsync(body, cancellationToken: cancellation);
            foreach (var item in page.RootElement.GetProperty("value").EnumerateArray())
                items.Add(
                    new FeedItem(
                        item.GetProperty("id").GetString() ?? "",
                        item.GetProperty("lastUpdateDateTime").GetDateTimeOffset(),
                        JsonSerializer.SerializeToUtf8Bytes(item)
                    )
                );
            return page.RootElement.TryGetProperty("@odata.nextLink", out var next) ? next.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TransientFaultException($"reading from Graph: its answer is no list of {kind} ({e.Message})", e);
        }
    }

    private static string Stamp(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}

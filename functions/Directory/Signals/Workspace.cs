using System.Net.Http.Json;
using System.Text.Json;
using IRFunctions.Connections;

namespace IRFunctions.Directory.Signals;

/// <summary>
/// Where the workspace answers queries (setting Workspace__Query): https://api.loganalytics.io/v1/workspaces/ID/query. Null where there is
/// none; then its tables are not asked, and nothing is missing.
/// </summary>
public sealed record WorkspacePlace(Uri? Query);

/// <summary>
/// The Log Analytics query API (learn.microsoft.com/azure/azure-monitor/logs/api/request-format): KQL in, tables of columns and rows out.
/// </summary>
public sealed class Workspace(HttpClient http, WorkspacePlace place)
{
    /// <summary>Name of the HTTP client, which signs each request.</summary>
    public const string Http = "workspace";

    /// <remarks>Microsoft Sentinel Contributor, which add_ip_to_watchlist needs there, includes it.</remarks>
    public const string Role = "the role Log Analytics Reader on the workspace";

    public bool IsConfigured => place.Query is not null;

    /// <inheritdoc cref="Hunting.HabitsAsync"/>
    public async Task<IReadOnlyList<Habit>> HabitsAsync(HabitQuery query, IEnumerable<string> ids, CancellationToken cancellation)
    {
        string[] asked = [.. ids.Where(HabitQuery.IsId).Distinct(StringComparer.OrdinalIgnoreCase).Take(Hunting.MaxAtOnce)];
        if (asked.Length == 0)
            return [];
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Query)
        {
            Content = JsonContent.Create(new { query = query.For(asked), timespan = HabitQuery.Timespan }),
        };
        using var response = await Faults.SendAsync(http, "asking the workspace", Role, request, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new PermanentFaultException("asking the workspace: not found. Is the setting Workspace__Query its address?");
        try
        {
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
            return [.. RowsOf(json.RootElement).Select(HabitQuery.Read).OfType<Habit>()];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new PermanentFaultException("asking the workspace: its answer is no table", e);
        }
    }

    private static IEnumerable<Func<string, object?>> RowsOf(JsonElement root)
    {
        var table = root.GetProperty("tables").EnumerateArray().First();
        string[] columns = [.. table.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString() ?? "")];
        foreach (var row in table.GetProperty("rows").EnumerateArray())
        {
            JsonElement[] cells = [.. row.EnumerateArray()];
            yield return name => Array.IndexOf(columns, name) is >= 0 and var at && at < cells.Length ? cells[at].ToString() : null;
        }
    }
}

using System.ComponentModel;
using System.Globalization;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Http;

namespace IRFunctions.Incidents;

/// <summary>Which alerts are wanted. Everything given must hold.</summary>
public sealed record IncidentQuery : PageQuery
{
    [Description("What became of the alert.")]
    public Outcome? State { get; init; }

    [Description("Severity as its detector gave it.")]
    public Severity? Severity { get; init; }

    [Description("Part of the id or the name of a target that something was decided about, in any case.")]
    public string? Identity { get; init; }

    [Description("Words of the title, the alert's id or the assessment, in any case.")]
    public string? Text { get; init; }

    [Description("Opened at this time or later.")]
    public DateTimeOffset? From { get; init; }

    [Description("Opened before this time.")]
    public DateTimeOffset? To { get; init; }
}

/// <summary>
/// The table "incidentsbytime": alerts in the order in which they were opened, newest first, with what they are searched by. One
/// partition; a row's key never changes, so that a page is the same whatever happens to the alerts meanwhile.
/// </summary>
internal static class IncidentIndex
{
    public const string TableName = "incidentsbytime";

    private const string Partition = "all";
    private const int MaxText = 2_000;
    private const int MaxTargets = 8_000;

    /// <summary>Rows looked at for one page; a rare thing then takes more pages, some of them empty.</summary>
    private const int MostLookedAt = 20_000;

    /// <summary>Where an alert stands.</summary>
    public readonly record struct Place(string Incident, int Number);

    public static TableEntity RowOf(IncidentView view) =>
        new(Partition, $"{Before(view.OpenedAt)}|{view.Incident}|{view.Number:D6}")
        {
            ["Outcome"] = view.Outcome.ToString(),
            ["Severity"] = view.Severity.ToString(),
            ["Text"] = TextBounds.Cut(string.Join('\n', view.Title, view.AlertId, view.Incident, view.Assessment), MaxText),
            ["Targets"] = TextBounds.Cut(
                string.Join('\n', view.Decisions.SelectMany(d => (string[])[d.Target, d.Display]).Distinct(StringComparer.Ordinal)),
                MaxTargets
            ),
        };

    public static async Task<(IReadOnlyList<Place> Places, string? Last)> FindAsync(
        TableClient table,
        IncidentQuery query,
        string? after,
        CancellationToken cancellation
    )
    {
        var found = new List<Place>();
        var (last, looked) = ("", 0);
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                FilterOf(query, after),
                select: ["RowKey", "Text", "Targets"],
                cancellationToken: cancellation
            )
        )
        {
            if (found.Count == query.Rows || looked == MostLookedAt)
                return (found, last);
            looked++;
            last = row.RowKey;
            if (Has(row, "Text", query.Text) && Has(row, "Targets", query.Identity) && PlaceOf(row.RowKey) is { } place)
                found.Add(place);
        }
        return (found, null);
    }

    /// <summary>What the table service can judge itself.</summary>
    private static string FilterOf(IncidentQuery query, string? after)
    {
        List<string> parts = [TableClient.CreateQueryFilter($"PartitionKey eq {Partition}")];
        if (after is not null)
            parts.Add(TableClient.CreateQueryFilter($"RowKey gt {after}"));
        // Keys count down, so that what is later comes first.
        if (query.To is { } to)
            parts.Add(TableClient.CreateQueryFilter($"RowKey gt {Before(to) + "~"}"));
        if (query.From is { } from)
            parts.Add(TableClient.CreateQueryFilter($"RowKey lt {Before(from) + "~"}"));
        if (query.State is { } state)
            parts.Add(TableClient.CreateQueryFilter($"Outcome eq {state.ToString()}"));
        if (query.Severity is { } severity)
            parts.Add(TableClient.CreateQueryFilter($"Severity eq {severity.ToString()}"));
        return string.Join(" and ", parts);
    }

    private static bool Has(TableEntity row, string column, string? wanted) =>
        wanted is null || row.GetString(column)?.Contains(wanted, StringComparison.OrdinalIgnoreCase) == true;

    private static Place? PlaceOf(string key) =>
        key.Split('|') is [_, var incident, var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? new Place(incident, n)
            : null;

    private static string Before(DateTimeOffset at) =>
        (DateTimeOffset.MaxValue.UtcTicks - at.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);
}

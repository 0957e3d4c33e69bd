using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Storage;

namespace IRFunctions.Incidents;

/// <summary>One alert of an incident as it is shown.</summary>
/// <param name="Instance">Instance id of its orchestration.</param>
/// <param name="View">Null where the row cannot be read.</param>
public sealed record IncidentPage(string Instance, IncidentView? View, UnreadableRowException? Problem = null);

/// <summary>
/// The table "incidents": what people see of each alert while it is answered and afterwards, one partition an incident, one row an alert.
/// Written by activities, after the record; read by the API, the answers about containments and the watchdog. It decides nothing.
/// </summary>
public sealed class IncidentTable(TableServiceClient tables)
{
    public const string TableName = "incidents";

    private const string View = "View";
    private const int MaxRaces = 50;
    private const int AtOnce = 16;

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly TableClient byTime = tables.GetTableClient(IncidentIndex.TableName);

    /// <summary>Shows this from now on. Safe to call again: a step that comes late, or twice, does not put back what was before.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public async Task KeepAsync(ShownIncident shown, CancellationToken cancellation)
    {
        var row = new TableEntity(shown.View.Incident, RowOf(shown.View.Number));
        TableText.Write(row, View, shown.View);
        await WriteAsync(table, row, shown.Revision, cancellation);
        // After what it leads to: what stands in the index can be read.
        await WriteAsync(byTime, IncidentIndex.RowOf(shown.View), shown.Revision, cancellation);
    }

    private static async Task WriteAsync(TableClient table, TableEntity row, int revision, CancellationToken cancellation)
    {
        row["Revision"] = revision;
        for (var race = 0; ; race++)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey, ["Revision"], cancellation);
            if (found.HasValue && found.Value!.GetInt32("Revision") > revision)
                return;
            try
            {
                if (found.HasValue)
                    await table.UpdateEntityAsync(row, found.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(row, cancellation);
                return;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && race < MaxRaces)
            {
                // Another step wrote it in this moment: look again whose is later.
            }
        }
    }

    /// <summary>What is shown of the n-th alert of an incident; null where nothing is yet.</summary>
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public async Task<IncidentView?> FindAsync(string incident, int number, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(incident, RowOf(number), cancellationToken: cancellation);
        return found.HasValue ? TableText.Read<IncidentView>(found.Value!, View, TableName) : null;
    }

    /// <summary>
    /// Alerts that match, newest first, by the index that is kept beside them. A row that cannot be read is there with its problem.
    /// </summary>
    /// <param name="after">Where the page before ended; null for the first.</param>
    /// <returns>At most the rows of a page, and where it ended; null where there are no more.</returns>
    public async Task<(IReadOnlyList<IncidentPage> Pages, string? Last)> SearchAsync(
        IncidentQuery query,
        string? after,
        CancellationToken cancellation
    )
    {
        var (places, last) = await IncidentIndex.FindAsync(byTime, query, after, cancellation);
        var pages = new List<IncidentPage>(places.Count);
        foreach (var part in places.Chunk(AtOnce))
            pages.AddRange(await Task.WhenAll(part.Select(p => PageAsync(p.Incident, p.Number, cancellation))));
        return (pages, last);
    }

    /// <summary>Every alert whose row was written at that time or later, with the time; by the table's own clock.</summary>
    /// <param name="since">Null for all.</param>
    public async IAsyncEnumerable<(IncidentPage Page, DateTimeOffset At)> ChangedAsync(
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var filter = since is { } from ? TableClient.CreateQueryFilter($"Timestamp ge {from}") : null;
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            yield return (Read(row), row.Timestamp ?? default);
    }

    private static IncidentPage Read(TableEntity row)
    {
        try
        {
            var number = int.TryParse(row.RowKey, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                ? n
                : throw new UnreadableRowException(TableName, $"{row.PartitionKey}/{row.RowKey}", null);
            var view =
                TableText.Read<IncidentView>(row, View, TableName)
                ?? throw new UnreadableRowException(TableName, $"{row.PartitionKey}/{row.RowKey}", null);
            return new IncidentPage(IncidentRegister.InstanceOf(row.PartitionKey, number), view);
        }
        catch (UnreadableRowException e)
        {
            return new IncidentPage(row.PartitionKey, null, e);
        }
    }

    /// <summary>One alert with the problem where its row cannot be read.</summary>
    public async Task<IncidentPage> PageAsync(string incident, int number, CancellationToken cancellation)
    {
        var instance = IncidentRegister.InstanceOf(incident, number);
        try
        {
            return new IncidentPage(instance, await FindAsync(incident, number, cancellation));
        }
        catch (UnreadableRowException e)
        {
            return new IncidentPage(instance, null, e);
        }
    }

    private static string RowOf(int number) => number.ToString("D6", CultureInfo.InvariantCulture);
}

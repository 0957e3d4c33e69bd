using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Storage;

namespace IRFunctions.Agents;

/// <summary>One identity whose breaker is not closed, as every instance of the gate sees it.</summary>
/// <param name="Number">Of the change that led here; a later number wins.</param>
public sealed record GateTableEntry(
    string Identity,
    BreakerStatus Status,
    int Number,
    DateTimeOffset? Until,
    DateTimeOffset? LimitedUntil,
    string Reason
);

/// <summary>
/// What breakers tell the gate, in the table "breakers": one row for each identity whose breaker ever opened. Instances read those that are
/// not closed, so that a look costs by how many are open, not by how many identities there are.
/// </summary>
public sealed class GateTable(TableServiceClient tables)
{
    public const string TableName = "breakers";
    private const string Partition = "gate";
    private const int MaxReason = 500;
    private const int MaxRaces = 20;
    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Shows a change to the gate, where no later one is shown already. Safe to call again.</summary>
    /// <returns>False where a later change stands.</returns>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public async Task<bool> PublishAsync(GateTableEntry entry, CancellationToken cancellation)
    {
        for (var race = 0; ; race++)
        {
            var known = await table.GetEntityIfExistsAsync<TableEntity>(Partition, entry.Identity, cancellationToken: cancellation);
            if (known.HasValue && known.Value!.GetInt32("Number") > entry.Number)
                return false;
            try
            {
                if (known.HasValue)
                    await table.UpdateEntityAsync(ToRow(entry), known.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(ToRow(entry), cancellation);
                return true;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && race < MaxRaces)
            {
                // Another change was shown in this moment: look again which is later.
            }
        }
    }

    /// <summary>Whether a later change than this is shown.</summary>
    public async Task<bool> IsSupersededAsync(string identity, int number, CancellationToken cancellation)
    {
        var known = await table.GetEntityIfExistsAsync<TableEntity>(Partition, identity, cancellationToken: cancellation);
        return known.HasValue && known.Value!.GetInt32("Number") > number;
    }

    /// <summary>Every identity whose breaker is not closed.</summary>
    /// <exception cref="RequestFailedException">The table cannot be read.</exception>
    public async Task<IReadOnlyDictionary<string, GateTableEntry>> ReadAsync(CancellationToken cancellation)
    {
        var entries = new Dictionary<string, GateTableEntry>(StringComparer.Ordinal);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and Closed eq {false}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            try
            {
                entries[row.RowKey] = RowReading.Read(row, TableName, FromRow);
            }
            catch (UnreadableRowException e)
            {
                // Not closed is all that is known: closed it would not be listed.
                entries[row.RowKey] = new GateTableEntry(row.RowKey, BreakerStatus.Open, 0, null, null, e.Message);
            }
        }
        return entries;
    }

    private static GateTableEntry FromRow(TableEntity row) =>
        new(
            row.RowKey,
            Enum.TryParse<BreakerStatus>(row.GetString("Status"), out var status) ? status : BreakerStatus.Open,
            row.GetInt32("Number") ?? 0,
            row.GetDateTimeOffset("Until"),
            row.GetDateTimeOffset("LimitedUntil"),
            row.GetString("Reason") ?? ""
        );

    private static TableEntity ToRow(GateTableEntry entry)
    {
        var row = new TableEntity(Partition, entry.Identity)
        {
            ["Status"] = entry.Status.ToString(),
            ["Closed"] = entry.Status == BreakerStatus.Closed,
            ["Number"] = entry.Number,
            ["Reason"] = TextBounds.Cut(entry.Reason, MaxReason),
        };
        if (entry.Until is { } until)
            row["Until"] = until;
        if (entry.LimitedUntil is { } limited)
            row["LimitedUntil"] = limited;
        return row;
    }
}

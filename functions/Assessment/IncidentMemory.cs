using System.Globalization;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Storage;

namespace IRFunctions.Assessment;

/// <summary>
/// Which things earlier incidents were about, in trusted fields only: when, the source's category and severity, and what it was taken for.
/// A hint for the model, never a fact for a decision, so that losing it costs nothing but a hint.
/// </summary>
public sealed class IncidentMemory(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "memory";
    private const int MaxTargets = 10;
    private const int MaxRows = 10;
    private const int MaxSimilar = 5;
    private static readonly TimeSpan Reach = TimeSpan.FromDays(30);
    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Earlier incidents that share a target with the alert, newest first.</summary>
    /// <exception cref="RequestFailedException">The table cannot be read.</exception>
    public async Task<IReadOnlyList<PastIncident>> FindAsync(Alert alert, CancellationToken cancellation)
    {
        var found = new Dictionary<string, (TableEntity Row, List<string> Shared)>(StringComparer.Ordinal);
        foreach (var target in Targets.OfAll(alert).Take(MaxTargets))
        {
            var ids = alert.Entities.Where(e => Targets.IsOf(e, target)).Select(e => e.Id);
            var oldest = RowKey(time.GetUtcNow() - Reach, "");
            var pages = table
                .QueryAsync<TableEntity>(
                    TableClient.CreateQueryFilter($"PartitionKey eq {Partition(alert, target)} and RowKey lt {oldest}"),
                    MaxRows,
                    cancellationToken: cancellation
                )
                .AsPages();
            await foreach (var page in pages)
            {
                foreach (var row in page.Values)
                {
                    if (!row.TryGetValue("Alert", out var key) || key is not string earlier || earlier == Key(alert))
                        continue;
                    if (!found.TryGetValue(earlier, out var known))
                        found[earlier] = known = (row, []);
                    known.Shared.AddRange(ids.Except(known.Shared));
                }
                break; // the newest are enough
            }
        }
        return [.. found.Values.Select(Readable).OfType<PastIncident>().OrderByDescending(p => p.At).Take(MaxSimilar)];
    }

    /// <summary>Remembers the alert under each of its targets; again changes nothing.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public async Task KeepAsync(Alert alert, AlertAssessment assessment, CancellationToken cancellation)
    {
        // The alert's own time, so that a retried step writes the same rows; a source's clock that runs ahead must not hide what comes
        // after.
        var now = time.GetUtcNow();
        var at = alert.LastActivity is { } last && last < now && now - last < Reach ? last : now;
        foreach (var target in Targets.OfAll(alert).Take(MaxTargets))
        {
            await table.UpsertEntityAsync(
                new TableEntity(Partition(alert, target), RowKey(at, Key(alert)))
                {
                    ["Alert"] = Key(alert),
                    ["At"] = at,
                    ["Category"] = alert.Category,
                    ["Severity"] = alert.Severity.ToString(),
                    ["Verdict"] = assessment.Verdict.ToString(),
                    ["By"] = assessment.By.ToString(),
                },
                TableUpdateMode.Replace,
                cancellation
            );
        }
    }

    /// <summary>A hint that cannot be read is no hint.</summary>
    private static PastIncident? Readable((TableEntity Row, List<string> Shared) found)
    {
        try
        {
            return RowReading.Read(found.Row, TableName, row => Read(row, found.Shared));
        }
        catch (UnreadableRowException)
        {
            return null;
        }
    }

    private static PastIncident Read(TableEntity row, IReadOnlyList<string> shared) =>
        new(
            row.GetDateTimeOffset("At") ?? default,
            row.GetString("Category") ?? "",
            row.GetString("Severity") ?? "",
            row.GetString("Verdict") ?? "",
            row.GetString("By") ?? "",
            shared
        );

    // Keys must not hold characters that a table forbids, nor names that people would read.
    private static string Partition(Alert alert, Target target) => Fingerprint.Of(OwnTenant.Key, target.Key);

    private static string Key(Alert alert) => Fingerprint.Of(alert.TenantId, alert.Id);

    /// <summary>The newest first, as a table sorts.</summary>
    private static string RowKey(DateTimeOffset at, string alert) =>
        string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.MaxValue.UtcTicks - at.UtcTicks:D19}-{alert}");
}

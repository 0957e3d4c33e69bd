using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace IRFunctions.Audit;

/// <summary>
/// The record: one hash chain per incident in the table "audit". Appending is idempotent by fact id and safe against concurrent writers;
/// where it cannot be written it throws, and the effect it describes must not happen (S11).
/// </summary>
/// <remarks>
/// Rows of a chain (partition): "head" (length and last hash), "n0000000001"... (entries), "f{factId}" (which entry holds a fact).
/// Each append is one transaction over these rows; a writer that lost the race on "head" reads again and retries.
/// </remarks>
public sealed class AuditChain(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "audit";

    /// <summary>Chain of what belongs to no incident: the global stop, refused requests.</summary>
    public const string PipelineChain = "pipeline";

    private const string HeadRow = "head";
    private const int MaxFactsPerAppend = 40; // 2 rows a fact and the head must fit the service's 100 operations a transaction
    private const int MaxRaces = 50;

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Raised in this process after entries were stored; for showing progress, never for deciding.</summary>
    public event Action<AuditEntry>? Appended;

    /// <summary>Appends what is not on the chain yet, in order.</summary>
    /// <returns>The entries written now; facts that were there before are left out.</returns>
    /// <exception cref="RequestFailedException">The record cannot be written.</exception>
    public async Task<IReadOnlyList<AuditEntry>> AppendAsync(string chain, IReadOnlyList<AuditFact> facts, CancellationToken cancellation = default)
    {
        var written = new List<AuditEntry>(facts.Count);
        foreach (var part in facts.Chunk(MaxFactsPerAppend)) written.AddRange(await AppendPartAsync(chain, part, cancellation));
        if (Appended is { } observers)
        {
            foreach (var entry in written) observers(entry);
        }
        return written;
    }

    /// <summary>The whole chain in order; empty where there is none.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(string chain, CancellationToken cancellation = default)
    {
        var entries = new List<AuditEntry>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {chain} and RowKey ge {"n"} and RowKey lt {"o"}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation)) entries.Add(FromRow(row));
        return entries;
    }

    private async Task<List<AuditEntry>> AppendPartAsync(string chain, AuditFact[] facts, CancellationToken cancellation)
    {
        IReadOnlyList<AuditFact> missing = facts;
        for (var race = 0; ; race++)
        {
            var head = await table.GetEntityIfExistsAsync<TableEntity>(chain, HeadRow, cancellationToken: cancellation);
            if (race > 0) missing = await StillMissingAsync(chain, facts, cancellation);
            if (missing.Count == 0) return [];
            var entries = Link(chain, missing, head.HasValue ? head.Value : null);
            try
            {
                await table.SubmitTransactionAsync(Transaction(chain, entries, head.HasValue ? head.Value : null), cancellation);
                return entries;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && race < MaxRaces)
            {
                // Another writer took the head, or some of these facts are there already: look again.
            }
        }
    }

    private async Task<List<AuditFact>> StillMissingAsync(string chain, AuditFact[] facts, CancellationToken cancellation)
    {
        var missing = new List<AuditFact>(facts.Length);
        foreach (var fact in facts)
        {
            var known = await table.GetEntityIfExistsAsync<TableEntity>(chain, FactRow(fact.Id), ["RowKey"], cancellation);
            if (!known.HasValue) missing.Add(fact);
        }
        return missing;
    }

    private List<AuditEntry> Link(string chain, IReadOnlyList<AuditFact> facts, TableEntity? head)
    {
        var sequence = head?.GetInt64("Length") ?? 0;
        var previous = head?.GetString("Hash") ?? AuditEntry.NoHash;
        var at = time.GetUtcNow();
        var entries = new List<AuditEntry>(facts.Count);
        foreach (var fact in facts)
        {
            var entry = new AuditEntry
            {
                Chain = chain, Sequence = ++sequence, At = at, FactId = fact.Id, Kind = fact.Kind, Text = fact.Text, Actor = fact.Actor,
                Data = fact.Data, PreviousHash = previous,
            }.Sealed();
            previous = entry.Hash;
            entries.Add(entry);
        }
        return entries;
    }

    private static List<TableTransactionAction> Transaction(string chain, List<AuditEntry> entries, TableEntity? head)
    {
        var actions = new List<TableTransactionAction>(2 * entries.Count + 1);
        foreach (var entry in entries)
        {
            actions.Add(new TableTransactionAction(TableTransactionActionType.Add, ToRow(entry)));
            actions.Add(new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(chain, FactRow(entry.FactId)) { ["Sequence"] = entry.Sequence }));
        }
        var next = new TableEntity(chain, HeadRow) { ["Length"] = entries[^1].Sequence, ["Hash"] = entries[^1].Hash };
        actions.Add(head is null
            ? new TableTransactionAction(TableTransactionActionType.Add, next)
            : new TableTransactionAction(TableTransactionActionType.UpdateReplace, next, head.ETag));
        return actions;
    }

    private static string FactRow(string factId) => "f" + factId;

    private static TableEntity ToRow(AuditEntry entry)
    {
        var row = new TableEntity(entry.Chain, "n" + entry.Sequence.ToString("D10", CultureInfo.InvariantCulture))
        {
            ["Ticks"] = entry.At.UtcTicks, ["FactId"] = entry.FactId, ["Kind"] = entry.Kind, ["Text"] = entry.Text, ["Actor"] = entry.Actor,
            ["Previous"] = entry.PreviousHash, ["Hash"] = entry.Hash,
        };
        if (entry.Data is not null) row["Data"] = entry.Data;
        return row;
    }

    private static AuditEntry FromRow(TableEntity row) => new()
    {
        Chain = row.PartitionKey,
        Sequence = long.Parse(row.RowKey.AsSpan(1), CultureInfo.InvariantCulture),
        At = new DateTimeOffset(row.GetInt64("Ticks") ?? 0, TimeSpan.Zero),
        FactId = row.GetString("FactId") ?? "",
        Kind = row.GetString("Kind") ?? "",
        Text = row.GetString("Text") ?? "",
        Actor = row.GetString("Actor") ?? "",
        Data = row.GetString("Data"),
        PreviousHash = row.GetString("Previous") ?? "",
        Hash = row.GetString("Hash") ?? "",
    };
}

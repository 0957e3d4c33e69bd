using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Policies;
using IRFunctions.Recording;
using IRFunctions.Storage;

namespace IRFunctions.Agents;

/// <summary>
/// The hot tier: what agents do to each other and where they broke a rule, whole, in the table "interactions". A batch is acknowledged only
/// after it is here;
/// a repeated one changes nothing. What was risky is known only afterwards, so nothing is sampled before it leaves this tier.
/// </summary>
/// <remarks>
/// Rows: partition the identity's hash, row hour, side and batch; partition "hours-{hour}", row an identity's hash: it has rows of this
/// hour.
/// </remarks>
public sealed class InteractionStore(TableServiceClient tables, PolicyStore policies, TimeProvider time)
{
    public const string TableName = "interactions";

    /// <summary>Counterparts of one batch and hour that get a row of their own; a batch must not cost a thousand writes.</summary>
    public const int MaxMirrored = 50;

    /// <summary>Nothing is added to hours this close to the end of the tier, so that no row comes into an hour while it is moved.</summary>
    internal static readonly TimeSpan Margin = TimeSpan.FromHours(2);

    private const string Hours = "hours-";
    private const int MaxRemembered = 100_000;
    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly Remembered<bool> noted = new(MaxRemembered);

    /// <summary>
    /// Keeps what of a batch is evidence, on the side of the caller and of those called. When this returns it is durable; call it again
    /// after any failure.
    /// </summary>
    /// <exception cref="RequestFailedException">It could not be stored; do not acknowledge the batch.</exception>
    public async Task KeepAsync(ActivityBatch batch, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var earliest = now - policies.Current.Breaker.Interactions.Hot + Margin;
        var events = batch.Events.Select((e, i) => EvidenceOf(e, i, earliest, now)).OfType<InteractionEvent>().ToList();
        if (events.Count == 0)
            return;
        var id = EvidencePacking.IdOf(batch);
        foreach (var hour in events.GroupBy(e => RiskyHours.Of(e.At)))
        {
            var called = hour.Where(e => e.Counterpart is not null)
                .GroupBy(e => e.Counterpart!)
                .OrderByDescending(g => g.Count())
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .ToList();
            var own = new EvidenceBatch
            {
                Identity = batch.Identity,
                Direction = InteractionDirection.Out,
                Id = id,
                Hour = hour.Key,
                ReceivedAt = now,
                Seen = called.Sum(g => g.Count()),
                Unmirrored = Math.Max(0, called.Count - MaxMirrored),
                Events = [.. hour],
                Covered = EvidenceBatch.RunsOf(hour.Select(e => e.Index)),
            };
            // The caller's side comes last: once it is there, all of it is.
            foreach (var other in called.Take(MaxMirrored))
            {
                await AddAsync(
                    own with
                    {
                        Identity = other.Key,
                        Direction = InteractionDirection.In,
                        Seen = other.Count(),
                        Unmirrored = 0,
                        Covered = EvidenceBatch.RunsOf(other.Select(e => e.Index)),
                        Events = [.. other.Select(e => e with { Counterpart = batch.Identity })],
                    },
                    cancellation
                );
            }
            await AddAsync(own, cancellation);
        }
    }

    /// <summary>What the hot tier holds about an identity in these hours, both included, in order of time of the hour.</summary>
    /// <param name="problems">Gets what cannot be read.</param>
    internal async IAsyncEnumerable<EvidenceBatch> ReadAsync(
        string identity,
        long from,
        long to,
        ICollection<string> problems,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var (first, after) = (EvidencePacking.HourOf(from), EvidencePacking.HourOf(to) + "~");
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {EvidencePacking.PartitionOf(identity)} and RowKey ge {first} and RowKey lt {after}"
        );
        var rows = table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation);
        await foreach (var batch in rows.ReadableAsync(TableName, EvidencePacking.FromRow, e => problems.Add(e.Message), cancellation))
            yield return batch;
    }

    /// <summary>Hours before this one of which there still are rows, and the partitions that have them, in order.</summary>
    internal async Task<IReadOnlyList<(long Hour, string Partition)>> OlderThanAsync(long hour, CancellationToken cancellation)
    {
        var found = new List<(long, string)>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {Hours} and PartitionKey lt {Hours + EvidencePacking.HourOf(hour)}");
        await foreach (
            var row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"], cancellationToken: cancellation)
        )
            if (EvidencePacking.TryHourFrom(row.PartitionKey[Hours.Length..], out var old))
                found.Add((old, row.RowKey));
        return found;
    }

    /// <summary>Rows of one hour and partition, one after the other: an agent that everybody calls has more than fit into memory.</summary>
    /// <param name="problems">Gets what cannot be read; it stays where it is.</param>
    internal async IAsyncEnumerable<EvidenceBatch> OfAsync(
        long hour,
        string partition,
        ICollection<string> problems,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await foreach (
            var batch in RowsOf(hour, partition, cancellation)
                .ReadableAsync(TableName, EvidencePacking.FromRow, e => problems.Add(e.Message), cancellation)
        )
            yield return batch;
    }

    /// <summary>Whether any row of this hour and partition is left, readable or not.</summary>
    internal async Task<bool> AnyAsync(long hour, string partition, CancellationToken cancellation)
    {
        await foreach (var _ in RowsOf(hour, partition, cancellation))
            return true;
        return false;
    }

    private AsyncPageable<TableEntity> RowsOf(long hour, string partition, CancellationToken cancellation)
    {
        var start = EvidencePacking.HourOf(hour);
        return table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {start} and RowKey lt {start + "~"}"),
            cancellationToken: cancellation
        );
    }

    internal Task RemoveAsync(EvidenceBatch batch, CancellationToken cancellation) =>
        table.DeleteEntityAsync(EvidencePacking.PartitionOf(batch.Identity), EvidencePacking.RowOf(batch), ETag.All, cancellation);

    /// <summary>Nothing of this partition is left of this hour.</summary>
    internal Task CloseAsync(long hour, string partition, CancellationToken cancellation) =>
        table.DeleteEntityAsync(Hours + EvidencePacking.HourOf(hour), partition, ETag.All, cancellation);

    private async Task AddAsync(EvidenceBatch batch, CancellationToken cancellation)
    {
        var (hour, partition) = (EvidencePacking.HourOf(batch.Hour), EvidencePacking.PartitionOf(batch.Identity));
        if (!noted.TryGet(hour + partition, out _))
        {
            // Before the rows: what nobody knows of is never moved.
            await table.UpsertEntityAsync(new TableEntity(Hours + hour, partition), TableUpdateMode.Replace, cancellation);
            noted.Set(hour + partition, true);
        }
        try
        {
            await table.AddEntityAsync(EvidencePacking.ToRow(batch), cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Here already: delivered again, or died before it was acknowledged.
        }
    }

    private static InteractionEvent? EvidenceOf(ActivityEvent e, int index, DateTimeOffset earliest, DateTimeOffset now)
    {
        var violation = e.Refused switch
        {
            Refusal.Gate => Violations.Gate,
            Refusal.Limit => Violations.Limit,
            _ => e.Authentication == Authentication.Failed ? Violations.Authentication : null,
        };
        if (e.Counterpart is null && violation is null)
            return null;
        var at =
            e.Time > now ? now
            : e.Time < earliest ? earliest
            : e.Time;
        return new InteractionEvent(
            index,
            at.ToUniversalTime(),
            e.Counterpart,
            e.Endpoint,
            e.Tool,
            e.Target,
            e.Bytes,
            violation,
            e.CorrelationId
        );
    }
}

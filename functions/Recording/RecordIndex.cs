using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>What to look for. Everything given must hold.</summary>
/// <param name="Name">An id, address or name of an entity (<see cref="EntityNames"/>); null for all.</param>
/// <param name="Top">At most this many entries.</param>
public sealed record RecordQuery(DateTimeOffset From, DateTimeOffset To, string? Name = null, string? Kind = null, int Top = 100)
{
    /// <summary>Only entries after this one in the order of answers; null for all.</summary>
    public RecordPlace? After { get; init; }
}

/// <summary>Where an entry stands in an answer: by time, then by chain and number.</summary>
public sealed record RecordPlace(DateTimeOffset At, string Chain, long Sequence)
{
    /// <summary>Whether the entry comes later.</summary>
    public bool IsBefore(AuditEntry entry) =>
        (At.CompareTo(entry.At), string.CompareOrdinal(Chain, entry.Chain)) switch
        {
            (< 0, _) => true,
            (0, < 0) => true,
            (0, 0) => Sequence < entry.Sequence,
            _ => false,
        };
}

/// <summary>
/// Finds entries by time and by entity without reading the whole record: by time from the journal of changes, by entity from rows written
/// when a chain is sealed. Names are stored as digests, so that the index holds no personal data of its own.
/// </summary>
/// <remarks>Rows: partition "entity-{digest}", row "{hour}-{chain}": in this hour this chain got entries about this entity.</remarks>
public sealed class RecordIndex(TableServiceClient tables, AuditChain audit, ChangeJournal journal)
{
    public const string TableName = "auditindex";
    private const string HourFormat = "yyyyMMddHH";
    private const int AtOnce = 32;

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Puts new entries of a chain into the index; safe to repeat.</summary>
    internal async Task AddAsync(string chain, IReadOnlyList<AuditEntry> entries, CancellationToken cancellation)
    {
        var rows = entries.SelectMany(e => EntityNames.In(e).Select(name => (Name: name, Hour: HourOf(e.At)))).Distinct().ToList();
        foreach (var (name, hour) in rows)
            await table.UpsertEntityAsync(new TableEntity(PartitionOf(name), $"{hour}-{chain}"), TableUpdateMode.Replace, cancellation);
    }

    /// <summary>Entries that match, oldest first, from the moment at which they are written.</summary>
    public async Task<IReadOnlyList<AuditEntry>> FindAsync(RecordQuery query, CancellationToken cancellation = default)
    {
        var name = query.Name is { } asked ? EntitySpelling.Of(asked) : null;
        var found = new List<AuditEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        DateTimeOffset? complete = null;
        foreach (var (chain, entries) in name is null ? [] : await NewestAsync(query.To, cancellation))
        {
            if (seen.Add(chain))
                Take(entries);
        }
        await foreach (var (from, chain) in ChainsAsync(query, name, cancellation))
        {
            // Places come in order of time, so what is found before a place is complete once that place is later than the last entry
            // wanted.
            if (found.Count >= query.Top && complete is { } until && from > until)
                break;
            if (!seen.Add(chain))
                continue;
            Take(await audit.ReadAsync(chain, cancellation));
        }
        return [.. found.OrderBy(e => e.At).ThenBy(e => e.Chain, StringComparer.Ordinal).ThenBy(e => e.Sequence).Take(query.Top)];

        void Take(IReadOnlyList<AuditEntry> entries)
        {
            var names = name is null ? null : AlsoKnownAs(name, entries);
            found.AddRange(
                entries.Where(e =>
                    e.At >= query.From
                    && e.At <= query.To
                    && (query.Kind is null || e.Kind == query.Kind)
                    && (query.After is null || query.After.IsBefore(e))
                    && (names is null || EntityNames.In(e).Overlaps(names))
                )
            );
            if (found.Count >= query.Top)
                complete = found.OrderBy(e => e.At).ElementAt(query.Top - 1).At;
        }
    }

    /// <summary>
    /// Chains that grew since the last checkpoint put them into the index, with their entries. Few, unless thousands of incidents came in
    /// the same minutes: then a search by name takes as long as reading those.
    /// </summary>
    private async Task<IReadOnlyList<(string Chain, IReadOnlyList<AuditEntry> Entries)>> NewestAsync(
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        var cursor = await HeadIndex.CursorAsync(table, cancellation);
        if (to < cursor)
            return [];
        var noted = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var (_, chain) in journal.ReadAsync(cursor, to, cancellation))
            noted.Add(chain);
        var newest = new List<(string, IReadOnlyList<AuditEntry>)>();
        foreach (var some in noted.Chunk(AtOnce))
            newest.AddRange((await Task.WhenAll(some.Select(c => GrownAsync(c, cancellation)))).Where(c => c.Item2.Count > 0));
        return newest;
    }

    /// <summary>A chain's entries; none where the index knows all of them.</summary>
    private async Task<(string, IReadOnlyList<AuditEntry>)> GrownAsync(string chain, CancellationToken cancellation)
    {
        var known = await HeadIndex.LengthAsync(table, chain, cancellation);
        var head = await audit.HeadAsync(chain, cancellation);
        return (chain, head is null || head.Length == known ? [] : await audit.ReadAsync(chain, cancellation));
    }

    /// <summary>Chains that have entries about an entity, in order of time.</summary>
    public async Task<IReadOnlyList<string>> ChainsAboutAsync(
        string name,
        DateTimeOffset from,
        DateTimeOffset to,
        int most,
        CancellationToken cancellation = default
    )
    {
        var chains = new HashSet<string>(StringComparer.Ordinal);
        var wanted = EntitySpelling.Of(name);
        foreach (var (chain, entries) in await NewestAsync(to, cancellation))
        {
            if (chains.Count < most && entries.Any(e => e.At >= from && e.At <= to && EntityNames.In(e).Contains(wanted)))
                chains.Add(chain);
        }
        await foreach (var (_, chain) in ChainsAsync(new RecordQuery(from, to, name), wanted, cancellation))
        {
            if (chains.Add(chain) && chains.Count >= most)
                break;
        }
        return [.. chains];
    }

    /// <summary>Removes what the index holds about a chain; for shredding.</summary>
    internal async Task ForgetAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellation)
    {
        foreach (
            var (name, row) in entries.SelectMany(e => EntityNames.In(e).Select(name => (name, $"{HourOf(e.At)}-{e.Chain}"))).Distinct()
        )
            await table.DeleteEntityAsync(PartitionOf(name), row, cancellationToken: cancellation);
    }

    internal static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private async IAsyncEnumerable<(DateTimeOffset From, string Chain)> ChainsAsync(
        RecordQuery query,
        string? name,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        if (name is null)
        {
            await foreach (var change in journal.ReadAsync(query.From, query.To, cancellation))
                yield return change;
            yield break;
        }
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {PartitionOf(name)} and RowKey ge {HourOf(query.From)} and RowKey le {HourOf(query.To) + "~"}"
        );
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: ["RowKey"], cancellationToken: cancellation))
        {
            // The index only leads to chains; a row that is none of ours leads nowhere.
            if (
                row.RowKey.Length > HourFormat.Length + 1
                && DateTimeOffset.TryParseExact(
                    row.RowKey.AsSpan(0, HourFormat.Length),
                    HourFormat,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var hour
                )
            )
                yield return (hour, row.RowKey[(HourFormat.Length + 1)..]);
        }
    }

    /// <summary>
    /// The names under which this chain speaks of the same thing: the alert names a person in five ways, the entry about an action by one
    /// id.
    /// An entry about the alert as a whole is about all its entities; one about an action only about its target.
    /// </summary>
    private static HashSet<string> AlsoKnownAs(string name, IReadOnlyList<AuditEntry> entries)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { name };
        foreach (var thing in entries.SelectMany(EntityNames.ThingsIn).Where(t => t.IsOne && t.Names.Contains(name)))
            names.UnionWith(thing.Names);
        return names;
    }

    private static string HourOf(DateTimeOffset at) => at.UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture);

    private static string PartitionOf(string name) => "entity-" + Digest(name);
}

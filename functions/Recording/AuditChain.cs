using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Record;
using IRFunctions.Storage;

namespace IRFunctions.Recording;

/// <summary>
/// The record: one hash chain per incident in the table "audit". Appending is idempotent by fact id and safe against concurrent writers;
/// where it cannot be written it throws, and the effect it describes must not happen (S11).
/// </summary>
/// <remarks>
/// Rows of a chain (partition): "head" (length, last hash and time), "n0000000001"... (entries), "f{factId}" (which entry holds a fact).
/// Each append is one transaction over these rows; a writer that lost the race on "head" reads again and retries, and so does one
/// whose memory of "head" is old: the service compares its version. The words of an entry are encrypted
/// (<see cref="ChainKeys"/>), and the chain is noted as changed before it changes (<see cref="ChangeJournal"/>).
/// </remarks>
public sealed class AuditChain(TableServiceClient tables, TimeProvider time, ChainKeys keys, ChangeJournal journal)
{
    public const string TableName = "audit";

    private const string HeadRow = "head";
    private const int MaxFactsPerAppend = 40; // 2 rows a fact and the head must fit the service's 100 operations a transaction

    /// <summary>
    /// UTF-16 code units of words of one append. Sealed and sent, one may take four bytes (three of UTF-8, a third more as base64), so that
    /// with 1 KB for each row the service's 4 MiB a transaction are not reached.
    /// </summary>
    private const int MaxWordsPerAppend = 800_000;

    /// <summary>Code units of one entry's details: sealed they must fit a row of 1 MiB.</summary>
    private const int MaxData = 200_000;

    private const int MaxRaces = 50;
    private const long MaxSequence = 9_999_999_999;
    private const int MaxRemembered = 20_000;

    private readonly TableClient table = tables.GetTableClient(TableName);
    private readonly Remembered<HeadRowState> remembered = new(MaxRemembered); // Saves a read an append.

    public AuditChain(TableServiceClient tables, TimeProvider time)
        : this(tables, time, new ChainKeys(tables, time), new ChangeJournal(tables)) { }

    /// <summary>Raised in this process after entries were stored; for showing progress, never for deciding.</summary>
    public event Action<AuditEntry>? Appended;

    /// <summary>Appends what is not on the chain yet, in order.</summary>
    /// <returns>The entries written now; facts that were there before are left out.</returns>
    /// <exception cref="RequestFailedException">The record cannot be written.</exception>
    public async Task<IReadOnlyList<AuditEntry>> AppendAsync(
        string chain,
        IReadOnlyList<AuditFact> facts,
        CancellationToken cancellation = default
    )
    {
        var written = new List<AuditEntry>(facts.Count);
        foreach (var part in Parts(facts))
            written.AddRange(await AppendPartAsync(chain, part, cancellation));
        if (Appended is { } observers)
        {
            foreach (var entry in written)
                observers(entry);
        }
        return written;
    }

    /// <summary>
    /// What fits a transaction, in order. Each part is whole or not there; the parts of one call follow each other, and a call that died
    /// between two of them is repeated by its step, which writes the missing ones only.
    /// </summary>
    private static IEnumerable<AuditFact[]> Parts(IReadOnlyList<AuditFact> facts)
    {
        var (part, words) = (new List<AuditFact>(), 0);
        foreach (var fact in facts.Select(Bounded))
        {
            var more = fact.Text.Length + (fact.Data?.Length ?? 0);
            if (part.Count == MaxFactsPerAppend || (part.Count > 0 && words + more > MaxWordsPerAppend))
            {
                yield return [.. part];
                part.Clear();
                words = 0;
            }
            part.Add(fact);
            words += more;
        }
        if (part.Count > 0)
            yield return [.. part];
    }

    private static AuditFact Bounded(AuditFact fact) =>
        fact.Text.Length <= TextBounds.Sentence && !(fact.Data?.Length > MaxData) && SafeText.IsClean(fact.Text)
            ? fact
            : fact with
            {
                // People's words, too, come from outside: what hides or reorders text is written by its name.
                Text = SafeText.Block(TextBounds.Cut(fact.Text, TextBounds.Sentence), TextBounds.Sentence, out _),
                Data =
                    fact.Data?.Length > MaxData
                        ? AuditJson.Of(new { cut = fact.Data.Length, start = TextBounds.Cut(fact.Data, TextBounds.Sentence) })
                        : fact.Data,
            };

    /// <summary>The whole chain in order; empty where there is none.</summary>
    public Task<IReadOnlyList<AuditEntry>> ReadAsync(string chain, CancellationToken cancellation = default) =>
        ReadAsync(chain, 1, long.MaxValue, cancellation);

    /// <summary>Entries of a chain in order, from one sequence number to another, both included.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(string chain, long from, long to, CancellationToken cancellation = default)
    {
        var entries = new List<AuditEntry>();
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {chain} and RowKey ge {EntryRow(from)} and RowKey le {(to > MaxSequence ? "n~" : EntryRow(to))}"
        );
        IReadOnlyDictionary<int, ChainKey>? opening = null;
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            opening ??= await keys.ForReadingAsync(chain, cancellation);
            entries.Add(FromRow(row, opening));
        }
        return entries;
    }

    /// <summary>Every entry of every chain, chain by chain; reads the whole table.</summary>
    public async IAsyncEnumerable<AuditEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (chain, opening) = ("", (IReadOnlyDictionary<int, ChainKey>)new Dictionary<int, ChainKey>());
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"RowKey ge {"n"} and RowKey lt {"o"}"),
                cancellationToken: cancellation
            )
        )
        {
            if (row.PartitionKey != chain)
                (chain, opening) = (row.PartitionKey, await keys.ForReadingAsync(row.PartitionKey, cancellation));
            yield return FromRow(row, opening);
        }
    }

    /// <summary>Length and last hash of a chain as its head row says; null where there is no chain.</summary>
    public async Task<ChainHead?> HeadAsync(string chain, CancellationToken cancellation = default)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(chain, HeadRow, cancellationToken: cancellation);
        return row.HasValue ? new ChainHead(row.Value!.GetInt64("Length") ?? 0, row.Value.GetString("Hash") ?? "") : null;
    }

    /// <summary>The stored hash of one entry, without its words; null where it is not there.</summary>
    public async Task<string?> HashOfAsync(string chain, long sequence, CancellationToken cancellation = default)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(chain, EntryRow(sequence), ["Hash"], cancellation);
        return row.HasValue ? row.Value!.GetString("Hash") : null;
    }

    private async Task<List<AuditEntry>> AppendPartAsync(string chain, AuditFact[] facts, CancellationToken cancellation)
    {
        IReadOnlyList<AuditFact> missing = facts;
        for (var race = 0; ; race++)
        {
            var head = race == 0 && remembered.TryGet(chain, out var known) ? known : await ReadHeadAsync(chain, cancellation);
            if (race > 0)
                missing = await StillMissingAsync(chain, facts, cancellation);
            if (missing.Count == 0)
                return [];
            var entries = Link(chain, missing, head);
            var noting = journal.NoteAsync(chain, entries[0].At, cancellation);
            var key = keys.ForWritingAsync(chain, isNew: head is null, cancellation);
            await Task.WhenAll(noting, key);
            try
            {
                var answers = await table.SubmitTransactionAsync(Transaction(chain, entries, head, await key), cancellation);
                Remember(
                    chain,
                    new HeadRowState(
                        entries[^1].Sequence,
                        entries[^1].Hash,
                        entries[^1].At.UtcTicks,
                        answers.Value[^1].Headers.ETag ?? default
                    )
                );
                return entries;
            }
            catch (RequestFailedException e) when ((e.Status is 409 or 412 && race < MaxRaces) || (e.Status is 404 && race == 0))
            {
                // Another writer took the head, it is gone (404), or some of these facts are there already: look again.
                remembered.Forget(chain);
            }
        }
    }

    private async Task<HeadRowState?> ReadHeadAsync(string chain, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(chain, HeadRow, cancellationToken: cancellation);
        return row.HasValue
            ? new HeadRowState(
                row.Value!.GetInt64("Length") ?? 0,
                row.Value.GetString("Hash") ?? AuditEntry.NoHash,
                row.Value.GetInt64("Ticks") ?? 0,
                row.Value.ETag
            )
            : null;
    }

    private void Remember(string chain, HeadRowState head)
    {
        if (head.Version != default)
            remembered.Set(chain, head);
    }

    private async Task<List<AuditFact>> StillMissingAsync(string chain, AuditFact[] facts, CancellationToken cancellation)
    {
        var missing = new List<AuditFact>(facts.Length);
        foreach (var fact in facts)
        {
            var known = await table.GetEntityIfExistsAsync<TableEntity>(chain, FactRow(fact.Id), ["RowKey"], cancellation);
            if (!known.HasValue)
                missing.Add(fact);
        }
        return missing;
    }

    private List<AuditEntry> Link(string chain, IReadOnlyList<AuditFact> facts, HeadRowState? head)
    {
        var sequence = head?.Length ?? 0;
        var previous = head?.Hash ?? AuditEntry.NoHash;
        // Machines' clocks differ a little; a chain's time never runs backwards, so that where it does somebody changed it.
        var at = new DateTimeOffset(Math.Max(time.GetUtcNow().UtcTicks, head?.Ticks ?? 0), TimeSpan.Zero);
        var entries = new List<AuditEntry>(facts.Count);
        foreach (var fact in facts)
        {
            var entry = new AuditEntry
            {
                Chain = chain,
                Sequence = ++sequence,
                At = at,
                FactId = fact.Id,
                Kind = fact.Kind,
                Text = fact.Text,
                Actor = fact.Actor,
                Data = fact.Data,
                Salt = AuditEntry.NewSalt(),
                PreviousHash = previous,
            }.Sealed();
            previous = entry.Hash;
            entries.Add(entry);
        }
        return entries;
    }

    private static List<TableTransactionAction> Transaction(string chain, List<AuditEntry> entries, HeadRowState? head, ChainKey key)
    {
        var actions = new List<TableTransactionAction>(2 * entries.Count + 1);
        using var aes = SealedContent.Open(key);
        foreach (var entry in entries)
        {
            actions.Add(new TableTransactionAction(TableTransactionActionType.Add, ToRow(entry, key, aes)));
            actions.Add(
                new TableTransactionAction(
                    TableTransactionActionType.Add,
                    new TableEntity(chain, FactRow(entry.FactId)) { ["Sequence"] = entry.Sequence }
                )
            );
        }
        var next = new TableEntity(chain, HeadRow)
        {
            ["Length"] = entries[^1].Sequence,
            ["Hash"] = entries[^1].Hash,
            ["Ticks"] = entries[^1].At.UtcTicks,
        };
        actions.Add(
            head is null
                ? new TableTransactionAction(TableTransactionActionType.Add, next)
                : new TableTransactionAction(TableTransactionActionType.UpdateReplace, next, head.Version)
        );
        return actions;
    }

    /// <summary>The head row as read or written last, with its version at the service.</summary>
    private sealed record HeadRowState(long Length, string Hash, long Ticks, ETag Version);

    private static string FactRow(string factId) => "f" + factId;

    private static string EntryRow(long sequence) => "n" + sequence.ToString("D10", CultureInfo.InvariantCulture);

    private static TableEntity ToRow(AuditEntry entry, ChainKey key, AesGcm aes)
    {
        var row = new TableEntity(entry.Chain, EntryRow(entry.Sequence))
        {
            ["Form"] = entry.Form,
            ["Ticks"] = entry.At.UtcTicks,
            ["FactId"] = entry.FactId,
            ["Kind"] = entry.Kind,
            ["Actor"] = entry.Actor,
            ["Content"] = entry.ContentHash,
            ["Previous"] = entry.PreviousHash,
            ["Hash"] = entry.Hash,
        };
        SealedContent.Write(row, entry, key, aes);
        return row;
    }

    /// <summary>A row that cannot be read is an entry that somebody changed: it fits no chain, and whoever checks finds it.</summary>
    private static AuditEntry FromRow(TableEntity row, IReadOnlyDictionary<int, ChainKey> keys)
    {
        try
        {
            return RowReading.Read(row, TableName, r => ReadRow(r, keys));
        }
        catch (UnreadableRowException)
        {
            return new AuditEntry
            {
                Chain = row.PartitionKey,
                Sequence = 0,
                At = default,
                FactId = "",
                Kind = "",
                Text = "",
                Actor = "",
                PreviousHash = "",
                Hash = "",
                Content = ContentState.Damaged,
            };
        }
    }

    private static AuditEntry ReadRow(TableEntity row, IReadOnlyDictionary<int, ChainKey> keys) =>
        SealedContent.Read(
            row,
            new AuditEntry
            {
                Form = row.GetInt32("Form") ?? 0,
                Chain = row.PartitionKey,
                Sequence = long.Parse(row.RowKey.AsSpan(1), CultureInfo.InvariantCulture),
                At = new DateTimeOffset(row.GetInt64("Ticks") ?? 0, TimeSpan.Zero),
                FactId = row.GetString("FactId") ?? "",
                Kind = row.GetString("Kind") ?? "",
                Text = "",
                Actor = row.GetString("Actor") ?? "",
                ContentHash = row.GetString("Content") ?? "",
                PreviousHash = row.GetString("Previous") ?? "",
                Hash = row.GetString("Hash") ?? "",
            },
            keys.GetValueOrDefault(row.GetInt32("Key") ?? 0)
        );
}

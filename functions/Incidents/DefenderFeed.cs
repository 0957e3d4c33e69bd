using System.Globalization;
using Azure;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <param name="Enabled">Whether Defender XDR is read from Graph at all (setting Defender__Feed).</param>
public sealed record DefenderFeedOptions(bool Enabled);

/// <summary>
/// Defender XDR without Sentinel: reads alerts and incidents by their time of change and hands each in once. The cursor moves only over
/// time that was read whole and handed in, so that nothing is lost by a crash, by throttling or by a day without Graph.
/// </summary>
public sealed class DefenderFeed(
    DefenderFeedReader reader,
    FeedTable cursors,
    AlertReception reception,
    AuditChain audit,
    Pager pager,
    Tickets tickets,
    TimeProvider time
)
{
    /// <summary>Where a feed that was never read begins: what is older was somebody's before.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromHours(1);

    /// <summary>Read again each time: Graph may show a change some minutes after the time that it gives it.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    /// <summary>Not read for longer is a gap that people hear of.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan Widest = TimeSpan.FromHours(1);
    private static readonly TimeSpan Narrowest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(1);
    private const int MostWindows = 48; // two days are caught up in one run, a year in a few hours
    private const int MostHanded = 2_000;

    /// <summary>
    /// Reads what has changed since the last time. Faults of Graph are kept and told; those of our own storage are thrown.
    /// </summary>
    public async Task RunAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        foreach (var kind in Enum.GetValues<DefenderFeedKind>())
            await ReadAsync(kind, client, cancellation);
    }

    private async Task ReadAsync(DefenderFeedKind kind, DurableTaskClient client, CancellationToken cancellation)
    {
        var (cursor, version) = await BeginAsync(kind, cancellation);
        var now = time.GetUtcNow();
        if (cursor.NotBefore > now)
            return;
        var gap = version is not null && now - cursor.Through > Gap ? cursor : null;
        try
        {
            var width = Widest;
            for (var window = 0; cursor.Through < now && window < MostWindows; window++)
            {
                var to = Earlier(now, cursor.Through + width);
                var items = await reader.ReadAsync(kind, cursor.Through - Overlap, to, cancellation);
                if (items is null)
                {
                    width = width / 2 > Narrowest ? width / 2 : throw TooMany(kind, cursor.Through);
                    continue;
                }
                if (gap is not null)
                    await TellGapAsync(kind, gap, now, cancellation);
                gap = null;
                await HandInAsync(kind, items, cursor, client, cancellation);
                cursor = Moved(cursor, to, items);
                version = await cursors.KeepAsync(Name(kind), cursor, version, cancellation);
            }
        }
        catch (Exception e) when (e is TransientFaultException or PermanentFaultException)
        {
            await FailAsync(kind, cursor, version, e, cancellation);
        }
    }

    private async Task<(FeedCursor Cursor, ETag? Version)> BeginAsync(DefenderFeedKind kind, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (await cursors.FindAsync(Name(kind), cancellation) is { } known)
            // A clock that ran ahead and was set right: what lies between is read again, and known versions are no news.
            return known.Cursor.Through > now ? (known.Cursor with { Through = now - FirstLook, Handed = [] }, known.Version) : known;
        var first = new FeedCursor { Through = now - FirstLook };
        await NoteAsync(kind, "begins", $"{Name(kind)} of Defender XDR are read from {TimeText.Utc(first.Through)} on", cancellation);
        return (first, null);
    }

    private async Task HandInAsync(
        DefenderFeedKind kind,
        IReadOnlyList<FeedItem> items,
        FeedCursor cursor,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var handed = cursor.Handed.ToHashSet(StringComparer.Ordinal);
        foreach (var item in items.Where(i => !handed.Contains(Mark(i))))
        {
            var (alert, rejection) = reception.Read(item.Body);
            if (alert is not null)
                await reception.HandInAsync(
                    alert,
                    $"{Name(kind)}:{item.Id}:{item.Changed.UtcTicks}",
                    lifeOnly: kind == DefenderFeedKind.Incidents,
                    client,
                    cancellation
                );
            else
                await RefuseAsync(kind, item, rejection!, cancellation);
        }
    }

    /// <summary>No queue has it, so that a ticket is its dead letter (S10).</summary>
    private async Task RefuseAsync(DefenderFeedKind kind, FeedItem item, Rejection rejection, CancellationToken cancellation)
    {
        var (key, id) = ($"feed-{Mark(item)}", TextBounds.OneLine(item.Id, 100));
        var text = $"{kind} {id} of Defender XDR is not taken in ({rejection.Reason}): {rejection.Description} Look at it in the portal.";
        await audit.AppendAsync(RecordChains.Pipeline, [new AuditFact(key, AuditKinds.Refused, text, "pipeline")], cancellation);
        await tickets.OpenAsync(key, $"Defender XDR: {id} is not taken in", text, RecordChains.Pipeline, item.Id, cancellation);
    }

    private static FeedCursor Moved(FeedCursor cursor, DateTimeOffset to, IReadOnlyList<FeedItem> items) =>
        cursor with
        {
            Through = to,
            NotBefore = null,
            FailingSince = null,
            Handed = [.. items.Where(i => i.Changed >= to - Overlap).Select(Mark).TakeLast(MostHanded)],
        };

    private async Task TellGapAsync(DefenderFeedKind kind, FeedCursor cursor, DateTimeOffset now, CancellationToken cancellation)
    {
        var text =
            $"{Name(kind)} of Defender XDR were not read from {TimeText.Utc(cursor.Through)} to {TimeText.Utc(now)}; they are read now, "
            + "and answers to them come late";
        await NoteAsync(kind, $"gap-{cursor.Through.UtcTicks.ToString(CultureInfo.InvariantCulture)}", text, cancellation);
        await TryPageAsync($"feed-gap-{kind}-{cursor.Through.UtcTicks}", text, PageSeverity.Warning, cancellation);
    }

    /// <summary>Left alone for as long as Graph asks; people hear of it when it lasts, or when only they can help.</summary>
    private async Task FailAsync(DefenderFeedKind kind, FeedCursor cursor, ETag? version, Exception problem, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var wait = Throttling.WaitIn(problem.Message) is { } asked && asked > ShortestWait ? asked : ShortestWait;
        var since = cursor.FailingSince ?? now;
        await cursors.KeepAsync(Name(kind), cursor with { NotBefore = now + wait, FailingSince = since }, version, cancellation);
        if (problem is PermanentFaultException || now - since >= Gap)
            await TryPageAsync(
                $"feed-{kind}-{since.UtcTicks}",
                $"{Name(kind)} of Defender XDR cannot be read since {TimeText.Utc(since)}: {TextBounds.OneLine(problem.Message, 300)}",
                PageSeverity.Error,
                cancellation
            );
    }

    private async Task TryPageAsync(string key, string text, PageSeverity severity, CancellationToken cancellation)
    {
        try
        {
            await pager.PageAsync(key, text, severity, cancellation);
        }
        catch (Exception e) when (e is TransientFaultException or PermanentFaultException)
        {
            // It fails again in a minute, with the same key; reading goes on meanwhile.
        }
    }

    private async Task NoteAsync(DefenderFeedKind kind, string what, string text, CancellationToken cancellation) =>
        await audit.AppendAsync(
            RecordChains.Pipeline,
            [new AuditFact($"feed-{kind}-{what}".ToLowerInvariant(), AuditKinds.SourceNews, text, "pipeline")],
            cancellation
        );

    private static PermanentFaultException TooMany(DefenderFeedKind kind, DateTimeOffset at) =>
        new($"more {Name(kind)} changed within a second of {TimeText.Utc(at)} than are read at once");

    private static string Mark(FeedItem item) =>
        Fingerprint.Of(item.Id, item.Changed.UtcTicks.ToString(CultureInfo.InvariantCulture))[..16];

    private static string Name(DefenderFeedKind kind) => kind == DefenderFeedKind.Alerts ? "alerts" : "incidents";

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}

using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.People;
using IRFunctions.Storage;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.OperatorConsole;

/// <summary>A containment as the entity that owns it says.</summary>
/// <param name="Title">Of the alert behind it; empty where it cannot be read. Untrusted text.</param>
internal sealed record Effect(string Key, RollbackState State, string Title);

/// <summary>One page of what is in effect, what ends first before the rest.</summary>
/// <param name="Lately">What ended while somebody looked, newest first.</param>
internal sealed record EffectPage(int Count, int Page, int Pages, IReadOnlyList<Effect> Effects, IReadOnlyList<Effect> Lately);

/// <summary>
/// Reads what is in effect: which containments there are from the table of holds, each one's state from its owner (S14). What ends stays in
/// sight for some minutes, so that whoever released it sees it read back.
/// </summary>
internal sealed class EffectList(HoldTable holds, IncidentTable incidents, RowTrouble trouble, TimeProvider time) : IDisposable
{
    private const int AtOnce = 8;
    private const int MostLately = 5;
    private const int MostSeen = 5_000;
    private static readonly TimeSpan InSight = TimeSpan.FromMinutes(10);

    private readonly Glance<Row[]> all = new(c => RowsAsync(holds, trouble, c));
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    private sealed record Row(string Key, DateTimeOffset? Ends);

    public void Dispose() => all.Dispose();

    public async Task<int> CountAsync(CancellationToken cancellation) => (await all.ReadAsync(cancellation)).Length;

    public async Task<EffectPage> ReadAsync(DurableTaskClient client, int page, int size, CancellationToken cancellation)
    {
        var rows = await all.ReadAsync(cancellation);
        var pages = Math.Max(1, (rows.Length + size - 1) / size);
        page = Math.Min(page, pages);
        var shown = await ReadAsync(client, [.. rows.Skip((page - 1) * size).Take(size).Select(r => r.Key)], cancellation);
        var lately = await ReadAsync(client, Gone(rows), cancellation);
        return new EffectPage(
            rows.Length,
            page,
            pages,
            [.. shown.Where(e => !IsOver(e.State))],
            [
                .. shown
                    .Concat(lately)
                    .Where(e => IsOver(e.State) && IsLately(e.State))
                    .OrderByDescending(e => e.State.EndedAt)
                    .Take(MostLately),
            ]
        );
    }

    /// <summary>One containment, also after its end; null where there was none.</summary>
    public async Task<Effect?> FindAsync(DurableTaskClient client, string key, CancellationToken cancellation)
    {
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            new EntityInstanceId(nameof(ScheduledRollback), key),
            cancellation: cancellation
        );
        return entity is { IncludesState: true, State: { Status: not ContainmentStatus.None, Target: not null } state }
            ? new Effect(key, state, await TitleAsync(state, cancellation))
            : null;
    }

    public static bool IsOver(RollbackState state) => state.Status is ContainmentStatus.Released or ContainmentStatus.RolledBack;

    private bool IsLately(RollbackState state) => state.EndedAt is { } ended && time.GetUtcNow() - ended < InSight;

    private async Task<List<Effect>> ReadAsync(DurableTaskClient client, string[] keys, CancellationToken cancellation)
    {
        var found = new List<Effect>(keys.Length);
        foreach (var chunk in keys.Chunk(AtOnce))
            found.AddRange((await Task.WhenAll(chunk.Select(k => FindAsync(client, k, cancellation)))).OfType<Effect>());
        return found;
    }

    /// <summary>What was there at an earlier look and is there no more.</summary>
    private string[] Gone(Row[] rows)
    {
        const int mostAsked = 50;
        lock (gate)
        {
            if (seen.Count > MostSeen)
                seen.Clear();
            var now = rows.Select(r => r.Key).ToHashSet(StringComparer.Ordinal);
            string[] gone = [.. seen.Where(k => !now.Contains(k)).TakeLast(mostAsked)];
            seen.IntersectWith(now.Concat(gone));
            seen.UnionWith(now);
            return gone;
        }
    }

    private async Task<string> TitleAsync(RollbackState state, CancellationToken cancellation)
    {
        try
        {
            return state.Incidents.Count > 0 && await incidents.FindAsync(state.Incidents[^1], 1, cancellation) is { } view
                ? view.Title
                : "";
        }
        catch (UnreadableRowException e)
        {
            await trouble.TellAsync(e, cancellation);
            return "";
        }
    }

    private static async Task<Row[]> RowsAsync(HoldTable holds, RowTrouble trouble, CancellationToken cancellation)
    {
        var unreadable = new List<UnreadableRowException>();
        var kept = await holds.AllAsync(unreadable.Add, cancellation);
        foreach (var row in unreadable)
            await trouble.TellAsync(row, cancellation);
        return
        [
            .. kept.Where(k => k.Hub == holds.Hub)
                .Select(k => new Row(k.Key, k.State.Status == ContainmentStatus.Live ? k.State.UndoAt : null))
                .OrderBy(r => r.Ends ?? DateTimeOffset.MaxValue)
                .ThenBy(r => r.Key, StringComparer.Ordinal),
        ];
    }
}

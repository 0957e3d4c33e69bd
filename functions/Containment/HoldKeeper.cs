using IRFunctions.Alerts;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// Keeps the table of holds and their owners alike, in the watchdog's rounds: a row that could not be written is written, one that is over
/// goes. Where the owner remembers nothing, its engine's state was lost: people are paged, and where somebody asked for it, it is live
/// again.
/// </summary>
public sealed class HoldKeeper(HoldTable holds, AuditChain audit, Pager pager, RowTrouble trouble, TimeProvider time)
{
    /// <summary>Names in one page; the others are counted.</summary>
    private const int Named = 5;

    /// <param name="owners">State of every entity there is.</param>
    public async Task LookAsync(DurableTaskClient client, IReadOnlyDictionary<string, RollbackState> owners, CancellationToken cancellation)
    {
        var unreadable = new List<Storage.UnreadableRowException>();
        var all = await holds.AllAsync(unreadable.Add, cancellation);
        var rows = all.Where(r => r.Hub == holds.Hub).ToDictionary(r => r.Key, StringComparer.Ordinal);
        foreach (var problem in unreadable)
            await trouble.TellAsync(problem, cancellation);
        foreach (var (key, state) in owners.Where(o => o.Value.Status is not ContainmentStatus.None))
        {
            if (state.IsKept && !(rows.TryGetValue(key, out var row) && Same(row.State, state)))
                await holds.KeepAsync(new KeptContainment(key, state, time.GetUtcNow()) { Hub = holds.Hub }, cancellation);
            else if (!state.IsKept && rows.ContainsKey(key))
                await holds.DropAsync(key, cancellation);
        }
        var forgotten = new List<KeptContainment>();
        foreach (var row in all.Where(r => !owners.TryGetValue(r.Key, out var o) || o.Status is ContainmentStatus.None))
        {
            if (await holds.RestoreOfAsync(row.Key, cancellation) is { } mark)
                await RestoreAsync(client, row, mark, cancellation);
            // Another app's row is that app's business.
            else if (row.Hub == holds.Hub && await holds.TakenBackAsync(row, cancellation) is null)
                forgotten.Add(row);
        }
        if (forgotten.Count > 0)
            await TellAsync(forgotten, cancellation);
    }

    /// <summary>First on the record, then live (S11).</summary>
    private async Task RestoreAsync(DurableTaskClient client, KeptContainment row, RestoreMark mark, CancellationToken cancellation)
    {
        var state = row.State;
        var fact = new AuditFact(
            $"restored-{Fingerprint.Of(row.Key)}-{state.Generation}-{mark.AskedAt.UtcTicks}",
            ContainmentKinds.Restored,
            $"the durable state knew nothing of it; it is live again as it was written down at {TimeText.Utc(row.KeptAt)}. "
                + $"{TextBounds.OneLine(mark.By, 120)} is said to have asked for it, from {TextBounds.OneLine(mark.From, 200)}",
            "watchdog",
            AuditJson.Of(
                new
                {
                    state.Generation,
                    state.Status,
                    row.KeptAt,
                    mark.AskedAt,
                },
                Recorder.AboutOf(state.Action, state.Target!)
            )
        );
        foreach (var incident in state.Incidents.DefaultIfEmpty(RecordChains.Pipeline))
            await audit.AppendAsync(incident, [fact], cancellation);
        await client.Entities.SignalEntityAsync(
            new EntityInstanceId(nameof(ScheduledRollback), row.Key),
            nameof(ScheduledRollback.Adopt),
            state,
            cancellation: cancellation
        );
        if (row.Hub != holds.Hub)
            await holds.DropRowAsync(row.Key, row.Hub, cancellation); // From here on this app's entity owns it, with a row of its own.
    }

    /// <summary>Once a day for the same ones.</summary>
    private Task<bool> TellAsync(List<KeptContainment> forgotten, CancellationToken cancellation)
    {
        var names = string.Join(
            ", ",
            forgotten.Take(Named).Select(f => $"{f.State.Action} on {TextBounds.OneLine(f.State.Target!.Display, 80)}")
        );
        var more = forgotten.Count > Named ? $" and {forgotten.Count - Named} more" : "";
        var key = Fingerprint.Of([.. forgotten.Select(f => f.Key).Order(StringComparer.Ordinal)]);
        return pager.PageAsync(
            $"forgotten-{key}-{time.GetUtcNow():yyyyMMdd}",
            $"WATCHDOG: {forgotten.Count} containment(s) may be in effect that nothing will undo: the durable state knows nothing of "
                + $"them: {names}{more}. Make them live again (holds restore) or take them back (take-back): docs/runbook.md.",
            PageSeverity.Critical,
            cancellation
        );
    }

    private static bool Same(RollbackState one, RollbackState other) => Json(one) == Json(other);

    private static string Json(RollbackState state) => System.Text.Json.JsonSerializer.Serialize(state, PayloadJson.Options);
}

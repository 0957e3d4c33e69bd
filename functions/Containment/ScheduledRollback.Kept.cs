using IRFunctions.Limits;
using IRFunctions.Storage;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Containment;

/// <summary>
/// What the entity decides is written down beside the engine, too (<see cref="HoldTable"/>): before an effect begins, without fail; after
/// that as soon as it can be, and by the watchdog where it could not.
/// </summary>
public sealed partial class ScheduledRollback : ITaskEntity
{
    /// <summary>Figures for operators; they decide nothing.</summary>
    private void Measure(RollbackState before, RollbackState after)
    {
        if (
            before.Effect is not EffectStatus.InEffect
            && after is { Effect: EffectStatus.InEffect, Status: ContainmentStatus.Live, HeldAt: { } held }
        )
            PipelineFigures.Contained(after.Action, time.GetUtcNow() - held);
        if (
            after is not { Status: ContainmentStatus.Released or ContainmentStatus.RolledBack, UndoneIn: { } took }
            || before.Status == after.Status
        )
            return;
        // Released by a person: it was in effect for nothing, as far as people know.
        var byPerson = after.Cause is RollbackCause.Released && Guid.TryParse(after.EndedBy, out _);
        PipelineFigures.Undone(after.Action, $"{after.Cause}", took, byPerson ? after.AskedAt - after.HeldAt : null);
    }

    async ValueTask<object?> ITaskEntity.RunAsync(TaskEntityOperation operation)
    {
        var before = operation.State.GetState<RollbackState>(null);
        var answer = await RunAsync(operation);
        if (operation.Name.Equals(nameof(Show), StringComparison.OrdinalIgnoreCase))
            return answer;
        var after = operation.State.GetState<RollbackState>(null) ?? new RollbackState();
        if (answer is EffectLease { Until: not null } && !after.Kept)
            operation.State.SetState(after = after with { Kept = true });
        Measure(before ?? new RollbackState(), after);
        var key = operation.Context.Id.Key;
        try
        {
            if (after.IsKept)
                await holds.KeepAsync(new KeptContainment(key, after, time.GetUtcNow()) { Hub = holds.Hub });
            else if (before is { IsKept: true })
                await holds.DropAsync(key);
        }
        catch (Exception e) when (TableTrouble.Is(e) && answer is EffectLease { Until: not null })
        {
            // S5: what is not written down is not begun.
            operation.State.SetState(before);
            LogUnkept(key, e.Message);
            return new EffectLease(null, "it was not begun: its state before could not be written down (table holds)");
        }
        catch (Exception e) when (TableTrouble.Is(e))
        {
            LogUnkept(key, e.Message); // An end, an undo, a release: they must not wait for a table.
        }
        return answer;
    }

    /// <summary>
    /// The engine's state was lost, and this is what was written down: it is live again, with timers; what has run out meanwhile is undone
    /// at once. Nothing where the entity knows better.
    /// </summary>
    public bool Adopt(RollbackState kept)
    {
        if (State.Status is not ContainmentStatus.None || kept is not { Target: not null, Prior: not null })
            return false;
        State = kept with { Trying = false };
        foreach (var hold in State.Holds)
        {
            if (State.Status is ContainmentStatus.Live && hold.RemindAt is { } at && at > time.GetUtcNow())
                Schedule(nameof(Remind), new HoldTimer(State.Generation, hold.OrderId), at);
        }
        Resume(State.Generation);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Containment {Key} could not be written to the table holds: {Problem}")]
    private partial void LogUnkept(string key, string problem);
}

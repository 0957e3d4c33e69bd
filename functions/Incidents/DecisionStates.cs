using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>
/// What became of an incident's containments since its own orchestration ended, from the entities that own them (S14): released, extended,
/// confirmed or rolled back is said as such, and no undo is promised that has happened.
/// </summary>
internal static class DecisionStates
{
    public static async Task<IncidentView> ReadAsync(DurableTaskClient client, IncidentView view, CancellationToken cancellation)
    {
        if (view.Open is { } open)
        {
            var still = await Task.WhenAll(open.Select(work => IsStillOpenAsync(client, work, cancellation)));
            view = view with { Open = [.. open.Where((_, i) => still[i])] };
        }
        if (view.Decisions.All(d => d.UndoAt is null))
            return view;
        return view with { Decisions = await Task.WhenAll(view.Decisions.Select(d => ReadAsync(client, view.Incident, d, cancellation))) };
    }

    /// <summary>What people were asked to end may have ended since.</summary>
    private static async Task<bool> IsStillOpenAsync(DurableTaskClient client, OpenWork work, CancellationToken cancellation)
    {
        if (work.Kind == OpenWorkKind.Request)
            return await client.GetInstanceAsync(work.Id, cancellation) is { IsRunning: true };
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            new EntityInstanceId(nameof(ScheduledRollback), work.Id),
            cancellation: cancellation
        );
        return entity is { IncludesState: true }
            && entity.State.Status is ContainmentStatus.Live or ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed;
    }

    private static async Task<DecisionView> ReadAsync(
        DurableTaskClient client,
        string incident,
        DecisionView decision,
        CancellationToken cancellation
    )
    {
        if (decision.UndoAt is null || decision.Target.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon))
            return decision;
        var target = new Target(decision.Target[..colon], decision.Target[(colon + 1)..], decision.Display);
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            ScheduledRollback.For(decision.Action, target),
            cancellation: cancellation
        );
        if (entity is not { IncludesState: true } || !entity.State.Incidents.Contains(incident))
            return decision;
        var state = entity.State;
        if (state.Status is ContainmentStatus.Live)
            return state is { Extended: true, UndoAt: { } until }
                ? decision with
                {
                    UndoAt = until,
                    Text = TextBounds.OneLine($"{decision.Text}; {ContainmentText.Extended(until)}", 300),
                }
                : decision with
                {
                    UndoAt = state.UndoAt,
                };
        return decision with { UndoAt = null, Text = TextBounds.OneLine($"{decision.Text}; {Word(state)}", 300) };
    }

    private static string Word(RollbackState state) =>
        state.Status switch
        {
            ContainmentStatus.Confirmed => $"{ContainmentText.Confirmed} ({state.Ending})",
            ContainmentStatus.Undoing => $"being undone ({state.Ending})",
            ContainmentStatus.RollbackFailed => $"STILL IN EFFECT, its undo fails and keeps being tried ({state.Ending})",
            ContainmentStatus.Released when Guid.TryParse(state.EndedBy, out _) => $"{ContainmentText.Released}: {state.Ending}",
            ContainmentStatus.Released => $"released: {state.Ending}",
            _ => $"undone: {state.Ending}",
        };
}

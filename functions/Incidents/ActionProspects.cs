using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>
/// Asks each action what it would say to its target, by the same reading that precedes its effect. Changes nothing; its probe, which may
/// make a hidden folder, waits for its turn. What cannot be read now is left out: then the action says it when its turn comes.
/// </summary>
public sealed class ActionProspects(ActionCatalog catalogue)
{
    public async Task<IReadOnlyDictionary<string, ActionProspect>> OfAsync(
        IEnumerable<ContainmentOrder> orders,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var asked = orders
            .Where(o => o.Decision is { Kind: DecisionKind.Run or DecisionKind.Ask, Target.Kind: not "alert" })
            .Select(async o => (Facts.ActionKey(o.Decision.Action, o.Decision.Target), await AskAsync(o, client, cancellation)));
        var found = new Dictionary<string, ActionProspect>(StringComparer.Ordinal);
        foreach (var (key, prospect) in await Task.WhenAll(asked))
            if (prospect is not null)
                found[key] = prospect;
        return found;
    }

    private async Task<ActionProspect?> AskAsync(ContainmentOrder order, DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var prior = await catalogue.Find(order.Decision.Action).CaptureAsync(order, cancellation);
            if (prior.Refusal is { } refusal)
                return new ActionProspect(refusal, null);
            // What we hold already for another incident is held for this one, too, which people decide (S6).
            return order.Decision.Kind == DecisionKind.Ask && prior.AlreadySo && !await IsOursAsync(order, client, cancellation)
                ? new ActionProspect(null, prior.Summary)
                : null;
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<bool> IsOursAsync(ContainmentOrder order, DurableTaskClient client, CancellationToken cancellation)
    {
        var entity = await client.Entities.GetEntityAsync<RollbackState>(
            ScheduledRollback.For(order.Decision.Action, order.Decision.Target),
            cancellation: cancellation
        );
        return entity is { IncludesState: true }
            && entity.State.Status
                is ContainmentStatus.Live
                    or ContainmentStatus.Confirmed
                    or ContainmentStatus.Undoing
                    or ContainmentStatus.RollbackFailed;
    }
}

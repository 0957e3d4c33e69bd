using IRFunctions.Durable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Containment;

/// <summary>
/// After a containment ended whose effect nobody can vouch for (an answer was lost, the service failed), looks again for a while: an effect
/// that lands late is put back as soon as it is seen (S7). Only the pipeline's own unsettled effects are looked for; what people do to the
/// target after that stays theirs (S6).
/// </summary>
public static class ReadBackOrchestrator
{
    /// <summary>
    /// How long a service may still act on a request whose answer it never gave. Services apply what they accepted within minutes; nothing
    /// is promised, so the watchdog tells people of what it sees later.
    /// </summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    /// <summary>An effect that lands late stands no longer than this before it is seen.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    /// <summary>Looks in one run of the orchestration: a history stays short, since a replay reads all of it.</summary>
    private const int Looks = 30;

    [Function(nameof(ReadBackOrchestrator))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<RollbackOrder>()!;
        var owner = ScheduledRollback.For(order.Action, order.Target);
        for (var look = 0; context.CurrentUtcDateTime < (order.UnsettledAt!.Value + Window).UtcDateTime; look++)
        {
            if (look == Looks)
            {
                context.ContinueAsNew(order);
                return;
            }
            if (!await IsThereAsync(context, order))
            {
                await context.CreateTimer(Pause, CancellationToken.None);
                continue;
            }
            await context.Entities.SignalEntityAsync(
                owner,
                nameof(ScheduledRollback.Surface),
                new EffectSeen(order.Generation, order.Number)
            );
            return; // The undo that follows looks again, as long as the window lasts.
        }
    }

    /// <summary>False also where it cannot be read now: the next look asks again.</summary>
    private static async Task<bool> IsThereAsync(TaskOrchestrationContext context, RollbackOrder order)
    {
        try
        {
            return await context.CallActivityAsync<bool>(nameof(ContainmentActivities.ReadBack), order, RetryPolicies.ForAsking);
        }
        catch (TaskFailedException)
        {
            return false;
        }
    }
}

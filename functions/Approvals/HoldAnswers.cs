using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>What became of a person's wish for a live containment.</summary>
/// <param name="Objection">Why nothing was changed; null where it was.</param>
/// <param name="Until">When it now ends by itself; null where it ends at once, or only when a person releases it.</param>
/// <param name="Note">What is otherwise than was asked for, and what follows; null where there is nothing to say.</param>
public sealed record HoldChangeResult(Objection? Objection, DateTimeOffset? Until = null, string? Note = null);

/// <summary>Confirm, release and extend of a live containment: the same checks and the same record from the API and from a card.</summary>
public sealed class HoldAnswers(AuditChain audit, CardSender cards, PolicyStore policies)
{
    /// <summary>The caller has made sure that the person may respond.</summary>
    public async Task<HoldChangeResult> ChangeAsync(
        DurableTaskClient client,
        string containment,
        HoldChangeKind change,
        HoldChange order,
        string name,
        AnswerProof? proof,
        CancellationToken cancellation
    )
    {
        var id = new EntityInstanceId(nameof(ScheduledRollback), containment);
        var entity = await client.Entities.GetEntityAsync<RollbackState>(id, cancellation: cancellation);
        if (entity is not { IncludesState: true } || entity.State.Status == ContainmentStatus.None)
            return new HoldChangeResult(new Objection(404, "not-found", $"There is no containment {containment}."));
        if (AnswerRules.Check(entity.State, change, order.By, Owners.Of(policies.Current)) is { } objection)
            return new HoldChangeResult(objection);

        var verb = change.ToString().ToLowerInvariant();
        var kind = change switch
        {
            HoldChangeKind.Release => AuditKinds.ReleaseAsked,
            HoldChangeKind.Confirm => AuditKinds.Confirmed,
            _ => AuditKinds.Extended,
        };
        var about = AuditJson.Of(
            new
            {
                change = verb,
                order.Reason,
                order.For,
                proof,
            },
            new About(entity.State.Action, entity.State.Target!.Key, entity.State.Target.Display)
        );
        foreach (var incident in entity.State.Incidents)
            await audit.AppendAsync(
                incident,
                [
                    new AuditFact(
                        $"request-{Guid.CreateVersion7():N}",
                        kind,
                        $"{name} asked to {verb} {containment}{Capped(entity.State, order)}: {order.Reason}",
                        order.By,
                        about
                    ),
                ],
                cancellation
            );
        // The entity's operations are called like the changes.
        await client.Entities.SignalEntityAsync(id, change.ToString(), order, cancellation: cancellation);
        if (change == HoldChangeKind.Confirm)
            await cards.ShowHoldAsync(containment, ResultState.Confirmed, $"{name} keeps it: {order.Reason}", null, cancellation);
        return change == HoldChangeKind.Extend ? ResultOf(entity.State, order)
            : change == HoldChangeKind.Confirm
                ? new HoldChangeResult(null, null, "It stays until a person releases it; nothing undoes it by itself any more.")
            : new HoldChangeResult(null, null, "It is being undone now and read back; look at it for the moment at which it was.");
    }

    private static string Capped(RollbackState state, HoldChange order) =>
        order.For is { } wanted && wanted > state.MaxDuration
            ? $" by {TimeText.Length(wanted)}, of which the policy allows {TimeText.Length(state.MaxDuration)}"
            : "";

    /// <summary>What an extension comes to.</summary>
    private static HoldChangeResult ResultOf(RollbackState state, HoldChange order)
    {
        if (order is not { For: { } wanted, At: { } at })
            return new HoldChangeResult(null);
        var (most, length) = (state.MaxDuration, wanted <= state.MaxDuration ? wanted : state.MaxDuration);
        // What another incident holds longer is not shortened.
        var kept = state.UndoAt is { } until && until >= at + length;
        var cap = wanted <= most ? null : $"The policy lets it last {TimeText.Length(most)} at a time at most; that is what was taken.";
        return kept
            ? new HoldChangeResult(null, state.UndoAt, $"It lasts that long already; nothing was shortened. {cap}".TrimEnd())
            : new HoldChangeResult(null, at + length, cap);
    }

    /// <summary>Whether two accounts belong to one person.</summary>
    public bool AreOne(string account, string other) => Owners.Of(policies.Current).AreOne(account, other);

    /// <inheritdoc cref="AnswerRules.Conflict"/>
    public Objection? ConflictOf(Target? target, string by) => AnswerRules.Conflict(target, by, Owners.Of(policies.Current));
}

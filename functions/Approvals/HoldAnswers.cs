using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>Confirm, release and extend of a live containment: the same checks and the same record from the API and from a card.</summary>
public sealed class HoldAnswers(AuditChain audit, CardSender cards, PolicyStore policies)
{
    /// <summary>Null where it was done. The caller has made sure that the person may respond.</summary>
    public async Task<Objection?> ChangeAsync(
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
            return new Objection(404, "not-found", $"There is no containment {containment}.");
        if (ConflictOf(entity.State.Target, order.By) is { } conflict)
            return conflict;
        if (!Allows(entity.State.Status, change))
            return new Objection(409, "not-live", $"This containment is {entity.State.Status}: {entity.State.Ending}");

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
                        $"{name} asked to {verb} {containment}: {order.Reason}",
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
        return null;
    }

    /// <summary>Nobody changes what holds themselves, by whichever door.</summary>
    public Objection? ConflictOf(Target? target, string by) =>
        target is { Kind: "account" or "mailbox" } && OwnerOf(target.Id).Equals(OwnerOf(by), StringComparison.OrdinalIgnoreCase)
            ? new Objection(403, "is-target", "This is about your own account; somebody else has to decide.")
            : null;

    /// <summary>The person behind an account, as far as the ladder knows: two accounts of one person are one person here too.</summary>
    private string OwnerOf(string account) =>
        policies
            .Current.Groups.Values.SelectMany(g => g.Members)
            .SelectMany(m => m.Away is { } away ? [m, away.Substitute] : (Approver[])[m])
            .FirstOrDefault(m => m.ObjectId.Equals(account, StringComparison.OrdinalIgnoreCase))
            ?.Owner
        ?? account;

    private static bool Allows(ContainmentStatus status, HoldChangeKind change) =>
        status switch
        {
            ContainmentStatus.Live => true,
            ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed => change == HoldChangeKind.Release,
            _ => false,
        };
}

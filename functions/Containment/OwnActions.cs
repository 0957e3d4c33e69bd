using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Policies;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Containment;

/// <summary>What the pipeline did last to a target.</summary>
/// <param name="Text">When, what and who, as a sentence.</param>
public sealed record OwnAction(DateTimeOffset At, string Text);

/// <summary>
/// What the pipeline itself did to a target, whether it ran alone or was approved, and what it took back: as the entities say that own it
/// (S14). An action without an inverse has no such entity and leaves a note with the target's budget.
/// </summary>
public sealed class OwnActions(ActionCatalog catalogue)
{
    /// <param name="policy">Who people are; an id that it does not name stays an id.</param>
    public async Task<OwnAction?> LastOnAsync(Target target, Policy policy, DurableTaskClient client, CancellationToken cancellation)
    {
        var last = await RateLimit.LastTouchAsync(target, client, cancellation) is { } note
            ? new OwnAction(note.At, $"{note.Action} at {Time(note.At)}, by {Who(note.By, policy)}")
            : null;
        foreach (var action in catalogue.Capabilities.Where(c => c.TargetKind == target.Kind && c.Reversible))
        {
            var entity = await client.Entities.GetEntityAsync<RollbackState>(
                ScheduledRollback.For(action.Name, target),
                cancellation: cancellation
            );
            if (entity is { IncludesState: true } && Of(entity.State, policy) is { } own && !(last?.At >= own.At))
                last = own;
        }
        return last;
    }

    private static OwnAction? Of(RollbackState state, Policy policy)
    {
        if (state.Status is ContainmentStatus.Released or ContainmentStatus.RolledBack && state.EndedAt is { } ended)
            return new OwnAction(ended, $"{state.Action} was taken back at {Time(ended)}, by {Who(state.EndedBy, policy)}");
        // An undo that is under way or failed touched it as well: when it was asked for, and at each try that failed.
        if (state.Status is ContainmentStatus.Undoing or ContainmentStatus.RollbackFailed && state.AskedAt is { } asked)
            return new OwnAction(
                state.EndedAt > asked ? state.EndedAt.Value : asked,
                $"{state.Action} is being taken back since {Time(asked)}, by {Who(state.EndedBy, policy)}"
            );
        if (state.HeldAt is not { } held)
            return null;
        string[] approvers = [.. state.Holds.SelectMany(h => h.ApprovedBy).Distinct(StringComparer.Ordinal)];
        var by =
            approvers.Length > 0 ? $"approved by {string.Join(", ", approvers.Select(a => Who(a, policy)))}"
            : state.Status is ContainmentStatus.Confirmed ? $"kept by {Who(state.EndedBy, policy)}"
            : "by the policy";
        return new OwnAction(held, $"{state.Action} at {Time(held)}, {by}");
    }

    private static string Who(string by, Policy policy) =>
        string.Join(
            ", ",
            by.Split(", ")
                .Select(id =>
                    policy.Groups.Values.SelectMany(g => g.Members).FirstOrDefault(m => m.ObjectId == id)?.Name
                    ?? (id == "policy" ? "the policy" : id)
                )
        );

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
}

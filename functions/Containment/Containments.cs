using System.Runtime.CompilerServices;
using IRFunctions.Durable;
using IRFunctions.People;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// Every containment there is, from the entities that own them. One that cannot be read is paged and left out; the others are still there.
/// </summary>
internal static class Containments
{
    public static async IAsyncEnumerable<(string Key, RollbackState State)> AllAsync(
        DurableTaskClient client,
        RowTrouble trouble,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var query = new EntityQuery { InstanceIdStartsWith = EntityList.PrefixOf(nameof(ScheduledRollback)), IncludeState = true };
        await foreach (var entity in client.Entities.GetAllEntitiesAsync(query).WithCancellation(cancellation))
        {
            var state = await EntityList.ReadAsync<RollbackState>(entity, (key, why) => TellAsync(trouble, key, why, cancellation));
            if (state is null)
                continue;
            if (HasTarget(state))
                yield return (entity.Id.Key, state);
            else
                await TellAsync(trouble, entity.Id.Key, NoTarget, cancellation);
        }
    }

    /// <summary>The next of them that are wanted.</summary>
    /// <inheritdoc cref="EntityList.PageAsync"/>
    public static async Task<(List<(string Key, RollbackState State)> Found, (string Page, string Key)? Next)> PageAsync(
        DurableTaskClient client,
        RowTrouble trouble,
        Func<RollbackState, bool> wanted,
        (string Page, string Key)? place,
        int most,
        CancellationToken cancellation
    )
    {
        var broken = new List<string>();
        var page = await EntityList.PageAsync<RollbackState>(
            client,
            nameof(ScheduledRollback),
            (key, state) =>
            {
                if (HasTarget(state))
                    return wanted(state);
                broken.Add(key);
                return false;
            },
            (key, why) => TellAsync(trouble, key, why, cancellation),
            place,
            most,
            cancellation
        );
        foreach (var key in broken)
            await TellAsync(trouble, key, NoTarget, cancellation);
        return page;
    }

    private const string NoTarget = "it has no target";

    private static bool HasTarget(RollbackState state) => state.Status is ContainmentStatus.None || state.Target is not null;

    private static Task TellAsync(RowTrouble trouble, string key, string problem, CancellationToken cancellation) =>
        trouble.TellAsync(
            $"the state of containment {key}",
            problem,
            "Read on the record what it changed and undo that by hand; it is not undone by itself.",
            cancellation
        );
}

using System.Runtime.CompilerServices;
using IRFunctions.People;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace IRFunctions.Containment;

/// <summary>
/// Every containment there is, from the entities that own them. One that cannot be read is paged and left out; the others are still there.
/// </summary>
internal static class Containments
{
    private static readonly string Prefix = $"@{nameof(ScheduledRollback).ToLowerInvariant()}@";

    public static async IAsyncEnumerable<(string Key, RollbackState State)> AllAsync(
        DurableTaskClient client,
        RowTrouble trouble,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        // Untyped: a typed list fails as a whole where one state does not fit.
        await foreach (
            var entity in client
                .Entities.GetAllEntitiesAsync(new EntityQuery { InstanceIdStartsWith = Prefix, IncludeState = true })
                .WithCancellation(cancellation)
        )
        {
            if (!entity.IncludesState)
                continue;
            RollbackState? state = null;
            string? problem = null;
            try
            {
                state = entity.State.ReadAs<RollbackState>();
            }
#pragma warning disable CA1031 // Whatever a converter throws over what it does not understand.
            catch (Exception e)
#pragma warning restore CA1031
            {
                problem = $"{e.GetType().Name}: {e.Message}";
            }
            if (state is { Status: not ContainmentStatus.None, Target: null })
                problem = "it has no target";
            if (problem is null && state is not null)
                yield return (entity.Id.Key, state);
            else if (problem is not null)
                await trouble.TellAsync(
                    $"the state of containment {entity.Id.Key}",
                    problem,
                    "Read on the record what it changed and undo that by hand; it is not undone by itself.",
                    cancellation
                );
        }
    }
}

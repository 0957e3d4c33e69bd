using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Durable;

/// <summary>`Mutex@{shared thing}`: whoever holds its lock may change the thing. Keeps nothing.</summary>
public sealed class Mutex : TaskEntity<int>
{
    [Function(nameof(Mutex))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Mutex>();

    public static EntityInstanceId For(string shared) => new(nameof(Mutex), shared);

    /// <summary>
    /// Calls an activity that changes the tenant. What several containments change together they change one after the other.
    /// </summary>
    /// <param name="shared">Key of what it changes together with others; null where there is no such thing.</param>
    /// <param name="options">How it is tried again; the turn is kept meanwhile. Null for one try.</param>
    public static async Task<T> CallActivityAsync<T>(
        TaskOrchestrationContext context,
        string? shared,
        string activity,
        object input,
        TaskOptions? options
    )
    {
        if (shared is null)
            return await context.CallActivityAsync<T>(activity, input, options);
        await using var held = await context.Entities.LockEntitiesAsync(For(shared));
        return await context.CallActivityAsync<T>(activity, input, options);
    }
}

using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Durable;

/// <summary>`Turn@{shared thing}`: whoever holds its lock may change the thing. Keeps nothing.</summary>
public sealed class Mutex : TaskEntity<int>
{
    [Function(nameof(Mutex))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Mutex>();

    public static EntityInstanceId For(string shared) => new(nameof(Mutex), shared);
}

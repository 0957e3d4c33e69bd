using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Containment;

/// <summary>`Turn@{shared thing}`: whoever holds its lock may change the thing. Keeps nothing.</summary>
public sealed class Turn : TaskEntity<int>
{
    [Function(nameof(Turn))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Turn>();

    public static EntityInstanceId For(string shared) => new(nameof(Turn), shared);
}

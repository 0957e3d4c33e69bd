using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute
{
    public string? Orchestration { get; set; }
}

public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
{
    public string? Activity { get; set; }
}

public sealed class EntityTriggerAttribute : TriggerBindingAttribute
{
    public string? EntityName { get; set; }
}

public sealed class DurableClientAttribute : InputBindingAttribute
{
    public string? TaskHub { get; set; }

    public string? ConnectionName { get; set; }
}

/// <summary>
/// Never constructed here: the local host recognises an entity function by its attribute and dispatches to the class that declares it.
/// </summary>
public sealed class TaskEntityDispatcher
{
    internal TaskEntityDispatcher()
    {
    }

    public Task DispatchAsync<T>() =>
        throw new NotSupportedException("The local host dispatches entity operations itself; it never calls an entity function.");
}

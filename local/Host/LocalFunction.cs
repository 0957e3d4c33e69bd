using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask;

namespace IRFunctions.Local.Host;

/// <summary>A discovered function, ready to be called.</summary>
public abstract class LocalFunction
{
    private protected LocalFunction(string name, MethodInfo method)
    {
        Name = name;
        Method = method;
    }

    public string Name { get; }

    public MethodInfo Method { get; }

    internal FunctionInvoker Invoker { get; init; } = null!;

    public override string ToString() => $"{Name} ({Method.DeclaringType?.Name}.{Method.Name})";
}

/// <summary>Answers HTTP requests.</summary>
public sealed class HttpFunction(string name, MethodInfo method, HttpTriggerAttribute trigger) : LocalFunction(name, method)
{
    /// <summary>Without the prefix; the function's name where the trigger names none.</summary>
    public string Route { get; } = trigger.Route ?? name;

    /// <summary>Empty: every method.</summary>
    public IReadOnlyList<string> Methods { get; } = [.. (trigger.Methods ?? []).Select(m => m.ToUpperInvariant())];
}

/// <summary>Is called with each message of a queue.</summary>
public sealed class QueueFunction(string name, MethodInfo method, string queue, bool? autoComplete, bool sessions = false)
    : LocalFunction(name, method)
{
    public string Queue { get; } = queue;

    /// <summary>What the trigger says; null leaves it to host.json.</summary>
    public bool? AutoCompleteMessages { get; } = autoComplete;

    /// <summary>Whether its queue orders messages by session.</summary>
    public bool IsSessionsEnabled { get; } = sessions;
}

/// <summary>Is called by the clock.</summary>
public sealed class TimerFunction(string name, MethodInfo method, Ncrontab schedule, TimerTriggerAttribute trigger)
    : LocalFunction(name, method)
{
    public Ncrontab Schedule { get; } = schedule;

    public bool RunOnStartup { get; } = trigger.RunOnStartup;

    public bool UseMonitor { get; } = trigger.UseMonitor;
}

/// <summary>An orchestrator; the durable engine calls it.</summary>
public sealed class OrchestratorFunction(string name, MethodInfo method) : LocalFunction(name, method);

/// <summary>An activity; the durable engine calls it.</summary>
public sealed class ActivityFunction(string name, MethodInfo method) : LocalFunction(name, method)
{
    /// <summary>Of the parameter that the trigger marks; of one that takes the context, which has no input, any JSON.</summary>
    public Type InputType { get; } =
        method.GetParameters().First(p => p.IsDefined(typeof(TriggerBindingAttribute))).ParameterType is var type
        && type != typeof(TaskActivityContext)
            ? type
            : typeof(JsonElement?);
}

/// <summary>An entity: the method only marks the class, which is the entity itself.</summary>
public sealed class EntityFunction(string name, MethodInfo method) : LocalFunction(name, method)
{
    public Type EntityType => Method.DeclaringType!;
}

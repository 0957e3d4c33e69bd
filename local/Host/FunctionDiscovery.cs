using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Host;

/// <summary>Collects functions and everything that is wrong with them, so that one start shows all mistakes.</summary>
internal sealed class FunctionDiscovery(Func<string, string?> setting)
{
    /// <summary>Compiled once for the process: tests start machines by the thousand, and what is compiled is the same for each.</summary>
    private static readonly ConcurrentDictionary<MethodInfo, FunctionInvoker> Compiled = new();

    private readonly SortedDictionary<string, LocalFunction> functions = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> problems = [];

    public void Add(string name, MethodInfo method)
    {
        try
        {
            var function = Create(name, method);
            if (!functions.TryAdd(name, function))
                throw new FormatException(
                    $"the name '{name}' is already taken by {functions[name].Method.DeclaringType?.FullName}.{functions[name].Method.Name}"
                );
        }
        // InvalidOperationException: dependency injection found no constructor to use.
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            problems.Add($"{method.DeclaringType?.FullName}.{method.Name}: {e.Message.TrimEnd('.')}.");
        }
    }

    /// <exception cref="FunctionCatalogException">Some function cannot be hosted.</exception>
    public FunctionCatalog Finish() =>
        problems.Count == 0 ? new FunctionCatalog([.. functions.Values]) : throw new FunctionCatalogException(problems);

    private LocalFunction Create(string name, MethodInfo method)
    {
        if (method.ContainsGenericParameters)
            throw new FormatException("a function cannot be generic");
        var triggers = method
            .GetParameters()
            .Select(p => (Parameter: p, Trigger: p.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(t => t.Trigger is not null)
            .ToList();
        if (triggers.Count != 1)
            throw new FormatException($"a function has exactly one trigger parameter, this one has {triggers.Count}");
        var (parameter, trigger) = (triggers[0].Parameter, triggers[0].Trigger!);
        return trigger switch
        {
            HttpTriggerAttribute http => new HttpFunction(name, Answering(method), http) { Invoker = Invoker(method, http) },
            ServiceBusTriggerAttribute queue => new QueueFunction(
                name,
                method,
                QueueOf(queue),
                AutoComplete(parameter),
                queue.IsSessionsEnabled
            )
            {
                Invoker = Invoker(method, queue),
            },
            TimerTriggerAttribute timer => new TimerFunction(name, method, Ncrontab.Parse(Resolve(timer.Schedule)), timer)
            {
                Invoker = Invoker(method, timer),
            },
            OrchestrationTriggerAttribute => new OrchestratorFunction(name, Orchestrator(method)) { Invoker = Invoker(method, trigger) },
            ActivityTriggerAttribute => new ActivityFunction(name, method) { Invoker = Invoker(method, trigger) },
            EntityTriggerAttribute entity => new EntityFunction(entity.EntityName ?? name, Entity(method, parameter)),
            _ => throw new FormatException($"the local host has no trigger {trigger.GetType().Name}"),
        };
    }

    private static FunctionInvoker Invoker(MethodInfo method, TriggerBindingAttribute trigger) =>
        Compiled.GetOrAdd(method, Compile, trigger);

    private static FunctionInvoker Compile(MethodInfo method, TriggerBindingAttribute trigger)
    {
        var binders = method
            .GetParameters()
            .Select(p =>
            {
                var (binder, problem) = ParameterBinding.Choose(p, trigger);
                return binder
                    ?? throw new FormatException($"parameter '{p.Name}' of type {p.ParameterType.Name} cannot be bound: {problem}");
            });
        return new FunctionInvoker(method, [.. binders]);
    }

    private static MethodInfo Answering(MethodInfo method)
    {
        var type = method.ReturnType;
        if (
            type.IsGenericType
            && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
        )
            type = type.GetGenericArguments()[0];
        var answers =
            type == typeof(void)
            || type == typeof(Task)
            || type == typeof(ValueTask)
            || type.IsAssignableTo(typeof(IActionResult))
            || type.IsAssignableTo(typeof(IResult));
        return answers ? method : throw new FormatException($"an HTTP function returns IActionResult, IResult or nothing, not {type.Name}");
    }

    private static MethodInfo Orchestrator(MethodInfo method) =>
        method.ReturnType.IsAssignableTo(typeof(Task))
            ? method
            : throw new FormatException($"an orchestrator returns Task or Task<T>, not {method.ReturnType.Name}");

    private static MethodInfo Entity(MethodInfo method, ParameterInfo trigger)
    {
        if (trigger.ParameterType != typeof(TaskEntityDispatcher))
            throw new FormatException("an [EntityTrigger] parameter must be a TaskEntityDispatcher");
        return method.DeclaringType!.IsAssignableTo(typeof(ITaskEntity)) && !method.DeclaringType.IsAbstract
            ? method
            : throw new FormatException(
                $"the local host runs the class that declares an entity function, "
                    + $"and {method.DeclaringType.Name} is no ITaskEntity (derive from TaskEntity<TState>)"
            );
    }

    private string QueueOf(ServiceBusTriggerAttribute trigger)
    {
        if (trigger.QueueName is null)
            throw new FormatException("the local host has queues, no topics");
        if (trigger.IsBatched)
            throw new FormatException("the local host delivers messages one by one, not batched");
        return Resolve(trigger.QueueName);
    }

    /// <summary>Only where the source says it: the attribute's default must not override host.json.</summary>
    private static bool? AutoComplete(ParameterInfo parameter) =>
        parameter
            .GetCustomAttributesData()
            .First(a => a.AttributeType == typeof(ServiceBusTriggerAttribute))
            .NamedArguments.Where(a => a.MemberName == nameof(ServiceBusTriggerAttribute.AutoCompleteMessages))
            .Select(a => (bool?)a.TypedValue.Value)
            .FirstOrDefault();

    private string Resolve(string text)
    {
        if (text.Length < 3 || text[0] != '%' || text[^1] != '%')
            return text;
        return setting(text[1..^1]) ?? throw new FormatException($"the setting '{text[1..^1]}' is not set");
    }
}

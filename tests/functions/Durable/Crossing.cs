using System.Reflection;
using System.Text.RegularExpressions;
using IRFunctions.Tests.Style;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Tests.Durable;

/// <summary>
/// Every type of the function app that crosses Durable Task, found in its assembly, and in its sources where only a type argument says it.
/// </summary>
internal static partial class Crossing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<Type> Types { get; } =
    [.. Find().Select(Core).Distinct().Where(t => t != typeof(void)).OrderBy(t => t.ToString(), StringComparer.Ordinal)];

    private static IEnumerable<Type> Find()
    {
        var app = typeof(Pipeline).Assembly.GetTypes();
        foreach (
            var method in app.SelectMany(t => t.GetMethods(Declared)).Where(m => m.GetCustomAttribute<FunctionAttribute>() is not null)
        )
        {
            var trigger = method
                .GetParameters()
                .FirstOrDefault(p => p.IsDefined(typeof(ActivityTriggerAttribute)) || p.IsDefined(typeof(OrchestrationTriggerAttribute)));
            if (trigger is null)
                continue;
            yield return method.ReturnType;
            if (trigger.ParameterType != typeof(TaskOrchestrationContext))
                yield return trigger.ParameterType;
        }
        foreach (var entity in app.Where(t => StateOf(t) is not null))
        {
            yield return StateOf(entity)!;
            foreach (var operation in entity.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            {
                yield return operation.ReturnType;
                foreach (var p in operation.GetParameters())
                    yield return p.ParameterType;
            }
        }
        // Inputs of orchestrators, events and custom statuses.
        var named = Sources
            .Under("functions")
            .SelectMany(s => TypeArgument().Matches(s.Text))
            .Select(m => m.Groups["type"].Value)
            .ToHashSet();
        foreach (var type in app.Where(t => named.Contains(t.Name)))
            yield return type;
    }

    private static Type? StateOf(Type t) =>
        t.BaseType is { IsGenericType: true } b && b.GetGenericTypeDefinition() == typeof(TaskEntity<>) ? b.GenericTypeArguments[0] : null;

    private static Type Core(Type t) =>
        t == typeof(Task) || t == typeof(ValueTask) ? typeof(void)
        : t.IsGenericType && (t.GetGenericTypeDefinition() == typeof(Task<>) || t.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? t.GenericTypeArguments[0]
        : t;

    [GeneratedRegex(@"(?:WaitForExternalEvent<|GetInput<|SetCustomStatus\(new )(?<type>\w+)")]
    private static partial Regex TypeArgument();
}

using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Local.Host;

/// <summary>The functions cannot be hosted as written; the message lists every reason with class and method.</summary>
public sealed class FunctionCatalogException(IReadOnlyList<string> problems)
    : Exception("The functions cannot be hosted:" + string.Concat(problems.Select(p => $"{Environment.NewLine}  {p}")))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>All functions of an assembly, found by their attributes as the Functions host finds them.</summary>
public sealed class FunctionCatalog
{
    /// <summary>An assembly does not change, and looking through all of its methods takes tens of milliseconds.</summary>
    private static readonly ConcurrentDictionary<Assembly, (string Name, MethodInfo Method)[]> Marked = new();

    internal FunctionCatalog(IReadOnlyList<LocalFunction> functions) => Functions = functions;

    /// <summary>By name.</summary>
    public IReadOnlyList<LocalFunction> Functions { get; }

    public IEnumerable<HttpFunction> Http => Functions.OfType<HttpFunction>();

    public IEnumerable<QueueFunction> Queues => Functions.OfType<QueueFunction>();

    public IEnumerable<TimerFunction> Timers => Functions.OfType<TimerFunction>();

    public IEnumerable<OrchestratorFunction> Orchestrators => Functions.OfType<OrchestratorFunction>();

    public IEnumerable<ActivityFunction> Activities => Functions.OfType<ActivityFunction>();

    public IEnumerable<EntityFunction> Entities => Functions.OfType<EntityFunction>();

    /// <summary>Finds every <c>[Function]</c> method of the assembly.</summary>
    /// <param name="setting">Resolves <c>%name%</c> in queue names and schedules; null where there is none.</param>
    /// <exception cref="FunctionCatalogException">Some function cannot be hosted.</exception>
    public static FunctionCatalog Discover(Assembly assembly, Func<string, string?>? setting = null) =>
        Discover(Marked.GetOrAdd(assembly, a => [.. Find(a.GetTypes())]), setting);

    /// <inheritdoc cref="Discover(Assembly, Func{string, string?}?)"/>
    public static FunctionCatalog Discover(IEnumerable<Type> types, Func<string, string?>? setting = null) =>
        Discover([.. Find(types)], setting);

    private static FunctionCatalog Discover((string Name, MethodInfo Method)[] marked, Func<string, string?>? setting)
    {
        var discovery = new FunctionDiscovery(setting ?? (_ => null));
        foreach (var (name, method) in marked)
            discovery.Add(name, method);
        return discovery.Finish();
    }

    private static IEnumerable<(string Name, MethodInfo Method)> Find(IEnumerable<Type> types)
    {
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var method in types.SelectMany(t => t.GetMethods(Declared)))
            if (method.GetCustomAttribute<FunctionAttribute>() is { } function)
                yield return (function.Name, method);
    }
}

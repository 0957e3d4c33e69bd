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
    public static FunctionCatalog Discover(Assembly assembly, Func<string, string?>? setting = null) => Discover(assembly.GetTypes(), setting);

    /// <inheritdoc cref="Discover(Assembly, Func{string, string?}?)"/>
    public static FunctionCatalog Discover(IEnumerable<Type> types, Func<string, string?>? setting = null)
    {
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var discovery = new FunctionDiscovery(setting ?? (_ => null));
        foreach (var method in types.SelectMany(t => t.GetMethods(Declared)))
            if (method.GetCustomAttribute<FunctionAttribute>() is { } function) discovery.Add(function.Name, method);
        return discovery.Finish();
    }
}

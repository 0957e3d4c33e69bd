using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace Microsoft.DurableTask.Entities;

/// <summary>Binds an operation to a method, once for each method: entities are called by the ten thousand a second, and reflection would be felt.</summary>
internal static class EntityDispatch
{
    private static readonly ConcurrentDictionary<(Type Type, string Operation), EntityMethod?> Known = new();

    public static bool IsImplicitDelete(TaskEntityOperation operation) => string.Equals(operation.Name, "delete", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="AmbiguousMatchException">More than one method has the operation's name.</exception>
    public static EntityMethod? Find(Type type, string operation)
    {
        if (Known.TryGetValue((type, operation), out var known)) return known;
        var method = type.GetMethod(operation, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
        var found = method is null ? null : new EntityMethod(method);
        // Names that no method has come from callers; remembering them all would be theirs to fill.
        if (found is not null) Known.TryAdd((type, operation), found);
        return found;
    }
}

/// <summary>One method of an entity or its state, compiled.</summary>
internal sealed class EntityMethod(MethodInfo method)
{
    private readonly ParameterInfo[] parameters = method.GetParameters();
    private readonly Func<object, object?[], ValueTask<object?>> call = Compile(method);

    /// <exception cref="InvalidOperationException">A parameter cannot be bound.</exception>
    public ValueTask<object?> Invoke(object target, TaskEntityOperation operation) => call(target, Bind(operation));

    private object?[] Bind(TaskEntityOperation operation)
    {
        var arguments = parameters.Length == 0 ? [] : new object?[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            var concept = ConceptOf(parameters[i].ParameterType);
            for (var before = 0; before < i; before++)
            {
                if (ConceptOf(parameters[before].ParameterType) == concept) throw Error(operation, $"two parameters take the {concept}");
            }

            arguments[i] = concept switch
            {
                "context" => operation.Context,
                "operation" => operation,
                _ when operation.HasInput => operation.GetInput(parameters[i].ParameterType),
                _ when parameters[i].HasDefaultValue => parameters[i].DefaultValue,
                _ => throw Error(operation, $"parameter '{parameters[i].Name}' needs an input, but the caller gave none"),
            };
        }

        return arguments;
    }

    private static string ConceptOf(Type type) => type == typeof(TaskEntityContext) ? "context" : type == typeof(TaskEntityOperation) ? "operation" : "input";

    private InvalidOperationException Error(TaskEntityOperation operation, string what) =>
        new($"Error dispatching entity operation '{operation.Name}' to '{method}': {what}.");

    private static Func<object, object?[], ValueTask<object?>> Compile(MethodInfo method)
    {
        var target = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object?[]));
        var passed = method.GetParameters().Select((p, i) => Argument(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType));
        var called = Expression.Call(Expression.Convert(target, method.DeclaringType!), method, passed);
        return Expression.Lambda<Func<object, object?[], ValueTask<object?>>>(Awaited(called), target, arguments).Compile();
    }

    // As with reflection, null for a value type is its default.
    private static Expression Argument(Expression value, Type type) => type.IsValueType && Nullable.GetUnderlyingType(type) is null
        ? Expression.Condition(Expression.ReferenceEqual(value, Expression.Constant(null)), Expression.Default(type), Expression.Convert(value, type))
        : Expression.Convert(value, type);

    private static Expression Awaited(MethodCallExpression called)
    {
        var type = called.Type;
        if (type == typeof(void)) return Expression.Block(called, Expression.Default(typeof(ValueTask<object?>)));
        if (type == typeof(ValueTask)) return Expression.Call(Helper(nameof(OfValueTask)), called);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>)) return Expression.Call(Helper(nameof(OfTaskOf), type), called);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>)) return Expression.Call(Helper(nameof(OfValueTaskOf), type), called);
        // By the declared type: a method that returns Task may hand out a Task<VoidTaskResult>.
        if (type.IsAssignableTo(typeof(Task))) return Expression.Call(Helper(nameof(OfTask)), called);
        return Expression.Call(Helper(nameof(OfResult)), Expression.Convert(called, typeof(object)));
    }

    private static MethodInfo Helper(string name, Type? awaited = null)
    {
        var helper = typeof(EntityMethod).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
        return awaited is null ? helper : helper.MakeGenericMethod(awaited.GetGenericArguments());
    }

    /// <summary>A method declared to return an object may return a task all the same.</summary>
    private static ValueTask<object?> OfResult(object? result) => result switch
    {
        Task task => OfTask(task),
        ValueTask task => OfValueTask(task),
        _ => new ValueTask<object?>(result),
    };

    private static async ValueTask<object?> OfTask(Task task)
    {
        await task.ConfigureAwait(false);
        return null;
    }

    private static async ValueTask<object?> OfValueTask(ValueTask task)
    {
        await task.ConfigureAwait(false);
        return null;
    }

    private static async ValueTask<object?> OfTaskOf<T>(Task<T> task) => await task.ConfigureAwait(false);

    private static async ValueTask<object?> OfValueTaskOf<T>(ValueTask<T> task) => await task.ConfigureAwait(false);
}

using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Microsoft.DurableTask.Entities;

/// <summary>An entity: runs one operation at a time.</summary>
public interface ITaskEntity
{
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}

/// <summary>
/// An entity whose operations are its public methods, found by name without regard to case. A parameter takes the context, the operation, or else the
/// input. The state is loaded before and stored after the operation; a null state deletes the entity, as does the implicit operation `delete`.
/// </summary>
public abstract class TaskEntity<TState> : ITaskEntity
{
    /// <summary>Whether operations may also be methods of the state.</summary>
    protected virtual bool AllowStateDispatch => false;

    protected TState State { get; set; } = default!;

    protected TaskEntityContext Context { get; private set; } = null!;

    /// <exception cref="NotSupportedException">No method fits the operation.</exception>
    /// <exception cref="AmbiguousMatchException">More than one method has the operation's name.</exception>
    /// <exception cref="InvalidOperationException">A parameter cannot be bound.</exception>
    public ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        Context = operation.Context;
        try
        {
            State = operation.State.GetState(typeof(TState)) is TState stored ? stored : InitializeState(operation);
        }
        catch when (EntityDispatch.IsImplicitDelete(operation))
        {
            // A state that cannot be read any more can still be deleted.
            operation.State.SetState(null);
            return default;
        }

        if (EntityDispatch.Find(GetType(), operation.Name) is { } method)
            return StoreAfter(operation, EntityDispatch.Invoke(method, this, operation));
        if (AllowStateDispatch && State is null) throw new InvalidOperationException("Operations go to the state, but the state is null.");
        if (AllowStateDispatch && EntityDispatch.Find(State!.GetType(), operation.Name) is { } ofState)
            return StoreAfter(operation, EntityDispatch.Invoke(ofState, State, operation));
        if (!EntityDispatch.IsImplicitDelete(operation))
            throw new NotSupportedException($"No suitable method found for entity operation '{operation.Name}'.");
        operation.State.SetState(null);
        return default;
    }

    /// <summary>The state of an entity that has none; the type's parameterless constructor by default.</summary>
    protected virtual TState InitializeState(TaskEntityOperation entityOperation) =>
        (TState)Activator.CreateInstance(Nullable.GetUnderlyingType(typeof(TState)) ?? typeof(TState))!;

    private async ValueTask<object?> StoreAfter(TaskEntityOperation operation, ValueTask<object?> running)
    {
        var result = await running.ConfigureAwait(false);
        operation.State.SetState(State);
        return result;
    }
}

/// <summary>Binds an operation to a method.</summary>
internal static class EntityDispatch
{
    public static bool IsImplicitDelete(TaskEntityOperation operation) => string.Equals(operation.Name, "delete", StringComparison.OrdinalIgnoreCase);

    public static MethodInfo? Find(Type type, string operation) =>
        type.GetMethod(operation, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);

    public static ValueTask<object?> Invoke(MethodInfo method, object target, TaskEntityOperation operation)
    {
        var arguments = Bind(method, operation);
        object? result;
        try
        {
            result = method.Invoke(target, arguments);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }

        return result switch
        {
            Task task => Unwrap(task, method.ReturnType),
            ValueTask task => Unwrap(task.AsTask(), typeof(Task)),
            not null when method.ReturnType is { IsGenericType: true } r && r.GetGenericTypeDefinition() == typeof(ValueTask<>) =>
                Unwrap((Task)method.ReturnType.GetMethod(nameof(ValueTask<object>.AsTask))!.Invoke(result, null)!, method.ReturnType),
            _ => new ValueTask<object?>(result),
        };
    }

    private static async ValueTask<object?> Unwrap(Task task, Type declared)
    {
        await task.ConfigureAwait(false);
        // By the declared type: a method that returns Task may hand out a Task<VoidTaskResult>.
        return declared.IsGenericType ? task.GetType().GetProperty(nameof(Task<object>.Result))!.GetValue(task) : null;
    }

    private static object?[] Bind(MethodInfo method, TaskEntityOperation operation)
    {
        var parameters = method.GetParameters();
        var arguments = new object?[parameters.Length];
        var bound = new HashSet<string>();
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i].ParameterType;
            var concept = type == typeof(TaskEntityContext) ? "context" : type == typeof(TaskEntityOperation) ? "operation" : "input";
            if (!bound.Add(concept)) throw Error($"two parameters take the {concept}");
            arguments[i] = concept switch
            {
                "context" => operation.Context,
                "operation" => operation,
                _ when operation.HasInput => operation.GetInput(type),
                _ when parameters[i].HasDefaultValue => parameters[i].DefaultValue,
                _ => throw Error($"parameter '{parameters[i].Name}' needs an input, but the caller gave none"),
            };
        }

        return arguments;

        InvalidOperationException Error(string what) => new($"Error dispatching entity operation '{operation.Name}' to '{method}': {what}.");
    }
}

using System.Reflection;

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
            return StoreAfter(operation, method.Invoke(this, operation));
        if (AllowStateDispatch && State is null) throw new InvalidOperationException("Operations go to the state, but the state is null.");
        if (AllowStateDispatch && EntityDispatch.Find(State!.GetType(), operation.Name) is { } ofState)
            return StoreAfter(operation, ofState.Invoke(State, operation));
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

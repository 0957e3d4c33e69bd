using System.Diagnostics.CodeAnalysis;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable;

/// <summary>The functions the engine can run, by name without regard to case.</summary>
public sealed class DurableRegistry
{
    private readonly Dictionary<string, Func<TaskOrchestrationContext, Task<object?>>> orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Func<TaskActivityContext, ReadOnlyMemory<byte>?, CancellationToken, Task<object?>>> activities =
        new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Func<ITaskEntity>> entities = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ArgumentException">The name is taken; so for the other two.</exception>
    public DurableRegistry AddOrchestrator(string name, Func<TaskOrchestrationContext, Task<object?>> run)
    {
        orchestrators.Add(name, run);
        return this;
    }

    /// <param name="run">Gets its input as UTF-8 JSON; null where the caller gave none. The token is cancelled when the engine stops.</param>
    public DurableRegistry AddActivity(string name, Func<TaskActivityContext, ReadOnlyMemory<byte>?, CancellationToken, Task<object?>> run)
    {
        activities.Add(name, run);
        return this;
    }

    /// <param name="create">Called for every operation; the state comes from the store.</param>
    public DurableRegistry AddEntity(string name, Func<ITaskEntity> create)
    {
        entities.Add(name, create);
        return this;
    }

    internal bool TryGetOrchestrator(string name, [NotNullWhen(true)] out Func<TaskOrchestrationContext, Task<object?>>? run) =>
        orchestrators.TryGetValue(name, out run);

    internal bool TryGetActivity(
        string name, [NotNullWhen(true)] out Func<TaskActivityContext, ReadOnlyMemory<byte>?, CancellationToken, Task<object?>>? run) =>
        activities.TryGetValue(name, out run);

    internal bool TryGetEntity(string name, [NotNullWhen(true)] out Func<ITaskEntity>? create) => entities.TryGetValue(name, out create);
}
